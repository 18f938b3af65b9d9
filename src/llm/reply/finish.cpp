// SPDX-License-Identifier: MIT
#include "llm/reply/finish.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

using Row = std::pair<std::string_view, FinishKind>;

/// Every reason that is known, in lower case with '_' between its words.
constexpr std::array<Row, 75> kKnown = {{
    {"stop", FinishKind::stop},
    {"stopped", FinishKind::stop},
    {"eos", FinishKind::stop},
    {"eos_token", FinishKind::stop},
    {"eos_found", FinishKind::stop},
    {"eot", FinishKind::stop},
    {"end", FinishKind::stop},
    {"end_turn", FinishKind::stop},
    {"end_of_turn", FinishKind::stop},
    {"stop_sequence", FinishKind::stop},
    {"stop_token", FinishKind::stop},
    {"stop_word", FinishKind::stop},
    {"done", FinishKind::stop},
    {"complete", FinishKind::stop},
    {"completed", FinishKind::stop},
    {"finished", FinishKind::stop},
    {"success", FinishKind::stop},
    {"length", FinishKind::length},
    {"max_tokens", FinishKind::length},
    {"max_length", FinishKind::length},
    {"max_new_tokens", FinishKind::length},
    {"max_output_tokens", FinishKind::length},
    {"max_completion_tokens", FinishKind::length},
    {"model_length", FinishKind::length},
    {"model_context_window_exceeded", FinishKind::length},
    {"context_window_exceeded", FinishKind::length},
    {"context_length_exceeded", FinishKind::length},
    {"error_limit", FinishKind::length},
    {"tool_calls", FinishKind::tools},
    {"tool_call", FinishKind::tools},
    {"tool_use", FinishKind::tools},
    {"tools", FinishKind::tools},
    {"function_call", FinishKind::tools},
    {"function_calls", FinishKind::tools},
    {"sensitive", FinishKind::filtered},
    {"safety", FinishKind::filtered},
    {"image_safety", FinishKind::filtered},
    {"model_armor", FinishKind::filtered},
    {"recitation", FinishKind::filtered},
    {"prohibited_content", FinishKind::filtered},
    {"blocklist", FinishKind::filtered},
    {"spii", FinishKind::filtered},
    {"refusal", FinishKind::filtered},
    {"refused", FinishKind::filtered},
    {"guardrail", FinishKind::filtered},
    {"guardrail_intervened", FinishKind::filtered},
    {"error_toxic", FinishKind::filtered},
    {"content_filtered", FinishKind::filtered},
    {"error", FinishKind::error},
    {"failed", FinishKind::error},
    {"network_error", FinishKind::error},
    {"insufficient_system_resource", FinishKind::error},
    {"abort", FinishKind::error},
    {"aborted", FinishKind::error},
    {"cancelled", FinishKind::error},
    {"canceled", FinishKind::error},
    {"user_cancel", FinishKind::error},
    {"timeout", FinishKind::error},
    {"malformed_function_call", FinishKind::error},
    {"malformed_tool_call", FinishKind::error},
    {"malformed_response", FinishKind::error},
    {"unexpected_tool_call", FinishKind::error},
    {"too_many_tool_calls", FinishKind::error},
    {"missing_thought_signature", FinishKind::error},
    {"load", FinishKind::error},
    {"unload", FinishKind::error},
    {"queued", FinishKind::error},
    {"in_progress", FinishKind::error},
    {"oom", FinishKind::error},
    {"busy", FinishKind::error},
    {"incomplete", FinishKind::length},
    {"truncated", FinishKind::length},
    {"null", FinishKind::none},
    {"none", FinishKind::none},
    {"", FinishKind::none},
}};

/// What a word inside of another reason gives away, in the order of their weight. A reason that
/// speaks of the server, its machines or its time says nothing about the text.
constexpr auto kSigns =
    std::to_array<Row>({{"filter", FinishKind::filtered},  {"safety", FinishKind::filtered},
                        {"moderat", FinishKind::filtered}, {"policy", FinishKind::filtered},
                        {"blocked", FinishKind::filtered}, {"malformed", FinishKind::error},
                        {"error", FinishKind::error},      {"exception", FinishKind::error},
                        {"fail", FinishKind::error},       {"abort", FinishKind::error},
                        {"cancel", FinishKind::error},     {"interrupt", FinishKind::error},
                        {"disconnect", FinishKind::error}, {"connection", FinishKind::error},
                        {"network", FinishKind::error},    {"upstream", FinishKind::error},
                        {"gateway", FinishKind::error},    {"worker", FinishKind::error},
                        {"shutdown", FinishKind::error},   {"shutting", FinishKind::error},
                        {"preempt", FinishKind::error},    {"evict", FinishKind::error},
                        {"crash", FinishKind::error},      {"killed", FinishKind::error},
                        {"overload", FinishKind::error},   {"unavailable", FinishKind::error},
                        {"throttl", FinishKind::error},    {"quota", FinishKind::error},
                        {"memory", FinishKind::error},     {"cache", FinishKind::error},
                        {"capacity", FinishKind::error},   {"timeout", FinishKind::error},
                        {"timed_out", FinishKind::error},  {"expire", FinishKind::error}});

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// A limit that was met: of tokens, or one that says not of what, is the end of the text; of
/// anything else (time, rate, steps), it is the server's.
FinishKind limit_kind(std::string_view lower) {
  static constexpr std::array<std::string_view, 11> kFillers = {
      "limit",   "limits",  "limited", "exceed", "exceeded", "max",
      "maximum", "reached", "hit",     "the",    "of"};
  static constexpr std::array<std::string_view, 9> kText = {
      "token", "length", "context", "output", "completion", "window", "size", "generat", "char"};
  static constexpr std::array<std::string_view, 4> kRates = {"rate", "per", "minute", "time"};
  bool other = false, of_text = false;
  for (std::size_t at = 0; at < lower.size();) {
    const std::size_t end = std::min(lower.find_first_of("_:.", at), lower.size());
    const std::string_view word = lower.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (std::find(kRates.begin(), kRates.end(), word) != kRates.end()) return FinishKind::error;
    if (std::find(kFillers.begin(), kFillers.end(), word) != kFillers.end()) continue;
    other = true;
    of_text = of_text || std::any_of(kText.begin(), kText.end(),
                                     [&](std::string_view part) { return holds(word, part); });
  }
  return other && !of_text ? FinishKind::error : FinishKind::length;
}

std::string plain_reason(std::string_view reason) {
  std::string lower = to_lower_ascii(trim(reason));
  std::replace(lower.begin(), lower.end(), '-', '_');
  std::replace(lower.begin(), lower.end(), ' ', '_');
  return lower;
}

/// What the words in a reason give away that is not known.
FinishKind finish_sign(const std::string& lower) {
  const auto sign = std::find_if(kSigns.begin(), kSigns.end(),
                                 [&](const Row& row) { return holds(lower, row.first); });
  if (sign != kSigns.end()) return sign->second;
  if (holds(lower, "limit") || holds(lower, "exceed") || holds(lower, "max_"))
    return limit_kind(lower);
  const bool cut = holds(lower, "trunc") || holds(lower, "length");
  return cut ? FinishKind::length : FinishKind::unknown;
}

/// What tells more against a turn is the greater.
int weight_of(FinishKind kind) {
  switch (kind) {
    case FinishKind::none:
      return 0;
    case FinishKind::stop:
    case FinishKind::tools:
      return 1;
    case FinishKind::unknown:
      return 2;
    case FinishKind::length:
      return 3;
    case FinishKind::filtered:
      return 4;
    case FinishKind::error:
      return 5;
  }
  return 0;
}

/// A reason that is no text is not known, but what it holds may tell more against the turn.
FinishKind kind_of(const Json& reason) {
  if (reason.is_string()) return finish_kind(reason.get_ref<const std::string&>());
  if (reason.is_null() || (reason.is_structured() && reason.empty())) return FinishKind::none;
  FinishKind kind = FinishKind::unknown;
  if (!reason.is_structured()) return kind;
  for (const Json& part : reason) {
    if (!part.is_string()) continue;
    const FinishKind inner = finish_kind(part.get_ref<const std::string&>());
    if (weight_of(inner) > weight_of(kind)) kind = inner;
  }
  return kind;
}

std::string shown_reason(const Json& reason) {
  return reason.is_string() ? reason.get<std::string>() : dump_json(reason);
}

}  // namespace

FinishKind finish_kind(std::string_view reason) {
  const std::string lower = plain_reason(reason);
  const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                  [&](const Row& row) { return row.first == lower; });
  if (known != kKnown.end()) return known->second;
  // Google's compatible endpoint adds its own reason: "function_call_filter: MALFORMED_...".
  if (lower.starts_with("function_call_filter")) return FinishKind::error;
  return finish_sign(lower);
}

const Json& worse_reason(const Json& earlier, const Json& later) {
  return weight_of(kind_of(earlier)) > weight_of(kind_of(later)) ? earlier : later;
}

TurnEnd turn_end(const Json& body, const Json& choice) {
  TurnEnd out;
  const auto take = [&](const Json* reason) {
    if (reason == nullptr) return;
    const FinishKind kind = kind_of(*reason);
    // A server's own word that is not known says nothing beside one that is.
    const bool tells = kind != FinishKind::unknown || out.kind == FinishKind::none;
    if (tells && weight_of(kind) > weight_of(out.kind)) out = {kind, shown_reason(*reason)};
  };
  take(member_of(&choice, {"finish_reason", "finishReason"}));
  take(member(&choice, "native_finish_reason"));
  take(member_of(member(&choice, "finish_details"), {"type", "reason"}));
  for (const Json* holder : {&choice, &body}) {
    take(member(member(holder, "incomplete_details"), "reason"));
    const std::string status = text_of(member(holder, "status"));
    if (finish_kind(status) == FinishKind::length) take(member(holder, "status"));
  }
  return out;
}

}  // namespace skillgrad::llm
