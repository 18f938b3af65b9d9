// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

/// Name of the benchmark that the tasks of a folder of skills are. Where they are split by a
/// shuffle, each skill has its share in every split.
inline constexpr const char* kSkillTasks = "skills";

/// Whether the folder is one of skills: folders below it have a SKILL.md, and it has none.
[[nodiscard]] bool is_folder_of_skills(const std::filesystem::path& folder);

/// The tasks of a folder of skills: those in evals/ of each, with ids that begin with its folder
/// ("pdf.fill-form") and the field "skill", and those in evals/ of the folder itself as they are.
/// Errors: input (no tasks anywhere), dataset (two tasks of one id), those of load_records().
[[nodiscard]] Result<std::unique_ptr<Benchmark>> load_skill_tasks(
    const std::filesystem::path& folder, const BenchmarkOptions& options);

}  // namespace skillgrad::bench
