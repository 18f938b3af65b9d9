// SPDX-License-Identifier: MIT
#include "llm/classify.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/core/text.hpp>

#include "llm/missing_model.hpp"

namespace skillgrad::llm {

namespace {

template <std::size_t N>
bool any_in(const std::string& text, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return text.find(part) != std::string::npos; });
}

bool in_order(const std::string& text, std::string_view first, std::string_view second) {
  const auto at = text.find(first);
  return at != std::string::npos && text.find(second, at + first.size()) != std::string::npos;
}

/// "exceeds the model's context window" and its many wordings.
bool exceeds_limit(const std::string& text) {
  static constexpr std::array<std::string_view, 9> kLimits = {
      "context window", "maximum context length", "available context size", "context limit",
      "max_model_len",  "maxmodel_len",           "maximum_model_len",      "max_seq_len",
      "maximum_seq_len"};
  for (auto at = text.find("exceed"); at != std::string::npos; at = text.find("exceed", at + 6)) {
    std::string_view rest = std::string_view(text).substr(at + 6);
    if (rest.starts_with("s")) rest.remove_prefix(1);
    if (!rest.starts_with(" ")) continue;
    rest.remove_prefix(1);
    for (const std::string_view skip : {"the ", "this ", "model's ", "models "}) {
      if (rest.starts_with(skip)) rest.remove_prefix(skip.size());
    }
    if (std::any_of(kLimits.begin(), kLimits.end(),
                    [&](std::string_view limit) { return rest.starts_with(limit); })) {
      return true;
    }
  }
  return false;
}

bool too_large_for_model_with_number(const std::string& text) {
  static constexpr std::string_view kMarker = "too large for model with ";
  const auto at = text.find(kMarker);
  if (at == std::string::npos || at + kMarker.size() >= text.size()) return false;
  const char next = text[at + kMarker.size()];
  return next >= '0' && next <= '9';
}

bool says_quota(int status, const ErrorBody& body, const std::string& text, bool has_delay) {
  static constexpr std::array<std::string_view, 10> kCodes = {"insufficient_quota",
                                                              "credit_balance_exhausted",
                                                              "organization_spend_limit_exceeded",
                                                              "project_spend_limit_exceeded",
                                                              "organization_usage_limit_exceeded",
                                                              "budget_exceeded",
                                                              "enforced_spend_limit_reached",
                                                              "billing_hard_limit",
                                                              "billing_not_active",
                                                              "insufficient balance"};
  if (any_in(text, kCodes)) return true;
  if (!has_delay && text.find("exceeded your current quota") != std::string::npos) return true;
  if (status == 402) {
    const bool shrinkable = text.find("weight_exceeds_budget") != std::string::npos;
    const bool together_length = body.message.find("prompt + max_tokens") != std::string::npos;
    return !has_delay && !shrinkable && !together_length;
  }
  static constexpr std::array<std::string_view, 4> kKeyLimits = {"key limit", "guardrail",
                                                                 "workspace budget", "spend limit"};
  return status == 403 && any_in(text, kKeyLimits);
}

bool says_content_filter(int status, const ErrorBody& body, const std::string& text) {
  if (body.content_policy || body.code == "content_filter") return true;
  static constexpr std::array<std::string_view, 3> kCodes = {
      "content_policy_violation", "data_inspection_failed", "responsibleaipolicyviolation"};
  if (any_in(text, kCodes)) return true;
  return status == 403 && text.find("moderation") != std::string::npos;
}

bool says_wrong_key(const std::string& text) {
  // The last: a LiteLLM proxy without a database was given another key than its master key.
  static constexpr std::array<std::string_view, 3> kSigns = {"api key not valid", "api_key_invalid",
                                                             "no_db_connection"};
  return any_in(text, kSigns);
}

bool is_transient_status(int status) {
  static constexpr std::array<int, 8> kStatuses = {408, 409, 425, 500, 502, 503, 504, 529};
  return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end() ||
         (status >= 520 && status <= 524);
}

bool names_token_counts(const std::string& text) {
  return text.find("token") != std::string::npos &&
         text.find_first_of("0123456789") != std::string::npos;
}

}  // namespace

bool says_overflow(const std::string& text) {
  static constexpr std::array<std::string_view, 4> kThrottling = {
      "rate limit", "throttl", "please wait", "too many requests"};
  if (any_in(text, kThrottling)) return false;
  static constexpr std::array<std::string_view, 2> kOther = {"string_above_max_length",
                                                             "invalid max_tokens"};
  if (any_in(text, kOther)) return false;
  static constexpr std::array<std::string_view, 18> kPhrases = {"prompt is too long",
                                                                "prompt too long",
                                                                "input is too long",
                                                                "maximum context length",
                                                                "maximum prompt length",
                                                                "maximum input length",
                                                                "reduce the length of the messages",
                                                                "reduce the length of the input",
                                                                "greater than the context length",
                                                                "exceeded model token limit",
                                                                "context_length_exceeded",
                                                                "context length exceeded",
                                                                "context_length exceeded",
                                                                "context length_exceeded",
                                                                "exceeds the maximum allowed input "
                                                                "length",
                                                                "exceed_context_size_error",
                                                                "tokens + `max_new_tokens` must",
                                                                "tokens + max_new_tokens must"};
  if (any_in(text, kPhrases) || exceeds_limit(text) || too_large_for_model_with_number(text)) {
    return true;
  }
  return in_order(text, "input token count", "exceeds the maximum") ||
         in_order(text, "input length", "exceed") ||
         in_order(text, "current length is", "while limit is") ||
         in_order(text, "tokens + ", "max_new_tokens` must") ||
         in_order(text, "token + ", "max_new_tokens` must");
}

FailureClass classify_status(int status, const ErrorBody& body, bool has_delay) {
  const std::string text = body.haystack();
  if (says_quota(status, body, text, has_delay)) return FailureClass::quota;
  if (says_overflow(text)) return FailureClass::context_overflow;
  if (status == 403 && names_token_counts(text) && text.find("max_tokens") != std::string::npos) {
    return FailureClass::context_overflow;  // Together: prompt + max_tokens too long
  }
  const bool never_fits = text.find("request too large") != std::string::npos &&
                          (text.find("must be reduced") != std::string::npos ||
                           text.find("reduce your message size") != std::string::npos);
  if (status == 413 || text.find("weight_exceeds_budget") != std::string::npos ||
      (status == 429 && never_fits)) {
    return FailureClass::request_too_large;
  }
  if (says_content_filter(status, body, text)) return FailureClass::content_filter;
  const bool client_error = status == 400 || status == 422 || body.refused_fields;
  if (client_error && text.find("tool_use_failed") != std::string::npos) {
    return FailureClass::tool_use_failed;
  }
  if (client_error && says_wrong_key(text)) return FailureClass::auth;
  if ((client_error || status == 404) && says_model_not_found(status, body)) {
    return FailureClass::model_not_found;
  }
  if (text.find("too many tokens, please wait") != std::string::npos) {
    return FailureClass::rate_limit;
  }
  if (client_error) return FailureClass::unsupported_param;
  if (status == 401 || status == 403 || status == 407) return FailureClass::auth;
  if (status == 404 || status == 405 || (status >= 300 && status < 400)) {
    return FailureClass::wrong_url;
  }
  if (status >= 200 && status < 300 && body.html) return FailureClass::wrong_url;
  if (status == 429 || status == 498 || ((status == 503 || status == 402) && has_delay) ||
      (status == 503 && text.find("server busy") != std::string::npos)) {
    return FailureClass::rate_limit;
  }
  if (is_transient_status(status)) return FailureClass::transient;
  return FailureClass::bad_request;
}

const char* to_string(FailureClass cls) {
  switch (cls) {
    case FailureClass::quota:
      return "quota";
    case FailureClass::context_overflow:
      return "context_overflow";
    case FailureClass::request_too_large:
      return "request_too_large";
    case FailureClass::content_filter:
      return "content_filter";
    case FailureClass::unsupported_param:
      return "unsupported_param";
    case FailureClass::tool_use_failed:
      return "tool_use_failed";
    case FailureClass::auth:
      return "auth";
    case FailureClass::model_not_found:
      return "model_not_found";
    case FailureClass::wrong_url:
      return "wrong_url";
    case FailureClass::tls:
      return "tls";
    case FailureClass::rate_limit:
      return "rate_limit";
    case FailureClass::transient:
      return "transient";
    case FailureClass::bad_encoding:
      return "bad_encoding";
    case FailureClass::malformed:
      return "malformed";
    case FailureClass::empty_choices:
      return "empty_choices";
    case FailureClass::empty_tool_calls:
      return "empty_tool_calls";
    case FailureClass::truncated_call:
      return "truncated_call";
    case FailureClass::too_big:
      return "too_big";
    case FailureClass::bad_request:
      return "bad_request";
    case FailureClass::cancelled:
      return "cancelled";
    case FailureClass::deadline:
      return "deadline";
  }
  return "unknown";
}

ErrorCode code_of(FailureClass cls) {
  switch (cls) {
    case FailureClass::quota:
      return ErrorCode::quota;
    case FailureClass::context_overflow:
      return ErrorCode::context_overflow;
    case FailureClass::request_too_large:
      return ErrorCode::request_too_large;
    case FailureClass::content_filter:
      return ErrorCode::content_filter;
    case FailureClass::auth:
      return ErrorCode::auth;
    case FailureClass::model_not_found:
      return ErrorCode::model_not_found;
    case FailureClass::wrong_url:
      return ErrorCode::wrong_url;
    case FailureClass::tls:
      return ErrorCode::tls;
    case FailureClass::rate_limit:
      return ErrorCode::rate_limit;
    case FailureClass::transient:
      return ErrorCode::transient;
    case FailureClass::bad_encoding:
    case FailureClass::malformed:
    case FailureClass::empty_choices:
    case FailureClass::empty_tool_calls:
    case FailureClass::truncated_call:
    case FailureClass::too_big:
      return ErrorCode::malformed_reply;
    case FailureClass::unsupported_param:
    case FailureClass::tool_use_failed:
    case FailureClass::bad_request:
      return ErrorCode::bad_request;
    case FailureClass::cancelled:
      return ErrorCode::cancelled;
    case FailureClass::deadline:
      return ErrorCode::deadline;
  }
  return ErrorCode::internal;
}

}  // namespace skillgrad::llm
