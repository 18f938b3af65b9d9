// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::sim {

/// Error rates of the simulated model, each in [0,1].
struct Noise {
  double slip = 0, luck = 0, vague = 0, wrong = 0, weak = 0, forget = 0;
};

/// One thing that a skill can teach.
struct Lesson {
  std::string slug, kind, heading, label, diagnosis, success, rule, weak_rule;
  std::vector<std::vector<std::string>> taught_when;  ///< normalised phrases
};

struct SimTask {
  std::string id;
  std::string match;                         ///< text that the prompt contains, or ""
  std::string match_sha256;                  ///< of one trimmed line of the prompt, or ""
  std::vector<std::size_t> lessons;          ///< indices
  std::string right;                         ///< shell command
  std::map<std::size_t, std::string> wrong;  ///< shell command while that lesson is missing
  std::optional<std::string> wrong_any;
};

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
