// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace skillgrad::llm {

struct ThinkSplit {
  std::string visible;
  std::string reasoning;
};

/// Takes <think>...</think> out of a reply's text (R2.6): blocks at the start or at the start of a
/// line, a closing tag whose opening one is missing, and an opening one that is never closed.
[[nodiscard]] ThinkSplit split_think(const std::string& content);

}  // namespace skillgrad::llm
