// SPDX-License-Identifier: MIT
#include "optim/scoring/loss.hpp"

#include "optim/stages/stage_options.hpp"

namespace skillgrad::optim {
namespace {

/// A task ended by a limit or a refusal is still graded: what it left behind is its result.
LossStatus status_of(const agent::Rollout& rollout, const bench::Grade& grade) {
  if (grade.status == bench::GradeStatus::error) return LossStatus::error;
  if (grade.status == bench::GradeStatus::pass) return LossStatus::pass;
  switch (rollout.end) {
    case agent::EndState::time_limit:
      return LossStatus::timeout;
    case agent::EndState::turn_limit:
    case agent::EndState::token_limit:
      return LossStatus::limit;
    case agent::EndState::refused:
      return LossStatus::refused;
    default:
      return LossStatus::fail;
  }
}

LossRecord error_record(const agent::Rollout& rollout, std::string message) {
  LossRecord out;
  out.task_id = rollout.task_id;
  out.sample = rollout.sample;
  out.status = LossStatus::error;
  out.error = std::move(message);
  out.end_state = rollout.end;
  out.usage = rollout.usage;
  out.cost_usd = rollout.cost_usd;
  out.seconds = rollout.seconds;
  return out;
}

class GraderLoss final : public LossCollector {
 public:
  GraderLoss(LossWeights weights, const StageDependencies& dependencies)
      : weights_(weights), benchmark_(dependencies.benchmark), grading_(dependencies.grading) {}

  Result<LossRecord> collect(const bench::Task& task, const agent::Rollout& rollout,
                             const StageContext& context) override {
    if (rollout.end == agent::EndState::infra_error)
      return error_record(rollout, rollout.error ? rollout.error->to_line() : "execution failed");
    bench::GradeContext grading = grading_;
    grading.stop = context.call.stop;
    grading.judging.scope = context.scope;
    grading.judging.deadline = context.call.deadline;
    grading.judging.opinion = context.failed_gradings;
    bench::AgentAnswer answer{rollout.work_dir(), rollout.final_message};
    answer.activated = rollout.activated;
    const bench::Grade grade = benchmark_->grade(task, answer, grading);
    if (context.call.stop.stop_requested())
      return fail(ErrorCode::cancelled, "stopped while grading", task.id);
    if (grade.call_error && llm::ends_run(grade.call_error->code))
      return tl::unexpected(Error(*grade.call_error).with_context("grading " + task.id));
    LossRecord out = make_loss_record(rollout, grade);
    if (out.graded()) combine_loss(weights_, context.objective, out);
    return out;
  }

 private:
  LossWeights weights_;
  const bench::Benchmark* benchmark_;
  bench::GradeContext grading_;
};

}  // namespace

void combine_loss(const LossWeights& weights, const ObjectiveFacts& facts, LossRecord& record) {
  const auto ratio = [](double value, double base) { return base > 0 ? value / base : 0.0; };
  auto& components = record.components;
  components["quality"] = 1 - record.score;
  components["cost"] = ratio(record.cost_usd.value_or(0), facts.cost0);
  components["time"] = ratio(record.seconds, facts.time0);
  components["size"] = facts.size_ratio > 1 ? facts.size_ratio - 1 : 0;
  components["violations"] = facts.violations;
  record.loss = weights.quality * components["quality"] + weights.cost * components["cost"] +
                weights.time * components["time"] + weights.size * components["size"] +
                weights.violations * components["violations"];
}

LossRecord make_loss_record(const agent::Rollout& rollout, const bench::Grade& grade) {
  if (grade.status == bench::GradeStatus::error) {
    LossRecord out = error_record(rollout, grade.message);
    out.call_error = grade.call_error;
    out.ungradable = grade.kind == bench::GradeErrorKind::dataset_error;
    return out;
  }
  LossRecord out;
  out.task_id = rollout.task_id;
  out.sample = rollout.sample;
  out.status = status_of(rollout, grade);
  out.score = grade.score;
  out.loss = 1 - grade.score;
  out.hard = grade.hard;
  out.matched = grade.matched;
  out.total = grade.total;
  out.feedback = grade.message;
  out.checks = grade.checks;
  out.end_state = rollout.end;
  out.usage = rollout.usage;
  out.cost_usd = rollout.cost_usd;
  out.seconds = rollout.seconds;
  return out;
}

Result<std::unique_ptr<LossCollector>> make_grader_loss(const Json& options,
                                                        const StageDependencies& dependencies) {
  StrictReader reader(options, "loss options");
  reader.ignore("name");
  LossWeights weights;
  weights.quality = reader.number("quality", 1.0, 0, 1000);
  weights.cost = reader.number("cost", 0.0, 0, 1000);
  weights.time = reader.number("time", 0.0, 0, 1000);
  weights.size = reader.number("size", 0.0, 0, 1000);
  weights.violations = reader.number("violations", 0.0, 0, 1000);
  SKILLGRAD_CHECK(finish_options(reader));
  return std::make_unique<GraderLoss>(weights, dependencies);
}

}  // namespace skillgrad::optim
