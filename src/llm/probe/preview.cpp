// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/preview.hpp>

#include "llm/address/headers.hpp"
#include "llm/address/profile.hpp"
#include "llm/call/endpoint.hpp"
#include "llm/reply/usage.hpp"

namespace skillgrad::llm {

namespace {

/// The line without what a log must not hold: keys, and every value that the user configured.
std::string hide(const std::string& line, const EndpointOptions& options) {
  const std::string name = line.substr(0, line.find(':'));
  const std::string lower = to_lower_ascii(name);
  if (lower == "authorization") return name + ": Bearer ***";
  if (lower == "api-key") return name + ": ***";
  for (const auto& [own, ignored] : options.headers) {
    if (to_lower_ascii(own) == lower) return name + ": ***";
  }
  return line;
}

}  // namespace

Result<WirePreview> preview(const EndpointOptions& options, const ChatRequest& request) {
  SKILLGRAD_TRY(const auto endpoint, Endpoint::create(options, {}));
  const WireStyle& style = endpoint->initial_style();
  const std::int64_t wanted = request.max_output_tokens.value_or(
      options.max_output_tokens.value_or(static_cast<int>(kDefaultOutputCap)));
  SKILLGRAD_TRY(const Body first, endpoint->builder().build(request, style, wanted));
  const std::int64_t cap = endpoint->fitting_cap(wanted, first.text().size());
  SKILLGRAD_TRY(const Body body, endpoint->builder().build(request, style, cap));
  SKILLGRAD_TRY(const Url url, parse_base_url(options.base_url));
  SKILLGRAD_TRY(const auto headers, request_headers(options, profile_of(url, options.model)));
  WirePreview out;
  out.url = printable_url(endpoint->url(style));
  for (const std::string& line : headers) out.headers.push_back(hide(line, options));
  out.prompt_tokens = estimate_tokens(body.text().size());
  out.body = Redactor(secrets_of(options)).redact(body.text());
  return out;
}

}  // namespace skillgrad::llm
