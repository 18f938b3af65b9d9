// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

namespace skillgrad::llm {

struct HarmonyTexts {
  std::string visible;  ///< the final message, or what was said before the calls; then the calls
  std::string reasoning;
};

/// A reply in the channels of the Harmony format (gpt-oss), which a server left in the text, with
/// its tokens or without them. Messages to a tool stay in `visible` as they are, each on a line of
/// its own. nullopt: the text is none, or only mentions the tokens.
[[nodiscard]] std::optional<HarmonyTexts> split_harmony(const std::string& text);

}  // namespace skillgrad::llm
