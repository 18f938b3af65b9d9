// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/optim/rollouts.hpp>
#include <skillgrad/store/lease_board.hpp>

namespace skillgrad::optim {

/// A rollout that whoever has time may make.
struct SharedItem {
  std::string task_id;
  int sample = 0;
  std::string dir;    ///< where its files belong, relative to the run
  std::string skill;  ///< hash of the package, "none" for no skill
  AskAgain again;
  ObjectiveFacts objective;
};
/// What the coordinator of a run asks for at once: RUN/shared/batches/ID.json.
struct SharedBatch {
  std::string id, label, scope;
  int iteration = 0;
  std::map<std::string, std::string> skills;  ///< by hash, the name of the package's folder
  std::vector<SharedItem> items;
};
[[nodiscard]] Json to_json(const SharedBatch& batch);
/// Errors: input.
[[nodiscard]] Result<SharedBatch> shared_batch_from_json(const Json& json,
                                                         const std::string& where);

/// The rollouts of one batch as one of the processes sees them that make them. A rollout is done
/// when its folder has its place in the run, and is made by who holds a claim on it. Thread-safe.
class SharedWork {
 public:
  /// `board` and `clock` outlive it.
  SharedWork(std::filesystem::path run, SharedBatch batch, store::LeaseBoard& board,
             const Clock& clock);
  struct Turn {
    enum class Kind {
      mine,  ///< this process has the claim, and is to make it
      done,  ///< it was made elsewhere; told once
      wait,  ///< others are at work; ask again later
      over   ///< nothing is left
    };
    Kind kind = Kind::over;
    std::size_t item = 0;
    std::string from;  ///< of `mine`: a process that is gone, and that had begun it; or ""
  };
  [[nodiscard]] Result<Turn> next();
  /// It has its place, and the claim was given back.
  void finished(std::size_t item);
  /// Gives the claim back. `again`: this process may take it once more.
  [[nodiscard]] Result<> leave(std::size_t item, bool again);
  /// What was found at its place is no result.
  void reopen(std::size_t item);
  [[nodiscard]] const SharedBatch& batch() const { return batch_; }
  /// Of a rollout, by its place in the run.
  [[nodiscard]] static std::string claim_key(const std::string& dir);

 private:
  enum class State : char { open, mine, found, told, left };
  Result<> look();
  Result<std::optional<Turn>> take(std::size_t item);
  [[nodiscard]] bool is_done(std::size_t item) const;

  const std::filesystem::path run_;
  const SharedBatch batch_;
  store::LeaseBoard& board_;
  const Clock& clock_;
  std::mutex mutex_;
  std::vector<std::string> keys_;
  std::vector<State> states_;
  std::set<std::string> claimed_;  ///< keys with a claim when last looked
  std::size_t cursor_ = 0;
  std::optional<SteadyTime> looked_, tried_;
};

/// One process among those that make the rollouts of a run together (docs/cluster.md). Its methods
/// are the protocol between them, whose files nobody else reads or writes.
class SharedRun {
 public:
  enum class Part { coordinator, worker };
  struct Options {
    std::filesystem::path run;
    std::string name;  ///< of this process, unique
    Part part = Part::worker;
    Duration lease = std::chrono::seconds(120);
    /// What the coordinator tells the workers of this session: its limits.
    Json limits = Json::object();
  };
  /// The coordinator begins a session, and ends what an earlier one left; a worker joins one.
  /// `files` and `clock` outlive it. Errors: input (a worker: nobody coordinates), io, disk_full.
  [[nodiscard]] static Result<std::unique_ptr<SharedRun>> open(Options options,
                                                               store::SharedFiles& files,
                                                               Clock& clock);
  ~SharedRun();
  SharedRun(const SharedRun&) = delete;
  SharedRun& operator=(const SharedRun&) = delete;

  /// What a run's coordinator told; an empty object where there is none. Errors: io.
  [[nodiscard]] static Result<Json> limits_of(const std::filesystem::path& run,
                                              store::SharedFiles& files);
  [[nodiscard]] store::LeaseBoard& board() { return *board_; }
  [[nodiscard]] const Options& options() const { return options_; }
  /// Where a rollout is made before it gets its place, relative to the folder of this process.
  [[nodiscard]] std::string staged(const std::string& dir) const;
  /// Puts a whole rollout in its place and gives its claim back. False: another one was first.
  [[nodiscard]] Result<bool> place(const std::filesystem::path& staged, const std::string& dir);
  /// Waits a little for the others; false: stopped.
  bool pause(const std::stop_token& stop);
  /// Errors: this process cannot give signs of life any more.
  [[nodiscard]] Result<> check() const { return alive_->check(); }
  /// After each sign of life.
  void on_beat(std::function<void()> listener);

  // The coordinator's side.
  /// Keeps a package where workers find it.
  [[nodiscard]] Result<> keep_skill(const std::string& hash, const skill::SkillPackage& package);
  [[nodiscard]] Result<std::unique_ptr<SharedWork>> ask(SharedBatch batch);
  /// Nobody is to begin any more of it.
  [[nodiscard]] Result<> withdraw(const SharedBatch& batch);

  // A worker's side.
  struct Work {
    std::shared_ptr<SharedWork> work;  ///< null: there is nothing to do now
    SharedWork::Turn turn;
    bool over = false;   ///< the run has come to its end, or its coordinator is gone for good
    bool alone = false;  ///< of `over`: the coordinator is gone
  };
  [[nodiscard]] Result<Work> next();
  [[nodiscard]] Result<skill::SkillPackage> skill_of(const SharedBatch& batch,
                                                     const std::string& hash) const;

 private:
  struct Session {
    std::string id, coordinator;
    bool ended = false;
  };
  SharedRun(Options options, store::SharedFiles& files, Clock& clock);
  Result<> begin();
  Result<> join();
  Result<> write_session(bool ended);
  Result<std::optional<Session>> session();
  Result<> look();

  Options options_;
  store::SharedFiles& files_;
  Clock& clock_;
  std::filesystem::path dir_;
  std::unique_ptr<store::LeaseBoard> board_;
  std::mutex mutex_;
  Session session_;
  std::function<void()> listener_;
  int next_batch_ = 1;
  std::map<std::string, std::shared_ptr<SharedWork>> works_;  ///< a worker's, by id
  std::optional<SteadyTime> looked_;
  bool over_ = false, alone_ = false;
  std::unique_ptr<store::KeepAlive> alive_;  ///< last: it uses the others
};

}  // namespace skillgrad::optim
