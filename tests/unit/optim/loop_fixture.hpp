// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/optim/rollouts.hpp>

#include "optim/scoring/gate.hpp"
#include "optim/scoring/loss.hpp"

namespace skillgrad::optim {

/// Tasks in memory. An agent's final message is its score; "error" is a grader that fails.
class FakeBenchmark final : public bench::Benchmark {
 public:
  void add(const std::string& id, const std::string& golden = "") {
    bench::Task task;
    task.id = id;
    task.prompt = "Do " + id;
    task.hash = task.content_hash = "hash of " + id;
    tasks_.push_back(task);
    golden_[id] = golden;
  }
  [[nodiscard]] std::string name() const override { return "fake"; }
  [[nodiscard]] std::string source() const override { return "memory"; }
  [[nodiscard]] std::string grading() const override { return "number"; }
  [[nodiscard]] const std::vector<bench::Task>& tasks() const override { return tasks_; }
  [[nodiscard]] const std::vector<std::string>& notices() const override { return notices_; }
  [[nodiscard]] std::optional<bench::Splits> own_splits() const override { return std::nullopt; }
  [[nodiscard]] Result<> set_up(const bench::Task&, const std::filesystem::path&,
                                const bench::GradeContext&) const override {
    return {};
  }
  [[nodiscard]] bench::Grade grade(const bench::Task& task, const bench::AgentAnswer& answer,
                                   const bench::GradeContext&) const override {
    bench::Grade out;
    out.task_id = task.id;
    out.message = "got " + answer.final_message;
    if (answer.final_message == "error") return out;
    const bool blank = answer.final_message.find_first_not_of(" ") == std::string::npos;
    out.score = blank ? 0 : std::stod(answer.final_message);
    out.hard = out.score >= 1;
    out.status = out.hard ? bench::GradeStatus::pass : bench::GradeStatus::fail;
    return out;
  }
  [[nodiscard]] Result<bench::AgentAnswer> golden_answer(
      const bench::Task& task, const std::filesystem::path& work_dir) const override {
    const std::string& text = golden_.at(task.id);
    if (text.empty()) return fail(ErrorCode::dataset, "no golden answer", task.id);
    return bench::AgentAnswer{work_dir, text};
  }
  [[nodiscard]] Result<bench::AgentAnswer> prediction(const bench::Task& task, const Json&,
                                                      const std::filesystem::path&,
                                                      const std::filesystem::path&) const override {
    return fail(ErrorCode::internal, "not asked for here", task.id);
  }
  std::vector<bench::Task> tasks_;

 private:
  std::vector<std::string> notices_;
  std::map<std::string, std::string> golden_;
};

/// Answers with what `score` says; keeps the scopes it was asked for.
class FakeExecutor final : public agent::Executor {
 public:
  /// A score as text, or "error" for a grader that fails.
  std::function<std::string(const agent::RolloutRequest&)> score;
  std::function<void(const std::filesystem::path& work_dir)> work;
  std::function<double(const agent::RolloutRequest&)> cost;  ///< USD; empty: 0
  std::function<agent::Trajectory(const agent::RolloutRequest&)> trajectory;
  /// An error that ends the rollout after so many calls; called for each.
  std::function<std::optional<Error>(const agent::RolloutRequest&)> failure;
  std::int64_t calls_before_failure = 0;

  agent::Rollout run(const agent::RolloutRequest& request, const llm::CallContext&) override {
    {
      const std::lock_guard lock(mutex_);
      scopes_.push_back(request.scope);
    }
    agent::Rollout out;
    out.task_id = request.task->id;
    out.sample = request.sample;
    if (work) {
      auto folder = TempDir::create("fake-task-");
      EXPECT_TRUE(folder);
      out.folder = std::make_shared<const TempDir>(std::move(*folder));
      work(out.work_dir());
    }
    if (failure) out.error = failure(request);
    if (out.error) {
      out.usage.calls = calls_before_failure;
      return out;
    }
    out.end = agent::EndState::finished;
    out.final_message = score(request);
    if (trajectory) out.trajectory = trajectory(request);
    out.skill_text = request.skill != nullptr ? request.skill->body() : "";
    out.cost_usd = cost ? cost(request) : 0.0;
    out.usage.calls = 1;
    return out;
  }
  [[nodiscard]] std::string system_prompt(const skill::SkillPackage*) const override { return {}; }
  /// Rollouts so far whose scope begins like this.
  [[nodiscard]] std::size_t runs(const std::string& prefix = "") const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(scopes_.begin(), scopes_.end(),
                      [&](const std::string& scope) { return scope.starts_with(prefix); }));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> scopes_;
};

class FakeObserver final : public Observer {
 public:
  void progress(const std::string&, std::size_t, std::size_t) override {}
  void iteration(const IterationRow&) override {}
  void notice(const std::string& text) override {
    const std::lock_guard lock(mutex_);
    notices_.push_back(text);
  }
  [[nodiscard]] bool said(const std::string& part) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(notices_.begin(), notices_.end(), [&](const std::string& text) {
      return text.find(part) != std::string::npos;
    });
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> notices_;
};

class FakeDiagnoser final : public Diagnoser {
 public:
  std::function<Result<Gradient>(const Evidence&)> answer = [](const Evidence& evidence) {
    Gradient out;
    out.task_id = evidence.task_id;
    Cause cause;
    cause.label = "a step was skipped";
    cause.analysis = "The agent skipped a step.";
    out.causes = {cause};
    return Result<Gradient>(out);
  };
  Result<Gradient> diagnose(const Evidence& evidence, const StageContext&) override {
    const std::lock_guard lock(mutex_);
    asked.push_back(evidence.task_id);
    evidences.push_back(evidence);
    return answer(evidence);
  }
  std::vector<std::string> asked;
  std::vector<Evidence> evidences;

 private:
  std::mutex mutex_;
};

class FakeMomentum final : public Momentum {
 public:
  std::function<Result<MomentumOutput>(const MomentumInput&)> answer = [](const MomentumInput& in) {
    MomentumOutput out;
    out.memory = in.memory;
    return Result<MomentumOutput>(out);
  };
  Result<MomentumOutput> update(const MomentumInput& input, const StageContext&) override {
    bodies.push_back(input.skill->body());
    inputs.push_back(input);
    return answer(input);
  }
  std::vector<std::string> bodies;
  std::vector<MomentumInput> inputs;  ///< without what they point to
};

/// Adds one line a patch: "Rule N of iteration T."
class FakePatcher final : public Patcher {
 public:
  std::function<void(PatchOutput&, const StageContext&)> change;
  Result<PatchOutput> patch(const PatchInput& input, const StageContext& context) override {
    inputs.push_back(input);
    PatchOutput out;
    out.candidate = *input.skill;
    const auto set = out.candidate.set_body(out.candidate.body() + "Rule of iteration " +
                                            std::to_string(context.iteration) + ".\n");
    if (!set) return tl::unexpected(set.error());
    out.patch.summary = "a rule";
    if (change) change(out, context);
    return out;
  }
  std::vector<PatchInput> inputs;
};

/// A whole loop over fakes in a folder of its own. `rule(skill, t)` says whether a skill holds the
/// rule of iteration t.
class LoopTest : public ::testing::Test {
 protected:
  LoopTest() : temp_(std::move(*TempDir::create("loop-test"))), accountant_(llm::Budget{}) {
    auto package = skill::SkillPackage::from_files(
        "demo", "---\nname: demo\ndescription: Demo work with tables.\n---\n# Demo\n\nWork.\n", {});
    EXPECT_TRUE(package);
    parts_.initial = *package;
    parts_.splits.origin = "test";
    parts_.benchmark = &benchmark_;
    parts_.executor = &executor_;
    parts_.diagnoser = &diagnoser_;
    parts_.patcher = &patcher_;
    parts_.accountant = &accountant_;
    parts_.clock = &clock_;
    parts_.observer = &observer_;
    StageDependencies dependencies;
    dependencies.benchmark = &benchmark_;
    dependencies.clock = &clock_;
    loss_ = std::move(*make_grader_loss(Json{{"name", "grader"}}, dependencies));
    parts_.loss = loss_.get();
    use_gate(GateRule::Mode::paired);
    settings_.schedule.batch = 2;
    executor_.score = [](const agent::RolloutRequest&) { return "0"; };
    open();
  }

  void use_gate(GateRule::Mode mode) {
    gate_ = std::move(*make_score_gate(mode, Json::object()));
    parts_.gate = gate_.get();
  }
  void tasks(std::vector<std::string> train, std::vector<std::string> val,
             std::vector<std::string> test = {}) {
    for (const auto* ids : {&train, &val, &test})
      for (const auto& id : *ids)
        if (benchmark_.find(id) == nullptr) benchmark_.add(id);
    parts_.splits.train = std::move(train);
    parts_.splits.val = std::move(val);
    parts_.splits.test = std::move(test);
  }
  /// (Re)opens the run directory, as a resume does.
  void open() {
    store_.reset();
    auto opened = store::RunStore::open(temp_.path() / "run", clock_);
    ASSERT_TRUE(opened) << opened.error().to_text();
    store_ = std::move(*opened);
    parts_.store = store_.get();
  }
  Result<OptimizeResult> optimize_now() {
    open();
    return optimize(settings_, parts_, {});
  }
  RolloutRunner runner(unsigned jobs = 1) {
    return RolloutRunner(
        {&benchmark_, &executor_, loss_.get(), store_.get(), &observer_, {}, jobs});
  }
  [[nodiscard]] Json json(const std::string& relative) const {
    const auto text = read_file(temp_.path() / "run" / relative);
    EXPECT_TRUE(text) << relative;
    return text ? Json::parse(*text, nullptr, false) : Json();
  }
  [[nodiscard]] bool has(const std::string& relative) const {
    return std::filesystem::exists(temp_.path() / "run" / relative);
  }
  static bool rule(const agent::RolloutRequest& request, int iteration) {
    return request.skill->body().find("Rule of iteration " + std::to_string(iteration) + ".") !=
           std::string::npos;
  }

  TempDir temp_;
  ManualClock clock_;
  llm::Accountant accountant_;
  FakeBenchmark benchmark_;
  FakeExecutor executor_;
  FakeObserver observer_;
  FakeDiagnoser diagnoser_;
  FakeMomentum momentum_;
  FakePatcher patcher_;
  std::unique_ptr<LossCollector> loss_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<store::RunStore> store_;
  OptimizeSettings settings_;
  OptimizeParts parts_;
};

}  // namespace skillgrad::optim
