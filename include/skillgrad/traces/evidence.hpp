// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/traces/sessions.hpp>

namespace skillgrad::traces {

/// Tasks that can be run, and recorded sessions as tasks that have been: each session is a task
/// whose prompt is its first request, and whose grade is its outcome. Immutable, hence
/// thread-safe.
class TraceBenchmark final : public bench::Benchmark {
 public:
  /// `executable` may be null: then nothing can be run. `sessions` have outcomes and ids that no
  /// task of `executable` has.
  TraceBenchmark(std::unique_ptr<bench::Benchmark> executable, std::string place,
                 std::vector<Session> sessions);

  [[nodiscard]] std::string name() const override;
  [[nodiscard]] std::string source() const override;
  [[nodiscard]] std::string grading() const override;
  [[nodiscard]] const std::vector<bench::Task>& tasks() const override { return tasks_; }
  [[nodiscard]] const std::vector<std::string>& notices() const override { return notices_; }
  [[nodiscard]] std::optional<bench::Splits> own_splits() const override;
  [[nodiscard]] Result<> set_up(const bench::Task& task, const fs::path& work_dir,
                                const bench::GradeContext& context) const override;
  [[nodiscard]] bool needs_work_dir(const bench::Task& task) const override;
  [[nodiscard]] bool may_recalculate() const override;
  [[nodiscard]] bench::Grade grade(const bench::Task& task, const bench::AgentAnswer& answer,
                                   const bench::GradeContext& context) const override;
  [[nodiscard]] Result<bench::AgentAnswer> golden_answer(const bench::Task& task,
                                                         const fs::path& work_dir) const override;
  [[nodiscard]] Result<bench::AgentAnswer> prediction(const bench::Task& task, const Json& line,
                                                      const fs::path& base_dir,
                                                      const fs::path& work_dir) const override;
  [[nodiscard]] bool follows_published_verdicts() const override;
  [[nodiscard]] std::optional<std::string> known_flaw(const bench::Task& task) const override;
  [[nodiscard]] std::vector<std::string> criteria(const bench::Task& task) const override;
  [[nodiscard]] const bench::Task* find(const std::string& id) const override;

  /// null where nothing can be run.
  [[nodiscard]] const bench::Benchmark* executable() const { return executable_.get(); }
  /// The session behind a task, or null.
  [[nodiscard]] const Session* session(const std::string& task_id) const;
  [[nodiscard]] const std::vector<Session>& sessions() const { return sessions_; }
  [[nodiscard]] const std::string& place() const { return place_; }

 private:
  std::unique_ptr<bench::Benchmark> executable_;
  std::string place_;
  std::vector<Session> sessions_;
  std::vector<bench::Task> tasks_;
  std::vector<std::string> notices_;
  std::map<std::string, std::size_t> by_id_, tasks_by_id_;  ///< indexes of sessions and tasks
};

/// Answers for a recorded session with what was recorded, whatever the skill is by now, and lets
/// `next` run everything else. Both outlive it; thread-safe as `next` is.
[[nodiscard]] std::unique_ptr<agent::Executor> make_trace_executor(const TraceBenchmark& benchmark,
                                                                   agent::Executor& next);

/// Texts that ask for the same, but for white space and case, have the same key.
[[nodiscard]] std::string request_key(const std::string& request);

}  // namespace skillgrad::traces
