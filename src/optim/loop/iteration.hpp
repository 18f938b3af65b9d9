// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/optim/rollouts.hpp>

#include "optim/loop/run_state.hpp"
#include "optim/stages/expected_texts.hpp"

namespace skillgrad::optim {

/// What every iteration of a run shares.
struct LoopContext {
  const OptimizeSettings* settings = nullptr;
  const OptimizeParts* parts = nullptr;
  RolloutRunner* runner = nullptr;
  llm::CallContext call;
  std::vector<std::string> gate_tasks;      ///< val, then guard
  std::vector<LossRecord> base;             ///< evolution pool under the initial skill
  ObjectiveFacts baseline;                  ///< cost0, time0
  std::shared_ptr<ExpectedTexts> expected;  ///< of the train tasks
};

/// Name of an iteration's folder below the run: "iter_003".
[[nodiscard]] std::string iteration_name(int iteration);
/// The skill of an iteration (0 = initial), loaded from the run directory. Errors: input (among
/// others: it is not what the run wrote).
[[nodiscard]] Result<skill::SkillPackage> load_candidate(const OptimizeParts& parts, int iteration);
[[nodiscard]] StageContext stage_context(const LoopContext& loop, const std::string& scope,
                                         int iteration);

/// What the loss of a rollout with this package is computed from.
[[nodiscard]] ObjectiveFacts package_facts(const LoopContext& loop,
                                           const skill::SkillPackage& package);
/// The endpoint is away or a stage's program fails: nothing that another iteration could mend.
[[nodiscard]] bool waits_for_mend(ErrorCode code);

/// One pass of the loop (docs/algorithm.md section 2.4): execute, grade, diagnose, momentum, patch,
/// lint, gate, accept or reject. Each stage's result is a file in RUN/iter_NNN, written when the
/// stage is complete and read instead of being computed again. For each stage there is a method
/// that does it, one that saves it and one that restores it, in four source files: hence their
/// number.
class IterationRunner {
 public:
  IterationRunner(const LoopContext& loop, int iteration, const std::vector<std::string>& batch,
                  RunState& state);
  /// Updates the state (not yet saved). Errors: those that end a run, io.
  [[nodiscard]] Result<IterationRow> run();

 private:
  struct Candidate {
    skill::SkillPackage package;
    Patch patch;
    std::vector<skill::Finding> blocking;
    std::string failure;  ///< why there is no candidate, or ""
  };
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
  Result<> restore_momentum(const std::string& text);
  Result<> restore_patch(const std::string& text);
  [[nodiscard]] Error damaged_file(Error error, const char* name) const;
  Result<> save_patch(const PatchOutput& output);
  Result<> decide();
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

  const LoopContext& loop_;
  const OptimizeSettings& settings_;
  const OptimizeParts& parts_;
  int t_;
  std::vector<std::string> batch_;  ///< each task once
  RunState& state_;
  std::string name_;
  skill::SkillPackage current_;
  std::vector<LossRecord> losses_;
  std::vector<Evidence> evidence_;
  std::vector<Gradient> gradients_;
  std::vector<TaskFacts> facts_;  ///< of the gradients' tasks
  std::optional<Overlay> overlay_;
  std::optional<Candidate> candidate_;
  std::map<std::string, double> candidate_scores_;
  IterationRow row_;
};

}  // namespace skillgrad::optim
