// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

/// The first word with which the scripts of configs/completions/ ask for candidates.
inline constexpr std::string_view kCompletionWord = "__complete";

/// Candidates for the last of `words` (what stands behind the program's name, the last one "" where
/// a new word begins): a line each, "WORD" or "WORD<TAB>what it is", of those that begin with it;
/// and a last line ":files" or ":dirs" where paths are candidates, too. Reads skills, runs and
/// benchmarks of the disk; what cannot be read gives no candidates, never an error.
[[nodiscard]] std::string completions(const std::vector<std::string>& words);

/// The script for "bash", "zsh" or "fish". Errors: usage.
[[nodiscard]] Result<std::string> completion_script(const std::string& shell);

}  // namespace skillgrad::cli
