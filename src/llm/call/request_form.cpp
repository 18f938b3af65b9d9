// SPDX-License-Identifier: MIT
#include "llm/call/request_form.hpp"

#include <skillgrad/llm/endpoint_options.hpp>

#include "llm/address/url.hpp"
#include "llm/reply/usage.hpp"
#include "llm/stored/record.hpp"
#include "llm/wire/history.hpp"

namespace skillgrad::llm {

Result<> RequestForm::prepare() {
  Endpoint& endpoint = facts_.endpoint;
  const ChatRequest& request = facts_.request;
  const EndpointOptions& options = endpoint.options();
  wanted_cap_ = request.max_output_tokens.value_or(
      options.max_output_tokens.value_or(static_cast<int>(kDefaultOutputCap)));
  style_ = endpoint.initial_style();
  SKILLGRAD_TRY(body_, endpoint.builder().build(request, style_, wanted_cap_));
  endpoint.hide_secrets(body_);
  address_ = options.identity.empty() ? address_of(endpoint.url(style_)) : options.identity;
  key_ = request_key(address_, options.model, body_, request);
  if (!endpoint.stores().empty()) canonical_ = body_.canonical();
  text_ = body_.text();
  prompt_bytes_ = text_.size();
  prefix_ = system_text(request.messages);
  if (const std::string* tools = body_.find("tools"); tools != nullptr) prefix_ += *tools;
  return {};
}

std::int64_t RequestForm::next_cap() const {
  return cap_override_.value_or(facts_.endpoint.fitting_cap(wanted_cap_, prompt_bytes_));
}

Result<> RequestForm::rewrite() {
  Endpoint& endpoint = facts_.endpoint;
  const WireStyle style = endpoint.style();
  const std::int64_t cap = next_cap();
  if (style == style_ && cap == body_.output_cap) return {};
  SKILLGRAD_TRY(body_, endpoint.builder().build(facts_.request, style, cap));
  style_ = style;
  endpoint.hide_secrets(body_);
  text_ = body_.text();
  return {};
}

const Estimate& RequestForm::estimate() {
  const std::int64_t prompt = estimate_tokens(text_.size());
  Usage most;
  most.input_tokens = prompt;
  most.output_tokens = body_.output_cap;
  const std::optional<double> usd = facts_.endpoint.most_cost(most);
  most_ = {prompt + body_.output_cap, usd.value_or(0), usd.has_value()};
  return most_;
}

}  // namespace skillgrad::llm
