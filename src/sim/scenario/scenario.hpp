// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "sim/scenario/choosing.hpp"
#include "sim/scenario/lesson.hpp"

namespace skillgrad::sim {

/// A scenario file with its scripts, checked. Immutable, hence thread-safe.
class Scenario {
 public:
  /// A built-in name, a folder, or the path of a scenario.json. Errors: config (unknown name),
  /// input (a bad file; JSON pointer and mend).
  [[nodiscard]] static Result<Scenario> load(const std::string& name_or_path);

  std::string name, benchmark;
  Noise noise;
  std::vector<Lesson> lessons;
  std::vector<SimTask> tasks;
  std::vector<std::string> train, val, test;
  /// Without one the agent activates the first skill of its catalogue, whatever is asked.
  std::optional<Choosing> choosing;

  /// The task whose text this prompt is; of several that match the most specific. Null if none.
  [[nodiscard]] const SimTask* find_task(std::string_view prompt) const;
  /// Index of the lesson that a label or an analysis means, read as a person would: the label is
  /// the lesson's, or the analysis holds (or is held in) the lesson's own prose.
  [[nodiscard]] std::optional<std::size_t> identify(std::string_view label,
                                                    std::string_view analysis) const;
  [[nodiscard]] std::optional<std::size_t> find_lesson(std::string_view slug) const;
  /// What the task does wrong while `lesson` is missing; null: it has no script for that.
  [[nodiscard]] static const std::string* wrong_command(const SimTask& task, std::size_t lesson);
};

}  // namespace skillgrad::sim
