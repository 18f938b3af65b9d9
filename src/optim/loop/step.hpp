// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "optim/loop/candidates.hpp"
#include "optim/loop/loop_context.hpp"
#include "optim/loop/run_state.hpp"

namespace skillgrad::optim {

/// One iteration as whoever proposes in it sees it: what was run, what that showed, and where its
/// files go (RUN/iter_NNN). Each stage's result is a file there, written when the stage is complete
/// and read instead of being computed again.
struct Step {
  Step(const LoopContext& of, int number, const std::vector<std::string>& tasks, RunState& so_far,
       const std::vector<std::string>& line);

  const LoopContext& loop;
  int iteration;
  std::vector<std::string> batch;  ///< each task once
  /// Those of the batch that the screen runs: the patch was made from all of it.
  std::vector<std::string> probe;
  /// Rollouts that are kept for choosing among checkpoints and for judging this step's proposals,
  /// and what is left of the budget for a proposer's own questions.
  std::size_t for_choosing = 0, for_judging = 0, allowance = 0;
  RunState& state;
  const std::vector<std::string>& lineage;  ///< hashes: the current package, what it came from
  std::string name;                         ///< "iter_003"
  skill::SkillPackage current;
  std::vector<LossRecord> losses;     ///< of the batch under the current package
  std::vector<Evidence> evidence;     ///< what of them asks for a change
  std::vector<Candidate> candidates;  ///< proposed
  std::size_t told = 0;               ///< the candidate that the decision is about
  IterationRow row;

  [[nodiscard]] std::string file(const std::string& name) const;
  [[nodiscard]] StageContext context() const;
  [[nodiscard]] RunGroup group_of(const std::string& task) const;
  /// The initial skill's failure at the task, or null.
  [[nodiscard]] const LossRecord* failed_base(const std::string& task) const;
  [[nodiscard]] Error damaged_file(Error error, const char* name) const;
  [[nodiscard]] const Candidate& told_candidate() const { return candidates.at(told); }
};

/// Who proposes packages in one iteration (docs/controls.md). What decides on them, and what it may
/// cost, is the same for all: screen, gate, score book and rollout budget belong to the loop.
class Proposer {
 public:
  virtual ~Proposer() = default;
  /// Fills `candidates` of the step, or leaves it empty where nothing asks for a change. Rollouts
  /// are made through the loop's bookkeeper alone, which counts them. Errors: those that end a run,
  /// io.
  [[nodiscard]] virtual Result<> propose() = 0;
  /// What the step's decision teaches; `row` says what it was.
  [[nodiscard]] virtual Result<> learn() { return {}; }
};

/// A way to propose.
class Method {
 public:
  virtual ~Method() = default;
  /// False: the method looks at tasks by itself, and no batch is run before it.
  [[nodiscard]] virtual bool runs_batches() const { return true; }
  /// True: a candidate must beat the current package on the batch before anything else is run.
  [[nodiscard]] virtual bool must_beat_batch() const { return false; }
  /// `step` outlives the proposer.
  [[nodiscard]] virtual std::unique_ptr<Proposer> start(Step& step) const = 0;
};

/// One line for each item.
[[nodiscard]] std::string json_lines(const Json& array);

/// The loop of docs/algorithm.md section 2 with this method. Errors as optimize().
[[nodiscard]] Result<OptimizeResult> run_loop(const OptimizeSettings& settings,
                                              const OptimizeParts& parts,
                                              const llm::CallContext& call, const Method& method);

}  // namespace skillgrad::optim
