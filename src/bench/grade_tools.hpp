// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>

namespace skillgrad::bench {

/// Of the text that is graded.
inline constexpr std::uint64_t kMaxAnswerBytes = std::uint64_t{16} << 20;

/// A grade that is no score: `kind` says whose matter it is; the message ends with the mend.
[[nodiscard]] Grade error_grade(const std::string& task_id, GradeErrorKind kind,
                                const std::string& message, const std::string& mend = {});
/// dataset stays a dataset error, every other failure is an infrastructure error.
[[nodiscard]] Grade error_grade(const std::string& task_id, const Error& error);

/// Sets `hard` and `status` from the score: pass means 1.
void settle(Grade& grade);

/// "2 of 3 right", then the first 20 differences, a line each, and how many more there are.
[[nodiscard]] std::string describe(const Grade& grade);

/// Reads the text file `name` of an untrusted work directory: a regular file (no link) inside it,
/// at most 16 MiB, no NUL byte, BOM removed, bad UTF-8 replaced. nullopt when there is none; Error
/// (input) when it is there and cannot be used.
[[nodiscard]] Result<std::optional<std::string>> read_output_text(
    const std::filesystem::path& work_dir, const std::string& name);

/// The same of a file that the user named: it may be a link, and it is there.
[[nodiscard]] Result<std::optional<std::string>> read_answer_text(
    const std::filesystem::path& file);

/// The same of a text that is in no file; `name` is for errors.
[[nodiscard]] Result<std::optional<std::string>> usable_text(std::string text,
                                                             const std::string& name);

/// Path of a regular file below `work_dir` that no link leads out of, or nullopt.
[[nodiscard]] std::optional<std::filesystem::path> find_output(
    const std::filesystem::path& work_dir, const std::string& name);

/// True for a relative path without "..", empty parts or a leading '/'.
[[nodiscard]] bool is_confined(std::string_view name);

}  // namespace skillgrad::bench
