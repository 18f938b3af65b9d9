// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace skillgrad::llm {

struct ThinkSplit {
  std::string visible;
  std::string reasoning;
  /// Bytes of `visible` before an opening tag that is never closed: what follows may be thinking as
  /// well as text about the tag, so that no tool call is read from there.
  std::size_t certain = std::string::npos;
};

/// Takes thinking out of a reply's text (R2.6): what stands between marks of thinking of any shape
/// at its beginning; <think>, <thinking> and the tokens that other models write for them, in any
/// case and anywhere but in code, up to the closing tag; everything up to a closing tag whose
/// opening one is missing; and everything behind an opening tag that is never closed if nothing
/// visible stands before it on its line.
[[nodiscard]] ThinkSplit split_think(const std::string& content);

/// Takes off the tokens with which models end a turn, or wrap their answer, and which some servers
/// leave in the text.
[[nodiscard]] std::string without_end_tokens(std::string text);

}  // namespace skillgrad::llm
