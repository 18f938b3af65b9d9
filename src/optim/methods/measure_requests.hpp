// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "optim/loop/bookkeeper.hpp"
#include "optim/loop/step.hpp"

namespace skillgrad::optim {

/// The package in a folder that a program has edited, under the initial one's folder name and with
/// its evals/, which the program was not given. Errors: input, invalid_skill.
[[nodiscard]] Result<skill::SkillPackage> edited_package(const OptimizeParts& parts,
                                                         const std::filesystem::path& dir);

/// Measures what a program asks for: {"skill": FOLDER, "split": "train"|"val", "ids": [...],
/// "trials": K}. An equal question has an equal answer and costs nothing; the rollouts are those of
/// the run and counted by its budget. The test split is not for asking.
class MeasureRequests {
 public:
  explicit MeasureRequests(const Step& step) : step_(step) {}
  /// skillgrad.measurement/1, or {"error":{code, message, where, mend}}. One at a time.
  [[nodiscard]] Json answer(const Json& request);
  /// What ended the run while a question was answered.
  [[nodiscard]] const std::optional<Error>& ended() const { return ended_; }

 private:
  struct Question {
    skill::SkillPackage package;
    std::string split;
    std::vector<std::string> tasks;
    std::size_t trials = 1;
  };
  [[nodiscard]] Result<Question> read(const Json& request) const;
  Result<Json> measure(const Question& question);
  [[nodiscard]] Json rollouts_json(std::size_t made) const;

  const Step& step_;
  std::size_t asked_ = 0;  ///< rollouts, also those that an earlier process had made
  std::optional<Error> ended_;
};

}  // namespace skillgrad::optim
