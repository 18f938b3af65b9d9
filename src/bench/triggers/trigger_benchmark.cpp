// SPDX-License-Identifier: MIT
#include "bench/triggers/trigger_benchmark.hpp"

#include <map>

#include <skillgrad/bench/triggers.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>

#include "bench/grade_tools.hpp"

namespace skillgrad::bench {
namespace {

class TriggerBenchmark final : public Benchmark {
 public:
  TriggerBenchmark(std::string source, TriggerQueries queries)
      : source_(std::move(source)), notices_(std::move(queries.notices)) {
    for (TriggerQuery& query : queries.items) {
      Task task;
      task.id = query.id;
      task.prompt = query.query;
      task.category = query.should_trigger ? "should trigger" : "should not trigger";
      task.content_hash = PartHasher().add("trigger").add(query.query).finish();
      task.hash = PartHasher().add(task.content_hash).add(task.category).finish();
      task.activation_decides = true;
      should_[query.id] = query.should_trigger;
      tasks_.push_back(std::move(task));
    }
  }

  [[nodiscard]] std::string name() const override { return kTriggers; }
  [[nodiscard]] std::string source() const override { return source_; }
  [[nodiscard]] std::string grading() const override { return "triggers"; }
  [[nodiscard]] const std::vector<Task>& tasks() const override { return tasks_; }
  [[nodiscard]] const std::vector<std::string>& notices() const override { return notices_; }
  [[nodiscard]] std::optional<Splits> own_splits() const override { return std::nullopt; }
  [[nodiscard]] Result<> set_up(const Task&, const std::filesystem::path&,
                                const GradeContext&) const override {
    return {};
  }
  [[nodiscard]] bool needs_work_dir(const Task&) const override { return false; }

  [[nodiscard]] Grade grade(const Task& task, const AgentAnswer& answer,
                            const GradeContext&) const override {
    const auto should = should_.find(task.id);
    if (should == should_.end())
      return error_grade(task.id, GradeErrorKind::dataset_error, "no query of this name",
                         "name a query of " + source_);
    if (!answer.activated)
      return error_grade(task.id, GradeErrorKind::infra_error,
                         "nobody recorded whether the skill was activated",
                         "let an agent run the query: `skillgrad triggers SKILL`");
    const bool right = *answer.activated == should->second;
    Grade grade;
    grade.task_id = task.id;
    grade.grader = "triggers";
    grade.total = 1;
    grade.matched = right ? 1 : 0;
    grade.score = right ? 1 : 0;
    settle(grade);
    grade.message = should->second ? (right ? "the skill was activated, as this request should do"
                                            : "the request should activate the skill, and did not")
                                   : (right ? "the skill was left alone, as this request should do"
                                            : "the request should not activate the skill, and did");
    return grade;
  }

  [[nodiscard]] Result<AgentAnswer> golden_answer(
      const Task& task, const std::filesystem::path& work_dir) const override {
    AgentAnswer out{work_dir, ""};
    const auto should = should_.find(task.id);
    out.activated = should != should_.end() && should->second;
    out.golden = true;
    return out;
  }

  [[nodiscard]] Result<AgentAnswer> prediction(const Task& task, const Json&,
                                               const std::filesystem::path&,
                                               const std::filesystem::path&) const override {
    return fail(ErrorCode::config, "an answer does not say whether a skill was activated", task.id,
                "let an agent run the query: `skillgrad triggers SKILL`");
  }

 private:
  std::string source_;
  std::vector<std::string> notices_;
  std::vector<Task> tasks_;
  std::map<std::string, bool> should_;
};

}  // namespace

Result<std::unique_ptr<Benchmark>> load_triggers(const std::filesystem::path& path,
                                                 const BenchmarkOptions& options) {
  if (!options.map.empty())
    return fail(ErrorCode::config, "a column map fits tables and records, not queries",
                path.string(), "leave --map out");
  std::error_code ignored;
  std::filesystem::path file = path;
  if (std::filesystem::is_directory(path, ignored)) {
    file = find_trigger_queries(path);
    if (file.empty())
      return fail(ErrorCode::input, "there are no queries: no evals/triggers.json in this folder",
                  path.string(), "name the file, or write one");
  }
  SKILLGRAD_TRY(auto queries, read_trigger_queries(file));
  return std::unique_ptr<Benchmark>(
      std::make_unique<TriggerBenchmark>(path.string(), std::move(queries)));
}

}  // namespace skillgrad::bench
