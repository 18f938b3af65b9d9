// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/optim/optimizer.hpp>

namespace skillgrad::optim {

/// A patch that was made, and the package it gives; RUN/DIR/{skill/, patch.json, patch.diff}.
struct Candidate {
  skill::SkillPackage package;
  Patch patch;
  std::vector<skill::Finding> blocking;
  std::string failure;  ///< why there is no patch, or ""
  std::string dir;      ///< of the run
};

/// Below an iteration's folder: the package that a person made of its patch.
inline constexpr const char* kApprovedDir = "approved";

/// The package below RUN/DIR/skill, under the initial one's name. Errors: input (among others: it
/// is not what the run wrote).
[[nodiscard]] Result<skill::SkillPackage> load_package(const OptimizeParts& parts,
                                                       const std::string& dir);
/// nullopt where the folder holds none yet. Errors: input (a damaged file, with the mend).
[[nodiscard]] Result<std::optional<Candidate>> read_candidate(const OptimizeParts& parts,
                                                              const std::string& dir);
[[nodiscard]] Result<Candidate> write_candidate(const OptimizeParts& parts, const std::string& dir,
                                                const skill::SkillPackage& current,
                                                const PatchOutput& output);
/// Keeps that the patcher came to nothing.
[[nodiscard]] Result<Candidate> write_failure(const OptimizeParts& parts, const std::string& dir,
                                              const std::string& why);
/// Makes the candidate of one folder that of another as well.
[[nodiscard]] Result<> copy_candidate(const OptimizeParts& parts, const std::string& from,
                                      const std::string& to);

}  // namespace skillgrad::optim
