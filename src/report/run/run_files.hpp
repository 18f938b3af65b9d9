// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::report {

/// The files of a run folder for a reader that goes on where one is damaged, and remembers which.
class RunFiles {
 public:
  RunFiles(fs::path dir, std::vector<std::string>& missing)
      : dir_(std::move(dir)), missing_(missing) {}

  [[nodiscard]] const fs::path& dir() const { return dir_; }
  [[nodiscard]] bool has(const std::string& name) const;
  /// Null where there is none; a damaged one is named.
  [[nodiscard]] Json json(const std::string& name) const;
  /// Values of the lines that can be read. A last line without its end is one that is being
  /// written.
  [[nodiscard]] std::vector<Json> lines(const std::string& name) const;
  /// As valid UTF-8; "" where there is none.
  [[nodiscard]] std::string text(const std::string& name) const;
  /// The package in a folder of the run; nullopt where there is none or it cannot be read.
  [[nodiscard]] std::optional<skill::SkillPackage> package(const std::string& name) const;
  /// A sentence for the list of what is missing.
  void miss(std::string sentence) const { missing_.push_back(std::move(sentence)); }

 private:
  fs::path dir_;
  std::vector<std::string>& missing_;
};

/// "iter_003"
[[nodiscard]] std::string iteration_folder(int iteration);
/// The folder below the run whose skill/ and patch.json an iteration decided on: "iter_003", or
/// "iter_003/approved" where a person changed the patch.
[[nodiscard]] std::string patch_folder(const fs::path& run, int iteration);

}  // namespace skillgrad::report
