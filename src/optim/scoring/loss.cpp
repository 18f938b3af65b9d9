// SPDX-License-Identifier: MIT
#include "optim/scoring/loss.hpp"

#include <algorithm>
#include <array>
#include <utility>

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
  out.timed = rollout.replayed_calls == 0;
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
    // Without a cost the loss is not known, and a rollout without a loss is no result.
    if (out.graded() && weights_.cost > 0 && context.objective.cost0 > 0 && !out.cost_usd)
      return error_record(rollout,
                          "what it cost is not known, and cost weighs in the loss: give --price or "
                          "--prices, or leave \"cost\" out of --loss");
    return out;
  }

 private:
  LossWeights weights_;
  const bench::Benchmark* benchmark_;
  bench::GradeContext grading_;
};

std::array<std::pair<const char*, double>, 5> weights_by_name(const LossWeights& weights) {
  return {{{"quality", weights.quality},
           {"cost", weights.cost},
           {"time", weights.time},
           {"size", weights.size},
           {"violations", weights.violations}}};
}

/// Of what decisions tell apart: more is as bad.
double highest_loss(const LossWeights& weights) {
  constexpr double kDear = 3;  // times the baseline's mean
  return weights.quality + kDear * (weights.cost + weights.time) + weights.size +
         weights.violations;
}

}  // namespace

void combine_loss(const LossWeights& weights, const ObjectiveFacts& facts, LossRecord& record) {
  auto& components = record.components;
  components["quality"] = 1 - record.score;
  if (record.cost_usd && facts.cost0 > 0) components["cost"] = *record.cost_usd / facts.cost0;
  if (record.timed && facts.time0 > 0) components["time"] = record.seconds / facts.time0;
  components["size"] = facts.size_ratio > 1 ? facts.size_ratio - 1 : 0;
  components["violations"] = facts.violations;
  record.loss = 0;
  for (const auto& [name, weight] : weights_by_name(weights))
    if (const auto known = components.find(name); known != components.end())
      record.loss += weight * known->second;
}

std::optional<double> value_of(const LossWeights& weights, const ObjectiveFacts& facts,
                               const LossRecord& record) {
  LossRecord weighed = record;
  weighed.components.clear();
  combine_loss(weights, facts, weighed);
  for (const auto& [name, weight] : weights_by_name(weights))
    if (weight > 0 && !weighed.components.contains(name)) return std::nullopt;
  return std::clamp(1 - weighed.loss / highest_loss(weights), 0.0, 1.0);
}

double largest_step(const LossWeights& weights) {
  return std::max({weights.quality, weights.cost, weights.time, weights.size, weights.violations}) /
         highest_loss(weights);
}

Result<LossWeights> loss_weights(const Json& options) {
  LossWeights out;
  if (options.is_object() && options.value("name", Json("grader")) != Json("grader")) return out;
  StrictReader reader(options, "loss options");
  reader.ignore("name");
  out.quality = reader.number("quality", 1.0, 0, 1000);
  out.cost = reader.number("cost", 0.0, 0, 1000);
  out.time = reader.number("time", 0.0, 0, 1000);
  out.size = reader.number("size", 0.0, 0, 1000);
  out.violations = reader.number("violations", 0.0, 0, 1000);
  SKILLGRAD_CHECK(finish_options(reader));
  if (out.quality <= 0 && !out.several())
    return fail(ErrorCode::config, "every weight is 0, so that nothing is a loss", "loss options",
                "give one of quality, cost, time, size and violations a weight above 0");
  return out;
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
  out.timed = rollout.replayed_calls == 0;
  return out;
}

Result<std::unique_ptr<LossCollector>> make_grader_loss(const Json& options,
                                                        const StageDependencies& dependencies) {
  SKILLGRAD_TRY(const auto weights, loss_weights(options));
  return std::make_unique<GraderLoss>(weights, dependencies);
}

}  // namespace skillgrad::optim
