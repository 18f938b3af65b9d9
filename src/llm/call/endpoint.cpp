// SPDX-License-Identifier: MIT
#include "llm/call/endpoint.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "llm/address/headers.hpp"
#include "llm/address/profile.hpp"
#include "llm/limits/limits.hpp"
#include "llm/reply/usage.hpp"
#include "llm/wire/curl_library.hpp"

namespace skillgrad::llm {

namespace {

constexpr int kMaxMutations = 4;

/// "gpt-4o-mini-2024-07-18" -> "gpt", "qwen/qwen3:8b" -> "qwen3".
std::string family(const std::string& model) {
  std::string name = to_lower_ascii(model);
  name = name.substr(name.rfind('/') + 1);
  return name.substr(0, name.find_first_of("-:_. "));
}

}  // namespace

Endpoint::Endpoint(EndpointOptions options, ClientDependencies dependencies)
    : options_(std::move(options)),
      dependencies_(std::move(dependencies)),
      clock_(dependencies_.clock),
      accountant_(dependencies_.accountant),
      own_redactor_(secrets_of(options_)) {
  if (clock_ == nullptr) {
    own_clock_ = std::make_unique<SystemClock>();
    clock_ = own_clock_.get();
  }
  if (accountant_ == nullptr) {
    own_accountant_ = std::make_unique<Accountant>(Budget{});
    accountant_ = own_accountant_.get();
  }
}

Result<std::unique_ptr<Endpoint>> Endpoint::create(EndpointOptions options,
                                                   ClientDependencies dependencies) {
  std::unique_ptr<Endpoint> endpoint(new Endpoint(std::move(options), std::move(dependencies)));
  SKILLGRAD_CHECK(endpoint->resolve());
  SKILLGRAD_CHECK(endpoint->resolve_price());
  SKILLGRAD_CHECK(endpoint->recall_changes());
  return endpoint;
}

Result<> Endpoint::resolve() {
  if (trim(options_.model).empty()) {
    return fail(ErrorCode::config, "no model is named", {}, "give one with --model");
  }
  if (options_.api != "auto" && options_.api != "chat" && options_.api != "responses") {
    return fail(ErrorCode::config, "api is \"" + options_.api + "\"", {},
                "use auto, chat or responses");
  }
  if (options_.stream != "auto" && options_.stream != "on" && options_.stream != "off") {
    return fail(ErrorCode::config, "stream is \"" + options_.stream + "\"", {},
                "use auto, on or off");
  }
  if (options_.http_version != "auto" && options_.http_version != "1.1") {
    return fail(ErrorCode::config, "http_version is \"" + options_.http_version + "\"", {},
                "use auto or 1.1");
  }
  SKILLGRAD_TRY(const Url url, parse_base_url(options_.base_url));
  const Profile profile = profile_of(url, options_.model);
  chat_url_ = chat_url(url, options_.model);
  responses_url_ = responses_url(url);
  source_ = address_of(url.origin() + url.path) + " " + options_.model;
  initial_style_.responses = options_.api == "responses";
  initial_style_.may_switch_api = options_.api == "auto";
  initial_style_.fold_system = options_.fold_system;
  initial_style_.strict = options_.strict_tools;
  initial_style_.completion_cap = profile.completion_cap;
  initial_style_.empty_content = profile.empty_content;
  initial_style_.stream_options = profile.stream_options;
  initial_style_.mirror = profile.mirror_reasoning;
  initial_style_.stream = options_.stream == "on" || (options_.stream == "auto" && profile.stream);
  style_ = initial_style_;
  tried_ = {style_};
  context_limit_.store(options_.context_tokens);
  SKILLGRAD_TRY(std::vector<std::string> headers, request_headers(options_, profile));
  SKILLGRAD_TRY(builder_,
                BodyBuilder::create({options_.model, options_.extra_body, options_.temperature,
                                     options_.request_seed, source_}));
  Limits own_limits;
  limiter_ = limiter_of(dependencies_.limits != nullptr ? *dependencies_.limits : own_limits, url,
                        headers, dependencies_.jitter_seed);
  limiter_->configure(
      {options_.requests_per_minute, options_.tokens_per_minute, options_.max_concurrency});
  if (const auto& library = curl_library(); !library) return tl::unexpected(library.error());
  TransportOptions transport;
  transport.url = chat_url_;
  transport.headers = std::move(headers);
  transport.ca_file = options_.ca_file;
  transport.insecure_tls = options_.insecure_tls;
  transport.connect_timeout = options_.connect_timeout;
  transport.max_reply_bytes = options_.max_reply_bytes;
  transport.http_version = options_.http_version;
  chat_transport_ = std::make_unique<Transport>(transport);
  transport.url = responses_url_;
  responses_transport_ = std::make_unique<Transport>(std::move(transport));
  if (builder_->sets("stream_options") && !initial_style_.stream) {
    warn_once("stream_options of extra_body goes with --stream on only: it is left out");
  }
  if (options_.insecure_tls) {
    warn_once("insecure_tls is set: the endpoint's certificate is not checked");
  }
  return {};
}

Result<> Endpoint::resolve_price() {
  SKILLGRAD_TRY(auto effective, effective_price(options_, clock_->wall_now()));
  price_ = std::move(effective.price);
  if (!price_ && accountant_->budget().max_usd > 0) {
    return fail(ErrorCode::config,
                "--max-usd is set, but the price of model \"" + options_.model + "\" is not known",
                {},
                "give its price in USD per million tokens, --price '{\"input\":1,\"output\":4}', a "
                "price table "
                "with --prices, or limit tokens with --max-tokens");
  }
  return {};
}

std::vector<ExchangeStore*> Endpoint::stores() const {
  std::vector<ExchangeStore*> out;
  for (ExchangeStore* store : {dependencies_.cassette, dependencies_.cache})
    if (store != nullptr) out.push_back(store);
  return out;
}

std::string Endpoint::learned_name() const {
  return options_.identity.empty() ? source_ : options_.identity + " " + options_.model;
}

Result<> Endpoint::recall_changes() {
  if (dependencies_.learned == nullptr) return {};
  const auto entry = dependencies_.learned->find(learned_name());
  if (!entry) return {};
  const std::string where = "learned changes of " + learned_name();
  SKILLGRAD_TRY(const Json value, parse_json(entry->style, where));
  SKILLGRAD_TRY(const WireStyle from,
                style_from_json(dump_json(value.value("from", Json())), where));
  SKILLGRAD_TRY(const WireStyle to, style_from_json(dump_json(value.value("to", Json())), where));
  if (from != initial_style_) return {};
  style_ = to;
  tried_.push_back(to);
  learned_ = static_cast<int>(entry->changes.size());
  return {};
}

const Redactor* Endpoint::record_redactor() const {
  return dependencies_.redactor != nullptr ? dependencies_.redactor : &own_redactor_;
}

std::string Endpoint::redact(const std::string& text) const {
  std::string out = own_redactor_.redact(text);
  if (dependencies_.redactor != nullptr) out = dependencies_.redactor->redact(out);
  return out;
}

std::string Endpoint::redact_content(const std::string& text) const {
  std::string out = own_redactor_.redact_content(text);
  if (dependencies_.redactor != nullptr) out = dependencies_.redactor->redact_content(out);
  return out;
}

std::string Endpoint::redact_refusal(const std::string& text) const {
  std::string out = own_redactor_.redact_refusal(text);
  if (dependencies_.redactor != nullptr) out = dependencies_.redactor->redact_refusal(out);
  return out;
}

void Endpoint::hide_secrets(Body& body) {
  bool changed = false;
  for (auto& [key, text] : body.fields) {
    if (key != "messages" && key != "input" && key != "instructions") continue;
    std::string clean = own_redactor_.redact_known(text);
    if (dependencies_.redactor != nullptr) clean = dependencies_.redactor->redact_known(clean);
    changed = changed || clean != text;
    text = std::move(clean);
  }
  if (changed) {
    warn_once("a request to model " + options_.model +
              " would have held a key of this configuration (a task, a skill or a command showed "
              "it): *** goes out in its place");
  }
}

bool Endpoint::hide_secrets(ChatReply& reply) {
  bool changed = false;
  const auto hide = [&](std::string& text) {
    std::string out = redact_content(text);
    changed = changed || out != text;
    text = std::move(out);
  };
  Message& message = reply.message;
  for (std::string* text : {&message.content, &message.mirror, &reply.reasoning, &reply.model})
    hide(*text);
  for (ToolCall& call : message.tool_calls) {
    for (std::string* text : {&call.id, &call.name, &call.arguments, &call.problem}) hide(*text);
  }
  if (changed) {
    warn_once("a reply of model " + options_.model +
              " repeats a key, or what looks like one: it is heard and kept with *** in its place");
  }
  return changed;
}

void Endpoint::warn_once(const std::string& line) {
  const std::string text = redact(line);
  {
    const std::scoped_lock lock(mutex_);
    if (!warned_.insert(text).second) return;
  }
  if (dependencies_.warn) dependencies_.warn(text);
}

std::optional<double> Endpoint::cost(const Usage& usage, std::int64_t cache_write) const {
  if (!price_) return std::nullopt;
  return cost_of(*price_, usage, cache_write);
}

std::optional<double> Endpoint::charged(const std::optional<double>& said, const Usage& usage,
                                        std::int64_t cache_write) const {
  return said && (*said > 0 || !price_) ? said : cost(usage, cache_write);
}

std::optional<double> Endpoint::most_cost(const Usage& usage) const {
  if (!price_) return std::nullopt;
  return most_cost_of(*price_, usage);
}

std::optional<Error> Endpoint::fatal() const {
  if (!has_fatal_.load()) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  return fatal_;
}

void Endpoint::set_fatal(const Error& error) {
  {
    const std::scoped_lock lock(mutex_);
    if (!fatal_) fatal_ = error;
    has_fatal_.store(true);
  }
  limiter_->wake_all();
}

WireStyle Endpoint::style() const {
  const std::scoped_lock lock(mutex_);
  return style_;
}

bool Endpoint::learn(const WireStyle& sent, const Mutation& mutation) {
  Result<> kept;
  {
    const std::scoped_lock lock(mutex_);
    // Another call met the same rejection first: what it learned is tried before more is changed.
    if (style_ != sent) return true;
    const bool tried = std::find(tried_.begin(), tried_.end(), mutation.style) != tried_.end();
    if (learned_ >= kMaxMutations || tried) return false;
    style_ = mutation.style;
    tried_.push_back(style_);
    ++learned_;
    if (dependencies_.learned != nullptr) {
      const std::string text =
          "{\"from\":" + style_to_json(initial_style_) + ",\"to\":" + style_to_json(style_) + "}";
      kept = dependencies_.learned->put(learned_name(), text, mutation.description);
    }
  }
  if (!kept) warn_once("what the endpoint taught could not be kept: " + kept.error().to_line());
  warn_once("model " + options_.model + " at " + url(sent) +
            " refused a parameter: " + mutation.description + " for all further requests");
  return true;
}

void Endpoint::learn_limits(const CapAdvice& advice) {
  if (advice.output_limit > 0) output_limit_.store(advice.output_limit);
  if (advice.context_limit > 0) context_limit_.store(advice.context_limit);
}

std::int64_t Endpoint::fitting_cap(std::int64_t wanted, std::size_t prompt_bytes) const {
  constexpr std::int64_t kLeast = 256;
  if (const auto limit = output_limit_.load(); limit > 0) wanted = std::min(wanted, limit);
  if (const auto limit = context_limit_.load(); limit > 0) {
    // A low estimate of the prompt: if it was too low, the endpoint names the exact numbers.
    const auto room = limit - static_cast<std::int64_t>(prompt_bytes / 4);
    if (room >= kLeast) wanted = std::min(wanted, room);
  }
  return wanted;
}

void Endpoint::check_model(const std::string& answered) {
  if (answered.empty() || chat_url_.find("/deployments/") != std::string::npos) return;
  const std::string asked = to_lower_ascii(options_.model);
  const std::string got = to_lower_ascii(answered);
  if (got.find(asked) != std::string::npos || asked.find(got) != std::string::npos) return;
  if (family(asked) == family(got)) return;
  warn_once("asked for model " + options_.model + ", but " + answered + " answered, at " +
            printable_url(options_.base_url));
}

std::optional<Endpoint::Truncation> Endpoint::truncation(const Usage& usage, std::int64_t outside,
                                                         std::size_t prompt_bytes) const {
  constexpr std::int64_t kLongPrompt = 3'000;
  const std::int64_t limit = options_.context_tokens;
  const std::int64_t counted = usage.estimated ? 0 : usage.input_tokens + outside;
  const std::int64_t least = std::max(static_cast<std::int64_t>(prompt_bytes / 5), counted);
  if (limit > 0 && least > limit) {
    return Truncation{
        fmt::format("the prompt is at least {} tokens long, the context holds {}", least, limit),
        fmt::format("context_truncated: prompts are longer than the context of {} tokens that "
                    "--context-tokens names; the endpoint may have read only a part of them",
                    limit)};
  }
  const std::int64_t estimate = estimate_tokens(prompt_bytes);
  if (usage.estimated || estimate <= kLongPrompt || 2 * counted >= estimate) return std::nullopt;
  return Truncation{
      fmt::format("about {} tokens were sent, the endpoint counts {}", estimate, counted),
      "context_truncated: the endpoint seems to read only a part of long prompts; raise its "
      "context "
      "length (Ollama: num_ctx), and make this an error with --on-truncation error"};
}

}  // namespace skillgrad::llm
