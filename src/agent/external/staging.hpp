// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad::agent {

/// Copies of a skill in a work directory, where an agent looks for skills: there while the agent
/// works, gone before anybody looks for outputs. For one thread.
class StagedSkill {
 public:
  StagedSkill() = default;
  StagedSkill(StagedSkill&& other) noexcept = default;
  StagedSkill& operator=(StagedSkill&& other) noexcept = default;
  StagedSkill(const StagedSkill&) = delete;
  StagedSkill& operator=(const StagedSkill&) = delete;
  ~StagedSkill() = default;
  /// Puts `skill_dir` to FOLDER/name for each folder. Errors: dataset (the task has a file of its
  /// own there), io.
  [[nodiscard]] static Result<StagedSkill> stage(const fs::path& work_dir,
                                                 const fs::path& skill_dir,
                                                 const std::vector<std::string>& folders,
                                                 const std::string& name);
  /// Takes them out again, with everything else below folders that were made for them. Errors: io.
  [[nodiscard]] Result<> take_out();
  /// The first copy, relative to the work directory; "" without one.
  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  std::vector<fs::path> made_;  ///< the uppermost folders that were not there before
  std::string first_;
};

}  // namespace skillgrad::agent
