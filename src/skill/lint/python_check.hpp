// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skillgrad::skill {

struct PythonProblem {
  int line = 0;  ///< 1-based, in the block
  std::string what;
};

/// A light check of Python text without an interpreter: brackets, string ends, the colon of
/// compound statements, indentation. nullopt: nothing found, which does not mean that it runs.
[[nodiscard]] std::optional<PythonProblem> check_python(std::string_view code);

/// String literals of code in Python's or shell's notation, without quotes, escapes left as they
/// are; comments are passed over.
[[nodiscard]] std::vector<std::string> string_literals(std::string_view code);

}  // namespace skillgrad::skill
