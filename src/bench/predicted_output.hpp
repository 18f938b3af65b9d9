// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

/// What a line of a predictions file gives.
struct PredictedOutput {
  bool given = false;                         ///< the line has "output"
  bool answered = false;                      ///< the line has "answer"
  std::optional<std::filesystem::path> file;  ///< a regular file; nullopt: there is none
  std::string missing;                        ///< why there is no file, or no answer
};

/// null, and a path that names no regular file, are an agent's that left no output; "answer":null
/// is one that gave no answer. A relative path is looked up in `base_dir`, then in the current
/// folder. Errors (input): an "output" that is neither a text nor null, or one beside an "answer".
[[nodiscard]] Result<PredictedOutput> predicted_output(const nlohmann::ordered_json& line,
                                                       const std::string& task_id,
                                                       const std::filesystem::path& base_dir);

/// Copies an agent's output to `to`. Of a file over kMaxOutputBytes only the size is kept, which is
/// over every grader's cap: an unreadable output.
[[nodiscard]] Result<> copy_output(const std::filesystem::path& from,
                                   const std::filesystem::path& to);

}  // namespace skillgrad::bench
