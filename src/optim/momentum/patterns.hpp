// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>

namespace skillgrad::optim {

/// The pattern of that name, or null. `Memory` is a MomentumMemory, const or not.
template <typename Memory>
[[nodiscard]] auto find_pattern(Memory& memory, const std::string& slug)
    -> decltype(&memory.patterns.front()) {
  const auto found = std::find_if(memory.patterns.begin(), memory.patterns.end(),
                                  [&](const Pattern& pattern) { return pattern.slug == slug; });
  return found == memory.patterns.end() ? nullptr : &*found;
}

/// A field of the memory as one line of at most `most` bytes, cut in the middle.
[[nodiscard]] inline std::string one_line(const std::string& text, std::size_t most) {
  std::string out = replace_all(std::string(trim(text)), "\r", " ");
  return truncate_middle(replace_all(std::move(out), "\n", " "), most);
}

}  // namespace skillgrad::optim
