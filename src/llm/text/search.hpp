// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace skillgrad::llm {

inline constexpr std::size_t kNone = std::string_view::npos;  ///< the place of what was not found

[[nodiscard]] inline bool is_one_of(char c, std::string_view set) { return set.find(c) != kNone; }

template <std::size_t N>
[[nodiscard]] bool holds(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace skillgrad::llm
