// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/optim/messages.hpp>
#include <skillgrad/skill/conflicts.hpp>
#include <skillgrad/stats/paired.hpp>

namespace skillgrad::optim {

/// Which of several skills a task is about alone: the one that its metadata name as "skill", else
/// the only one that its runs under the initial package activated. A task for which several were is
/// nobody's own. Not thread-safe.
class OwnTasks {
 public:
  OwnTasks(const skill::SkillPackage& set, const bench::Benchmark& benchmark);
  /// Runs under the initial package.
  void note(const std::vector<LossRecord>& records);
  /// Folders of the set's skills, sorted.
  [[nodiscard]] const std::vector<std::string>& skills() const { return skills_; }
  [[nodiscard]] bool is_own(const std::string& skill, const std::string& task) const;

 private:
  [[nodiscard]] std::optional<std::string> folder_of(const std::string& name) const;

  const bench::Benchmark& benchmark_;
  std::vector<std::string> skills_;
  std::map<std::string, std::string> folders_;           ///< by name in small letters
  std::map<std::string, std::set<std::string>> chosen_;  ///< task -> folders
};

/// One of several skills in the result of a run.
struct SkillOutcome {
  std::string skill;                          ///< its folder
  bool changed = false;                       ///< the best package has another one
  std::size_t train = 0;                      ///< own tasks of the train split
  std::optional<stats::PairedResult> tested;  ///< on its own tasks of the test split
  /// "improved", "worse" (p of at most 0.05, two-sided), "not shown", or "not tested".
  [[nodiscard]] std::string verdict() const;
};
/// Of the initial package or of the best one.
struct ConflictOutcome {
  skill::Conflict conflict;
  std::string state;  ///< "mended": the best package has it no more; "left"; "new"
};
[[nodiscard]] std::vector<ConflictOutcome> conflict_outcomes(const skill::SkillPackage& initial,
                                                             const skill::SkillPackage& best);
[[nodiscard]] Json to_json(const SkillOutcome& outcome);
[[nodiscard]] Json to_json(const ConflictOutcome& outcome);

/// The first conflicts that the words of the skills show, as patterns that no task has failed by so
/// far: a diagnosis may find that its task is a case of one. At most 12; none for one package.
[[nodiscard]] MomentumMemory memory_of_conflicts(const skill::SkillPackage& set);

}  // namespace skillgrad::optim
