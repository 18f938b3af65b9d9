// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>

#include <skillgrad/core/error.hpp>

namespace skillgrad::llm {

/// How this endpoint wants requests written: the profile's defaults plus what its rejections
/// taught.
struct WireStyle {
  bool responses = false;       ///< the responses API instead of chat completions (R1.20)
  bool may_switch_api = false;  ///< the user left open which of the two it is
  bool fold_system = false;     ///< system text in front of the first user message
  bool strict = false;          ///< tool schemas are sent as strict (R1.13)
  bool completion_cap = false;  ///< max_completion_tokens instead of max_tokens
  bool empty_content = false;   ///< "" instead of null on turns with calls only
  bool stream = false;
  bool stream_options = true;
  bool mirror = true;               ///< send provider fields back
  bool backfill_reasoning = false;  ///< turns with calls always carry reasoning_content
  bool short_ids = false;           ///< tool call ids of 9 alphanumerics
  std::string reasoning_effort;     ///< "" = as configured
  std::set<std::string> dropped;    ///< top-level keys the endpoint refuses

  friend bool operator==(const WireStyle&, const WireStyle&) = default;
};

/// As JSON, for the next process, and back. Errors: input.
[[nodiscard]] std::string style_to_json(const WireStyle& style);
[[nodiscard]] Result<WireStyle> style_from_json(const std::string& text, const std::string& where);

}  // namespace skillgrad::llm
