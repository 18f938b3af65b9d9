// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>

#include <skillgrad/core/json.hpp>

namespace skillgrad::study {

/// An invented world of tasks and candidates (docs/deciding.md, "Populations").
struct Population {
  std::string name;
  std::size_t train = 0, val = 0, test = 0;
  double base_mean = 0, base_sd = 0;   ///< logit of a task's chance without missing lessons
  std::size_t lessons = 0, known = 0;  ///< in all, and of the initial package
  std::array<double, 3> needs{};       ///< share of tasks that need 0, 1, 2 lessons
  double lesson_effect = 0;            ///< on the logit, where a needed lesson is missing
  double fix = 0, fix_and_break = 0, null = 0, breaks = 0, shift = 0;  ///< kinds of candidates
  double shift_mean = 0, shift_sd = 0;                                 ///< on all logits
  std::size_t iterations = 0, batch = 0;
  double error_rate = 0;  ///< rollouts without a grade
  double drift = 0;       ///< on all logits from the first to the last iteration
};

/// Unknown members, wrong types and what does not add up are errors that name the member.
[[nodiscard]] Result<Population> read_population(const Json& json, const std::string& where);
[[nodiscard]] Result<Population> load_population(const std::filesystem::path& path);

}  // namespace skillgrad::study
