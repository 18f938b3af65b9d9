// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/registry.hpp>
#include <skillgrad/optim/messages.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::optim {

/// Weights of loss = w_q (1 - score) + w_c cost/cost0 + w_t time/time0 + w_s max(0, size/size0 - 1)
/// + w_v violations (docs/algorithm.md section 3).
struct LossWeights {
  double quality = 1, cost = 0, time = 0, size = 0, violations = 0;
  /// Anything but quality counts: decisions are about the weighted loss then (docs/tradeoffs.md).
  [[nodiscard]] bool several() const { return cost > 0 || time > 0 || size > 0 || violations > 0; }
};
/// Of the options of the loss stage "grader"; others have those of quality alone. Errors: config.
[[nodiscard]] Result<LossWeights> loss_weights(const Json& options);

/// Facts for the multi-objective loss that one rollout cannot know (docs/algorithm.md section 3):
/// the baseline run's means and the package's state. A denominator of 0 is not known (yet), and its
/// component is absent.
struct ObjectiveFacts {
  double cost0 = 0, time0 = 0;  ///< mean USD and seconds of a baseline rollout
  double size_ratio = 1;        ///< package size / size of the initial package
  double violations = 0;        ///< soft lint findings of the package
};

/// What every stage call gets. Stages are thread-safe unless said otherwise.
struct StageContext {
  std::string scope;  ///< e.g. "iter_003"; prefix of ledger scopes
  int iteration = 0;
  llm::CallContext call;
  /// Earlier gradings of the same that came to nothing: judges are asked anew, since what they said
  /// then is in the call record.
  int failed_gradings = 0;
  const Clock* clock = nullptr;
  ObjectiveFacts objective;
  /// Takes what a stage was given and did not use, or had to mend, one sentence each; may be empty.
  std::function<void(const std::string&)> notice;
  void tell(const std::string& sentence) const {
    if (notice) notice(sentence);
  }
};

/// Turns a rollout into a loss record by grading a copy of its outputs. Errors: infra, dataset
/// become status "error" in the record, never a score; an Error return ends the run.
class LossCollector {
 public:
  virtual ~LossCollector() = default;
  [[nodiscard]] virtual Result<LossRecord> collect(const bench::Task& task,
                                                   const agent::Rollout& rollout,
                                                   const StageContext& context) = 0;
};

/// One textual gradient per task; called in parallel. A failed call is an Error, never a diagnosis.
class Diagnoser {
 public:
  virtual ~Diagnoser() = default;
  [[nodiscard]] virtual Result<Gradient> diagnose(const Evidence& evidence,
                                                  const StageContext& context) = 0;
};

/// A patch that was made after the runs which the diagnoses are about.
struct PatchSince {
  int iteration = 0;
  Decision decision = Decision::no_patch;
  std::string summary, reason, diff;          ///< the diff bounded
  const skill::SkillPackage* kept = nullptr;  ///< the skill after it, where it was accepted
};

struct MomentumInput {
  std::vector<Gradient> gradients;             ///< input order
  MomentumMemory memory;                       ///< previous state
  const skill::SkillPackage* skill = nullptr;  ///< the version that ran
  int skill_iteration = 0;                     ///< whose patch made it; 0 = the initial skill
  std::vector<TaskFacts> facts = {};           ///< of the gradients' tasks, as far as known
  std::optional<PatchSince> since = std::nullopt;
};
struct MomentumOutput {
  MomentumMemory memory;
  Overlay overlay;
  std::vector<std::string> repairs;  ///< invariants that code had to mend, one sentence each
};
class Momentum {
 public:
  virtual ~Momentum() = default;
  [[nodiscard]] virtual Result<MomentumOutput> update(const MomentumInput& input,
                                                      const StageContext& context) = 0;
};

struct PatchInput {
  std::vector<Gradient> gradients;
  const Overlay* overlay = nullptr;        ///< null at t = 1 or without momentum
  const MomentumMemory* memory = nullptr;  ///< null at t = 1 or without momentum
  std::vector<RejectedPatch> rejected;
  std::string
      manner;  ///< how this candidate is to differ from others of its step; "" for one alone
  const skill::SkillPackage* skill = nullptr;  ///< the version that ran, and the one to edit
  int skill_iteration = 0;                     ///< whose patch made it; 0 = the initial skill
  std::vector<TaskFacts> facts;                ///< of the gradients' tasks, as far as known
  std::vector<Evidence> evidence;              ///< in place of gradients: for "reflect"
  skill::LintContext lint;                     ///< `previous` and `initial` set by the optimizer
};
/// A tool call of the patcher that changed nothing.
struct RefusedCall {
  std::string tool, arguments;  ///< as the model wrote them, shortened
  std::string problem;          ///< what the model was told
};
struct PatchOutput {
  skill::SkillPackage candidate;
  Patch patch;
  std::vector<skill::Finding> findings;  ///< soft and judgement ones left
  std::vector<skill::Finding> blocking;  ///< not empty: the candidate must be rejected
  int repair_rounds = 0;
  std::vector<RefusedCall> refused;
};
class Patcher {
 public:
  virtual ~Patcher() = default;
  [[nodiscard]] virtual Result<PatchOutput> patch(const PatchInput& input,
                                                  const StageContext& context) = 0;
};

/// Scores of current and candidate on the same tasks; NaN-free; `graded` false = error, left out.
struct GateSample {
  std::string task_id;
  double before = 0, after = 0;
  bool graded = true;
};
struct GateInput {
  std::vector<GateSample> samples;
  std::size_t planned = 0;
};
class Gate {
 public:
  virtual ~Gate() = default;
  /// False: the gate needs no validation run (mode none).
  [[nodiscard]] virtual bool needs_scores() const = 0;
  [[nodiscard]] virtual Result<GateDecision> decide(const GateInput& input,
                                                    const StageContext& context) = 0;
};

/// What factories may use; all references outlive the stages.
struct StageDependencies {
  llm::ChatModel* model = nullptr;  ///< of this stage's role
  const bench::Benchmark* benchmark = nullptr;
  bench::GradeContext grading;
  exec::Sandbox* sandbox = nullptr;
  const Clock* clock = nullptr;
  std::filesystem::path run_dir;
  std::filesystem::path config_dir;  ///< folder of the config file: relative programs of commands
  std::function<Result<std::string>(const std::string& name)> prompt;  ///< "diagnose_failure", ...
};

using LossRegistry = Registry<LossCollector, const Json&, const StageDependencies&>;
using DiagnoserRegistry = Registry<Diagnoser, const Json&, const StageDependencies&>;
using MomentumRegistry = Registry<Momentum, const Json&, const StageDependencies&>;
using PatcherRegistry = Registry<Patcher, const Json&, const StageDependencies&>;
using GateRegistry = Registry<Gate, const Json&, const StageDependencies&>;

/// The built-in implementations: "grader"/"command" for loss, "llm"/"command" for diagnoser and
/// patcher (and "reflect", which patches without diagnoses), "llm"/"command"/"none" for momentum,
/// "none"/"stored"/"paired"/"no-regression"/"command" for the gate.
[[nodiscard]] const LossRegistry& loss_registry();
[[nodiscard]] const DiagnoserRegistry& diagnoser_registry();
[[nodiscard]] const MomentumRegistry& momentum_registry();
[[nodiscard]] const PatcherRegistry& patcher_registry();
[[nodiscard]] const GateRegistry& gate_registry();

/// Code-enforced invariants of the momentum state (docs/algorithm.md section 3): mends `next` so
/// that every task is in the overlay exactly once and in order, slugs exist, failed_in and
/// succeeded_in only grow and hold no future iteration, the remedy log is what it was, what refutes
/// a guess has a pattern, at most 3 themes; updates velocities (beta = 0.7; the loss of a task is
/// split evenly between its patterns) and orders patterns by them. A new pattern that no task names
/// is kept, without weight. Returns one sentence for each repair.
[[nodiscard]] std::vector<std::string> enforce_momentum_invariants(
    const MomentumMemory& previous, const std::vector<Gradient>& gradients, int iteration,
    MomentumOutput& next, double beta = 0.7);

}  // namespace skillgrad::optim
