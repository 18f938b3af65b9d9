// SPDX-License-Identifier: MIT
#include "llm/errors/error_signs.hpp"

#include <algorithm>
#include <array>
#include <string_view>

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

}  // namespace

bool says_quota(int status, const ErrorBody& body, const std::string& text, const Delays& delays) {
  static constexpr std::array<std::string_view, 20> kCodes = {
      "insufficient_quota",
      "credit_balance_exhausted",
      "organization_spend_limit_exceeded",
      "project_spend_limit_exceeded",
      "organization_usage_limit_exceeded",
      "budget_exceeded",
      "enforced_spend_limit_reached",
      "billing_hard_limit",
      "billing_not_active",
      "insufficient balance",
      "insufficient_balance",
      "exceeded_current_quota_error",
      "arrearage",
      "allocationquota.freetieronly",
      "credit balance is too low",
      "reached your specified api usage limit",
      "out of call volume quota",
      "have any credits",
      "monthly spending limit",
      "cloud credits expired"};
  if (any_in(text, kCodes)) return true;
  // Said of a short window, too, where a delay goes with it.
  static constexpr std::array<std::string_view, 4> kPhrases = {
      "exceeded your current quota", "used all available credits", "insufficient credits",
      "account is not active"};
  if (!delays.asked && any_in(text, kPhrases)) return true;
  if (status == 402) {
    const bool shrinkable = text.find("weight_exceeds_budget") != std::string::npos;
    const bool together_length = body.message.find("prompt + max_tokens") != std::string::npos;
    return !delays.in_header && !shrinkable && !together_length;
  }
  static constexpr std::array<std::string_view, 4> kKeyLimits = {"key limit", "guardrail",
                                                                 "workspace budget", "spend limit"};
  return status == 403 && any_in(text, kKeyLimits);
}

bool says_content_filter(int status, const ErrorBody& body, const std::string& text) {
  if (body.content_policy || body.code == "content_filter" || body.type == "content_filter") {
    return true;
  }
  static constexpr std::array<std::string_view, 12> kSigns = {
      "content_policy_violation",     "contentpolicyviolation",
      "data_inspection_failed",       "datainspectionfailed",
      "responsibleaipolicyviolation", "\ncontent_filter\n",
      "content exists risk",          "flagged as potentially violating",
      "considered high risk",         "may contain inappropriate content",
      "unsafe or sensitive content",  "content management policy"};
  if (any_in(text, kSigns)) return true;
  return status == 403 &&
         any_in(text, std::array<std::string_view, 2>{"moderation", "input flagged"});
}

bool says_wrong_key(const std::string& text) {
  // The last: a LiteLLM proxy without a database was given another key than its master key.
  static constexpr std::array<std::string_view, 9> kSigns = {
      "api key not valid",
      "api_key_invalid",
      "api key expired",
      "incorrect api key",
      "invalid api key",
      "invalid_api_key",
      "missing or invalid authorization header",
      "organization has been disabled",
      "no_db_connection"};
  return any_in(text, kSigns);
}

bool says_throttled(int status, const std::string& text) {
  if (text.find("too many tokens, please wait") != std::string::npos) return true;
  // Gateways in front of Bedrock.
  static constexpr std::array<std::string_view, 2> kSigns = {"throttlingexception",
                                                             "too many requests, please wait"};
  return status == 400 && any_in(text, kSigns);
}

bool says_overflow(const std::string& text) {
  static constexpr std::array<std::string_view, 4> kThrottling = {
      "rate limit", "throttl", "please wait", "too many requests"};
  if (any_in(text, kThrottling)) return false;
  static constexpr std::array<std::string_view, 2> kOther = {"string_above_max_length",
                                                             "invalid max_tokens"};
  if (any_in(text, kOther)) return false;
  static constexpr std::array<std::string_view, 33> kPhrases = {
      // z.ai, MiniMax, GitHub Copilot
      "model_context_window_exceeded",
      "context window exceeds",
      "exceeds the model's max context",
      "tokens in request more than max tokens allowed",
      "prompt token count of",
      "prompt \xE8\xB6\x85\xE9\x95\xBF",
      "prompt is too long",
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
      "tokens + max_new_tokens must",
      "longer than the model's context length",
      "longer than the maximum model length",
      "range of input length should be",
      "context length of only",
      "`inputs` must have less than",
      "prompt exceeds max length",
      "too many tokens: size limit exceeded",
      "input token length too long",
      "context size has been exceeded"};
  if (any_in(text, kPhrases) || exceeds_limit(text) || too_large_for_model_with_number(text)) {
    return true;
  }
  return in_order(text, "input token count", "exceeds the maximum") ||
         in_order(text, "input length", "exceed") ||
         in_order(text, "current length is", "while limit is") ||
         in_order(text, "tokens + ", "max_new_tokens` must") ||
         in_order(text, "token + ", "max_new_tokens` must");
}

}  // namespace skillgrad::llm
