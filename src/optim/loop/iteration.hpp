// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "optim/decisions/score_book.hpp"
#include "optim/loop/step.hpp"

namespace skillgrad::optim {

/// One pass of the loop (docs/algorithm.md section 2.4): execute and grade, let the method propose,
/// screen, gate, accept or reject. Each stage's result is a file in RUN/iter_NNN, written when the
/// stage is complete and read instead of being computed again.
///
/// Its methods are many because each file of an iteration is made, read back or decided by one, and
/// all of them go on with the same step; it has next to no state of its own.
class IterationRunner {
 public:
  IterationRunner(const LoopContext& loop, Step& step, const Method& method);
  /// Updates the state (not yet saved). Errors: those that end a run, io.
  [[nodiscard]] Result<IterationRow> run();

 private:
  Result<> execute();
  [[nodiscard]] Result<RolloutRunner::Again> forgotten() const;
  Result<> wait_for_grades(const RolloutRunner::Batch& batch);
  Result<> gather_evidence();
  [[nodiscard]] RunGroup group_of(const std::string& task) const;
  [[nodiscard]] bool same_request(const std::string& a, const std::string& b) const;
  Result<std::optional<Evidence>> evidence_for(const LossRecord& record, const RunGroup& group);
  Result<> add_passing(Evidence& evidence);
  Result<> decide();
  [[nodiscard]] std::vector<std::size_t> candidates_to_try() const;
  void tell_of_none();
  Result<> try_on_batch(std::vector<std::size_t>& tried);
  Result<> decide_by_trial(const std::vector<std::size_t>& tried);
  Result<> decide_by_gate();
  Result<GateDecision> run_gate(const std::string& folder);
  Result<> save_gate(const GateDecision& decision, const char* file);
  Result<std::optional<GateDecision>> restore_gate(const char* file);
  Result<std::optional<GateDecision>> read_gate(const std::string& text);
  Result<> score_missing(const skill::SkillPackage& package, const std::vector<std::string>& tasks,
                         const std::string& folder, std::map<std::string, double>& scores);
  [[nodiscard]] GateInput gate_input() const;
  Result<> look_at_each_skill(GateDecision& decision);
  void protect_skills(const std::vector<decisions::TaskPair>& pairs, GateDecision& decision) const;
  Result<> approve();
  Result<> ask_for_approval();
  [[nodiscard]] Result<std::optional<Approval>> restore_approval() const;
  Result<> measure_again();
  [[nodiscard]] bool beats_best() const;
  void accept();
  Result<> settle();
  void measure();

  const LoopContext& loop_;
  const OptimizeSettings& settings_;
  const OptimizeParts& parts_;
  Step& step_;
  const Method& method_;
  std::map<std::string, double> candidate_scores_;
};

}  // namespace skillgrad::optim
