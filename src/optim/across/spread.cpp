// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <utility>

#include <skillgrad/optim/across.hpp>

namespace skillgrad::optim {
namespace {

/// Each task once for each model.
class AcrossBenchmark final : public bench::Benchmark {
 public:
  AcrossBenchmark(std::unique_ptr<bench::Benchmark> plain, const Across& across)
      : plain_(std::move(plain)) {
    for (const bench::Task& task : plain_->tasks())
      for (std::size_t model = 0; model < across.models().size(); ++model) {
        bench::Task cell = task;
        cell.id = across.id(task.id, model);
        // Cells of one task are one task to whoever asks whether texts are those of several.
        if (cell.content_hash.empty()) cell.content_hash = "of " + task.id;
        by_id_.emplace(cell.id, tasks_.size());
        tasks_.push_back(std::move(cell));
        plain_tasks_.push_back(&task);
      }
  }

  [[nodiscard]] std::string name() const override { return plain_->name(); }
  [[nodiscard]] std::string source() const override { return plain_->source(); }
  [[nodiscard]] std::string grading() const override { return plain_->grading(); }
  [[nodiscard]] const std::vector<bench::Task>& tasks() const override { return tasks_; }
  [[nodiscard]] const std::vector<std::string>& notices() const override {
    return plain_->notices();
  }
  /// Splits were drawn before the tasks were spread.
  [[nodiscard]] std::optional<bench::Splits> own_splits() const override { return std::nullopt; }
  [[nodiscard]] Result<> set_up(const bench::Task& task, const std::filesystem::path& work_dir,
                                const bench::GradeContext& context) const override {
    return plain_->set_up(plain_task(task), work_dir, context);
  }
  [[nodiscard]] bool needs_work_dir(const bench::Task& task) const override {
    return plain_->needs_work_dir(plain_task(task));
  }
  [[nodiscard]] bool may_recalculate() const override { return plain_->may_recalculate(); }
  [[nodiscard]] bench::Grade grade(const bench::Task& task, const bench::AgentAnswer& answer,
                                   const bench::GradeContext& context) const override {
    bench::Grade out = plain_->grade(plain_task(task), answer, context);
    out.task_id = task.id;
    return out;
  }
  [[nodiscard]] Result<bench::AgentAnswer> golden_answer(
      const bench::Task& task, const std::filesystem::path& work_dir) const override {
    return plain_->golden_answer(plain_task(task), work_dir);
  }
  [[nodiscard]] Result<bench::AgentAnswer> prediction(
      const bench::Task& task, const Json& line, const std::filesystem::path& base_dir,
      const std::filesystem::path& work_dir) const override {
    return plain_->prediction(plain_task(task), line, base_dir, work_dir);
  }
  [[nodiscard]] bool follows_published_verdicts() const override {
    return plain_->follows_published_verdicts();
  }
  [[nodiscard]] std::optional<std::string> known_flaw(const bench::Task& task) const override {
    return plain_->known_flaw(plain_task(task));
  }
  [[nodiscard]] std::vector<std::string> criteria(const bench::Task& task) const override {
    return plain_->criteria(plain_task(task));
  }
  [[nodiscard]] const bench::Task* find(const std::string& id) const override {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &tasks_[found->second];
  }

 private:
  /// What the cell is made of.
  [[nodiscard]] const bench::Task& plain_task(const bench::Task& cell) const {
    return *plain_tasks_[by_id_.at(cell.id)];
  }

  std::unique_ptr<bench::Benchmark> plain_;
  std::vector<bench::Task> tasks_;
  std::vector<const bench::Task*> plain_tasks_;  ///< in the order of tasks_
  std::unordered_map<std::string, std::size_t> by_id_;
};

class AcrossExecutor final : public agent::Executor {
 public:
  AcrossExecutor(std::shared_ptr<const Across> across,
                 std::vector<std::unique_ptr<agent::Executor>> executors)
      : across_(std::move(across)), executors_(std::move(executors)) {}

  agent::Rollout run(const agent::RolloutRequest& request,
                     const llm::CallContext& context) override {
    return executors_.at(across_->of(request.task->id).model)->run(request, context);
  }
  [[nodiscard]] std::string system_prompt(const skill::SkillPackage* skill) const override {
    return executors_.front()->system_prompt(skill);
  }

 private:
  std::shared_ptr<const Across> across_;
  std::vector<std::unique_ptr<agent::Executor>> executors_;
};

}  // namespace

Result<SpreadTasks> spread_tasks(AcrossRule rule, std::vector<std::string> models,
                                 std::unique_ptr<bench::Benchmark> benchmark,
                                 const bench::Splits& splits) {
  auto across = std::make_shared<Across>(rule, std::move(models));
  for (const bench::Task& task : benchmark->tasks()) SKILLGRAD_CHECK(across->add(task.id));
  SpreadTasks out;
  out.splits = {across->cells(splits.train), across->cells(splits.val), across->cells(splits.test),
                splits.origin};
  out.benchmark = std::make_unique<AcrossBenchmark>(std::move(benchmark), *across);
  out.across = std::move(across);
  return out;
}

std::unique_ptr<agent::Executor> make_across_executor(
    std::shared_ptr<const Across> across, std::vector<std::unique_ptr<agent::Executor>> executors) {
  if (executors.size() != across->models().size())
    throw std::logic_error("an executor over several models needs one for each");
  return std::make_unique<AcrossExecutor>(std::move(across), std::move(executors));
}

}  // namespace skillgrad::optim
