// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/llm/client.hpp>
#include <skillgrad/optim/across.hpp>
#include <skillgrad/optim/costs.hpp>
#include <skillgrad/optim/decisions.hpp>
#include <skillgrad/optim/evaluate.hpp>
#include <skillgrad/optim/observer.hpp>
#include <skillgrad/optim/optimizer_kind.hpp>
#include <skillgrad/optim/schedule.hpp>
#include <skillgrad/optim/several.hpp>
#include <skillgrad/optim/stages.hpp>
#include <skillgrad/store/run_store.hpp>

namespace skillgrad::optim {

class SharedRun;

/// How patches are decided on under noise (docs/deciding.md).
struct StagedDecisions {
  decisions::GateLevel level = decisions::GateLevel::balanced;
  std::size_t candidates = 2;                            ///< patches of a step, from 1 to 3
  std::optional<std::size_t> max_broken = std::nullopt;  ///< regression budget; none: off
  std::size_t finalists = 3;  ///< checkpoints that fresh rollouts choose among; below 2: none
  bool prune = true;          ///< take accepted patches back that the skill does not need
};

/// What decides the result of a run, a field for each option.
struct OptimizeSettings {
  OptimizerKind optimizer = OptimizerKind::skillgrad;
  /// Rollouts of the search, without the test split; 0: as many as it takes (skillgrad), or as
  /// many as skillgrad is planned to make with these settings (the others).
  std::size_t max_rollouts = 0;
  ScheduleOptions schedule;
  int max_iters = 0;        ///< 0: all batches
  int rollouts = 1;         ///< K, per task
  bool contrastive = true;  ///< flipped tasks are evidence
  bool keep_best = true;    ///< result is the best checkpoint, else the last skill
  /// In a single epoch, a task of an earlier batch that still fails joins each later one.
  bool revisit = false;
  bool patch_all_correct = false;  ///< diagnose and patch also when a batch had no failure
  int all_correct_streak = 4;      ///< consecutive all-correct batches that stop; 0 = off
  int patience = 0;                ///< gates without improvement that stop; 0 = off
  double target_score = 0;         ///< gate score that stops; 0 = off
  std::size_t guard = 0;           ///< tasks passed at base that join the gate
  bool score_test = true;          ///< score the test split, before and after, at the end
  /// Scores the test split also where no patch was kept, which no verdict needs.
  bool score_unchanged = true;
  /// Screen, gate, finalists, pruning; none: the gate stage decides by itself.
  std::optional<StagedDecisions> staged = std::nullopt;
  std::vector<std::string> lint_ignored = {};  ///< lint rules that find nothing
  bool procedure_lint = false;
  bool strict_patches = false;  ///< what only deserves a look refuses a patch, too (lint SAF-05)
  bool force = false;           ///< go on where a check refuses
  /// The train tasks are recorded sessions: evidence that is read and not made, so no package can
  /// be tried on them.
  bool recorded = false;
  std::size_t models = 1;  ///< that execute each task
  LossWeights weights;     ///< of the loss stage; staged decisions are about its values
  /// Every call is sent and paid for: none is answered from a cache or a recording.
  bool calls_are_made = true;
};

/// A program that edits a package in the place of an optimizer.
struct OptimizerProgram {
  std::string command;        ///< for sh -c
  std::filesystem::path dir;  ///< where it runs
  double timeout_s = 0;       ///< 0: none of its own
  /// What it gets beside a scrubbed environment.
  std::map<std::string, std::string> environment = {};
};

/// What the optimizer works with; everything outlives it.
struct OptimizeParts {
  const bench::Benchmark* benchmark = nullptr;
  bench::Splits splits;
  skill::SkillPackage initial;
  agent::Executor* executor = nullptr;
  agent::RolloutLimits limits;
  LossCollector* loss = nullptr;
  Diagnoser* diagnoser = nullptr;
  Momentum* momentum = nullptr;  ///< null: without momentum
  Patcher* patcher = nullptr;
  Gate* gate = nullptr;  ///< null with staged decisions
  store::RunStore* store = nullptr;
  llm::Accountant* accountant = nullptr;
  const Clock* clock = nullptr;
  Observer* observer = nullptr;
  Approver* approver = nullptr;    ///< null: nobody is asked about what the gate takes
  const Across* across = nullptr;  ///< null: the tasks are no cells of several models
  unsigned jobs = 1;
  SharedRun* shared = nullptr;  ///< others make rollouts, too; null: this process makes all
  Json facts = Json::object();  ///< what run.json says about the run: skill, model, simulation, ...
  /// More of that, known only at the end; asked once, may be empty.
  std::function<Json()> closing_facts;
  std::vector<std::string> forbidden_texts;  ///< secrets and run paths: lint UPD-05
  OptimizerProgram program = {};             ///< of --optimizer command
};

struct TestScore {
  EvalSummary before, after;
  stats::PairedResult paired;
};

/// One of several models on the tasks of a split: score, 95 % interval, graded tasks.
struct ModelScore {
  double score = 0;
  stats::Interval interval;
  std::size_t n = 0;
};
struct AcrossModel {
  std::string name;
  std::optional<ModelScore> base, validation;  ///< of the initial skill
  std::optional<ModelScore> before, after;     ///< on the test split
  decisions::ModelRelease release;
};
struct AcrossResult {
  AcrossRule rule = AcrossRule::worst;
  std::vector<AcrossModel> models;
};

/// A package of the run on the validation tasks, beside the initial one on the same tasks. Those
/// that were kept were kept by these scores, so they are optimistic.
struct TradeoffRow {
  int iteration = 0;  ///< 0: the initial skill
  std::string what;   ///< initial, accepted, rejected, undecided, chosen
  bool chosen = false;
  std::size_t n = 0;  ///< tasks graded with both; 0: nothing of it is known but size and violations
  double score = 0, difference = 0;
  stats::Interval interval{-1, 1};                  ///< of the difference, 95 %
  std::optional<double> cost_usd, cost_ratio;       ///< of a rollout; nullopt: not known
  std::optional<double> seconds, time_ratio;        ///< of a rollout, as measured
  double size_ratio = 1, violations = 0;            ///< of the package
  std::optional<double> value_gain = std::nullopt;  ///< of the weighted loss, where it decides
  std::optional<bool> beaten = std::nullopt;        ///< dominated; nullopt: it was not measured
};
/// Quality, cost, time, size and violations of the packages of a run (docs/tradeoffs.md).
struct Tradeoffs {
  struct LeftOut {
    std::string objective, why;
  };
  LossWeights weights;
  std::vector<std::string> objectives;  ///< that were compared
  std::vector<LeftOut> left_out;
  std::vector<TradeoffRow> rows;
};

/// What the unchanged skill came to in as many rollouts as an optimizer has.
struct Reruns {
  struct Pass {
    double score = 0;
    std::size_t n = 0;  ///< graded tasks
  };
  std::string split;            ///< "val", or "train" where there is none
  std::vector<Pass> passes;     ///< over all tasks of the split
  std::optional<double> fresh;  ///< score of one pass more, after the best was chosen
  /// What the test said of two passes with the same skill; anything but "not shown" is one of its
  /// false alarms. nullopt: there was no test.
  std::optional<decisions::ReleaseVerdict> test_said;
  [[nodiscard]] std::optional<std::size_t> best() const;  ///< an index
  [[nodiscard]] double mean() const;                      ///< of the passes
};

/// Rollouts of the search: all but those of the test split.
struct RolloutCount {
  std::size_t used = 0;
  std::optional<std::size_t> allowed;  ///< nullopt: no limit
};

struct OptimizeResult {
  OptimizerKind optimizer = OptimizerKind::skillgrad;
  RolloutCount rollouts;
  std::optional<Reruns> reruns;  ///< of OptimizerKind::rerun
  std::vector<IterationRow> iterations;
  std::optional<EvalSummary> base_train, base_val;
  int best_iteration = 0;  ///< 0: the initial skill
  std::optional<double> best_score;
  std::string best_path;                   ///< absolute
  std::optional<double> best_fresh_score;  ///< of rollouts that chose nothing; none: there are none
  std::optional<decisions::Calibration> calibration;  ///< with staged decisions
  std::vector<Finalist> finalists;
  std::vector<PrunedPatch> pruned;
  std::optional<Tradeoffs> tradeoffs;  ///< with staged decisions
  std::optional<TestScore> test;
  std::optional<AcrossResult> across;      ///< where several models execute
  decisions::ReleaseResult release;        ///< what may be claimed
  std::size_t test_planned = 0;            ///< tasks of the test split, if it is scored at all
  std::vector<SkillOutcome> skills;        ///< of several: each, by folder
  std::vector<ConflictOutcome> conflicts;  ///< between them
  std::string stop_reason;
  std::optional<Error> error;  ///< set when the run stopped early; it can be resumed
  /// The error says that the base run is no ground to go on from: resuming alone
  /// changes nothing.
  bool refused = false;
  /// Recorded sessions were learned from, and no task was run with any patch: it is a proposal.
  bool proposed = false;
  llm::LedgerTotals totals;
  CostParts parts;
  double seconds = 0;
  std::string finished_at;      ///< UTC; of the process that did the last of its work
  bool idle = false;            ///< an earlier process had done all of it
  Json facts = Json::object();  ///< from the parts
};

/// The loop of docs/algorithm.md section 2. Picks up whatever the run directory already holds. A
/// limit, a signal or a dead endpoint gives a result with `error` set and the best package written;
/// an Error return means that nothing could be done or saved (config, input, io, disk_full).
[[nodiscard]] Result<OptimizeResult> optimize(const OptimizeSettings& settings,
                                              const OptimizeParts& parts,
                                              const llm::CallContext& call);

/// Known USD of an iteration's calls.
[[nodiscard]] std::optional<double> iteration_cost(const OptimizeResult& result, int iteration);
/// null where nothing was graded.
[[nodiscard]] Json score_json(const EvalSummary& summary);
/// The short form for events: how it ended, scores, errors, cost.
[[nodiscard]] Json result_event(const OptimizeResult& result);
/// When the run in this folder came to its end, if it has: run.json holds a result without an
/// error.
[[nodiscard]] std::optional<std::string> finished_before(const store::RunStore& store);
/// {"code","message","where","mend"}, or null.
[[nodiscard]] Json error_json(const std::optional<Error>& error);
/// run.json and the object of `--json`.
[[nodiscard]] Json to_json(const OptimizeResult& result, const std::string& run_dir);

}  // namespace skillgrad::optim
