// SPDX-License-Identifier: MIT
#include "llm/finish.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

using Row = std::pair<std::string_view, FinishKind>;

/// Every reason that is known, in lower case with '_' between its words.
constexpr std::array<Row, 73> kKnown = {{
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
    {"incomplete", FinishKind::length},
    {"truncated", FinishKind::length},
    {"null", FinishKind::none},
    {"none", FinishKind::none},
    {"", FinishKind::none},
}};

/// What a word inside of another reason gives away, in the order of their weight.
constexpr std::array<Row, 15> kSigns = {{{"filter", FinishKind::filtered},
                                         {"safety", FinishKind::filtered},
                                         {"moderat", FinishKind::filtered},
                                         {"policy", FinishKind::filtered},
                                         {"blocked", FinishKind::filtered},
                                         {"malformed", FinishKind::error},
                                         {"error", FinishKind::error},
                                         {"fail", FinishKind::error},
                                         {"abort", FinishKind::error},
                                         {"timeout", FinishKind::error},
                                         {"exceed", FinishKind::length},
                                         {"limit", FinishKind::length},
                                         {"max_", FinishKind::length},
                                         {"trunc", FinishKind::length},
                                         {"length", FinishKind::length}}};

}  // namespace

FinishKind finish_kind(std::string_view reason) {
  std::string lower = to_lower_ascii(trim(reason));
  std::replace(lower.begin(), lower.end(), '-', '_');
  std::replace(lower.begin(), lower.end(), ' ', '_');
  const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                  [&](const Row& row) { return row.first == lower; });
  if (known != kKnown.end()) return known->second;
  // Google's compatible endpoint adds its own reason: "function_call_filter: MALFORMED_...".
  if (lower.starts_with("function_call_filter")) return FinishKind::error;
  const auto sign = std::find_if(kSigns.begin(), kSigns.end(), [&](const Row& row) {
    return lower.find(row.first) != std::string::npos;
  });
  return sign == kSigns.end() ? FinishKind::unknown : sign->second;
}

}  // namespace skillgrad::llm
