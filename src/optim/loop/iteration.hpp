// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "optim/loop/candidates.hpp"
#include "optim/loop/loop_context.hpp"
#include "optim/loop/run_state.hpp"

namespace skillgrad::optim {

/// One pass of the loop (docs/algorithm.md section 2.4): execute, grade, diagnose, momentum, patch,
/// lint, gate, accept or reject. Each stage's result is a file in RUN/iter_NNN, written when the
/// stage is complete and read instead of being computed again. For each stage there is a method
/// that does it, one that saves it and one that restores it, in four source files: hence their
/// number.
class IterationRunner {
 public:
  IterationRunner(const LoopContext& loop, int iteration, const std::vector<std::string>& batch,
                  RunState& state, const std::vector<std::string>& lineage);
  /// Updates the state (not yet saved). Errors: those that end a run, io.
  [[nodiscard]] Result<IterationRow> run();

 private:
  Result<> execute();
  [[nodiscard]] Result<RolloutRunner::Again> forgotten() const;
  Result<> wait_for_grades(const RolloutRunner::Batch& batch);
  Result<> gather_evidence();
  Result<std::optional<Evidence>> evidence_for(const LossRecord& record, const RunGroup& group);
  Result<> add_passing(Evidence& evidence);
  [[nodiscard]] RunGroup group_of(const std::string& task) const;
  [[nodiscard]] const LossRecord* failed_base(const std::string& task) const;
  [[nodiscard]] Result<std::vector<TaskFacts>> task_facts() const;
  Result<> confirm_remedies();
  Result<> diagnose();
  Result<bool> restore_gradients();
  Result<> make_gradients();
  [[nodiscard]] std::optional<PatchSince> patch_since() const;
  Result<> update_momentum();
  Result<> patch();
  [[nodiscard]] std::string candidate_dir(std::size_t number) const;
  [[nodiscard]] PatchInput patch_input(std::size_t number) const;
  Result<Candidate> make_candidate(std::size_t number, const std::string& dir);
  Result<> restore_momentum(const std::string& text);
  [[nodiscard]] Error damaged_file(Error error, const char* name) const;
  Result<> decide();
  [[nodiscard]] std::vector<std::size_t> candidates_to_try() const;
  void tell_of_none();
  Result<> decide_by_trial(const std::vector<std::size_t>& tried);
  Result<> decide_by_gate();
  Result<GateDecision> run_gate();
  Result<> save_gate(const GateDecision& decision);
  Result<std::optional<GateDecision>> restore_gate();
  Result<std::optional<GateDecision>> read_gate(const std::string& text);
  Result<> score_missing(const skill::SkillPackage& package, const std::vector<std::string>& tasks,
                         const std::string& folder, std::map<std::string, double>& scores);
  [[nodiscard]] GateInput gate_input() const;
  [[nodiscard]] bool beats_best() const;
  void accept();
  Result<> settle();
  Result<> remember_remedy();
  Result<> write_memory() const;
  [[nodiscard]] std::string file(const std::string& name) const;
  [[nodiscard]] StageContext context() const;
  void measure();
  [[nodiscard]] const Candidate& told() const { return candidates_.at(told_); }

  const LoopContext& loop_;
  const OptimizeSettings& settings_;
  const OptimizeParts& parts_;
  int t_;
  std::vector<std::string> batch_;  ///< each task once
  RunState& state_;
  const std::vector<std::string>& lineage_;
  std::string name_;
  skill::SkillPackage current_;
  std::vector<LossRecord> losses_;
  std::vector<Evidence> evidence_;
  std::vector<Gradient> gradients_;
  std::vector<TaskFacts> facts_;  ///< of the gradients' tasks
  std::optional<Overlay> overlay_;
  std::vector<Candidate> candidates_;
  std::size_t told_ = 0;  ///< the candidate that the decision is about
  std::map<std::string, double> candidate_scores_;
  IterationRow row_;
};

}  // namespace skillgrad::optim
