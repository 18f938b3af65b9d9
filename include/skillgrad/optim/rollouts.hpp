// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/optim/observer.hpp>
#include <skillgrad/optim/stages.hpp>
#include <skillgrad/store/run_store.hpp>

namespace skillgrad::optim {

class RolloutBudget;
class SharedRun;
class SharedWork;

/// What an earlier measurement that ended as an error leaves to be asked anew: what the call record
/// holds of it would lead to the same error for ever.
struct AskAgain {
  int tries = 0;
  bool executor = false;  ///< its conversation, too; else only the judges
};

/// Executes and grades tasks, and keeps each result in the run directory, so that finished work is
/// found again after a crash:
///   RUN/<dir>/rollouts/TASK.K/{loss.json, trajectory.jsonl, skill_text.md, outputs/}
/// loss.json is written last, with the hash of the skill and the sizes of the other files: a folder
/// without it, with that of another skill, or in which a file was cut off is done again. The disk
/// is waited for once a batch.
///
/// Larger than most classes: what a rollout is on disk is known here alone, so whoever runs, finds,
/// repeats, counts or adopts rollouts asks here.
class RolloutRunner {
 public:
  struct Parts {
    const bench::Benchmark* benchmark = nullptr;
    agent::Executor* executor = nullptr;
    LossCollector* loss = nullptr;
    store::RunStore* store = nullptr;
    Observer* observer = nullptr;
    agent::RolloutLimits limits;
    unsigned jobs = 1;
    /// Knows which stage's endpoint answers at all; null: the rollouts alone tell.
    const llm::Accountant* accountant = nullptr;
    /// Is asked before anything is started; null: nothing is counted.
    RolloutBudget* budget = nullptr;
    /// Others make rollouts of the run, too; null: this process makes all of them.
    SharedRun* shared = nullptr;
  };
  using Again = AskAgain;
  struct Batch {
    const skill::SkillPackage* skill = nullptr;  ///< null: no skill
    std::vector<std::string> task_ids;
    int samples = 1;
    std::string dir;    ///< "base", "iter_003", "iter_003/gate", "test/iter_003"
    std::string label;  ///< for the status line
    /// Measurements of this batch that came to nothing and were forgotten; what the endpoints said
    /// then is not asked for again.
    Again again = {};
  };
  /// One rollout of many that are made side by side, with packages of their own.
  struct Order {
    const skill::SkillPackage* skill = nullptr;  ///< null: no skill
    std::string task_id;
    int sample = 0;
    std::string dir;                            ///< "iter_003/gate/0123456789ab"
    const ObjectiveFacts* objective = nullptr;  ///< of the package; null: the context's
  };
  struct Orders {
    std::vector<Order> items;
    std::string label;  ///< for the status line
    Again again = {};   ///< as in a batch
  };
  explicit RolloutRunner(Parts parts) : parts_(std::move(parts)) {}

  /// Records in the order task, sample; a task named twice is run once and has one record. A
  /// rollout that ended in an error which may not come again (the endpoint or this machine was at
  /// fault, not the request) is tried once more and then kept as status "error". Errors: those that
  /// end a run (auth, budget, cancelled, ...), an endpoint that answers nothing any more, io. What
  /// the rollout budget refuses is not begun.
  [[nodiscard]] Result<std::vector<LossRecord>> run(const Batch& batch,
                                                    const StageContext& context);
  /// The same in the order of the orders, which differ in folder, task or sample.
  [[nodiscard]] Result<std::vector<LossRecord>> run(const Orders& orders,
                                                    const StageContext& context);
  /// The first of the orders, which this process has claimed of a shared run, without waiting for
  /// the disk. `from`: a process that is gone and had begun it, or "".
  /// Errors besides: transient, rate_limit (no endpoint served it, which may be this machine's
  /// fault: nothing was kept). Thread-safe.
  [[nodiscard]] Result<LossRecord> make(const Orders& orders, const std::string& from,
                                        const StageContext& context);
  /// What run() has finished of a batch so far, in its order; the rest has status "skipped".
  [[nodiscard]] Result<std::vector<LossRecord>> finished(const Batch& batch) const;
  [[nodiscard]] Result<std::vector<LossRecord>> finished(const Orders& orders) const;
  /// The rollouts of a batch, each task once, in the order of its records.
  [[nodiscard]] static Orders orders_of(const Batch& batch);
  /// Rollouts that this runner itself has done, and not found done.
  [[nodiscard]] std::size_t fresh() const { return fresh_; }
  /// Removes the batch's results, so that the next run of it starts afresh.
  [[nodiscard]] Result<> forget(const Batch& batch);
  /// Folder of one rollout, relative to the run.
  [[nodiscard]] static std::string rollout_dir(const std::string& dir, const std::string& task_id,
                                               int sample);
  /// What the rollout's skill loaded and its trajectory, as saved.
  [[nodiscard]] Result<std::string> skill_text(const std::string& rollout_dir) const;
  [[nodiscard]] Result<agent::Trajectory> trajectory(const std::string& rollout_dir) const;
  /// Copy of a package without evals/, kept once per content, for mounting.
  [[nodiscard]] Result<std::filesystem::path> publish(const skill::SkillPackage& package);

 private:
  struct Job {
    const bench::Task* task = nullptr;
    int sample = 0;
    std::string dir;
    const skill::SkillPackage* skill = nullptr;
    std::string skill_hash;
    std::filesystem::path skill_dir = {};  ///< set once the package is published
    const ObjectiveFacts* objective = nullptr;
    Again again = {};
  };
  struct Saved {
    LossRecord record;
    Again again;
  };
  /// An ended rollout, and whether a second one may end better.
  struct Attempt {
    LossRecord record;
    bool may_mend = false;
  };
  /// Rollouts that a stage's endpoint did not serve since it last answered anything.
  struct Silence {
    std::set<std::string> dirs;
    std::int64_t replies = 0;
  };
  Result<std::vector<Job>> jobs_of(const Orders& orders) const;
  Result<> publish(std::vector<Job>& jobs);
  Result<std::optional<Saved>> find_saved(const Job& job) const;
  Result<std::vector<std::size_t>> restore(std::vector<Job>& jobs,
                                           std::vector<LossRecord>& records) const;
  Result<LossRecord> run_one(const Job& job, const std::string& label, const StageContext& context);
  Result<Attempt> attempt(const Job& job, int attempt, const StageContext& context);
  Result<> check_endpoints(const std::string& dir, const agent::Rollout& rollout,
                           const LossRecord& record);
  Result<> check_endpoint(const std::string& stage, const std::string& dir,
                          const std::optional<Error>& failure, bool away);
  struct Progress;
  void run_alone(Progress& progress);
  void run_shared(Progress& progress, SharedWork& work);
  Result<std::unique_ptr<SharedWork>> share_out(const Progress& progress);
  Result<std::optional<LossRecord>> found_elsewhere(Progress& progress, const Job& job);
  void take_replies_of(const std::string& process);
  Result<> put_in_place(const Job& job, const std::string& made_in, LossRecord& record);
  [[nodiscard]] llm::Answers answers_of(const std::string& stage) const;
  [[nodiscard]] bool may_try_again(const Job& job) const;
  Result<> forget_unanswered();

  Parts parts_;
  std::atomic<bool> unsynced_ = false;  ///< a rollout was saved since the disk was waited for
  std::size_t fresh_ = 0;
  std::mutex mutex_;
  std::map<std::string, Silence> silence_;      ///< by stage: executor, judge
  std::map<std::string, std::int64_t> served_;  ///< without an accountant: rollouts, by stage
};

/// What events say of one rollout: the stage, the task, how it ended, and where its files are.
[[nodiscard]] Json rollout_event(const std::string& stage, const LossRecord& record);
/// After these errors a run has a result so far, and can be resumed.
[[nodiscard]] bool can_resume(ErrorCode code);
/// How things stand when a run ends.
struct RunEnd {
  const llm::CallContext& call;
  SteadyTime now{};
  std::string last_failure;  ///< of the calls, "" where they were answered
};
/// What ended a run: a stop that was asked for outranks a call that failed on the way out, and one
/// that a hard limit of time asked for is a limit. Names the endpoint's last failure, so that a run
/// stopped in an outage says so.
[[nodiscard]] Error end_of_run(Error error, const RunEnd& end);

}  // namespace skillgrad::optim
