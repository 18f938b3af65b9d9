// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "optim/scoring/loss.hpp"
#include "optim/stages/command_stage.hpp"

namespace skillgrad::optim {
namespace {

/// A user's program that turns a graded rollout into a loss: skillgrad.loss-request/1 in,
/// skillgrad.loss/1 out. The benchmark still grades; a task it cannot grade never reaches the
/// program.
class CommandLoss final : public LossCollector {
 public:
  CommandLoss(CommandStage command, std::unique_ptr<LossCollector> grader)
      : command_(std::move(command)), grader_(std::move(grader)) {}

  Result<LossRecord> collect(const bench::Task& task, const agent::Rollout& rollout,
                             const StageContext& context) override {
    SKILLGRAD_TRY(auto graded, grader_->collect(task, rollout, context));
    if (!graded.graded()) return graded;
    auto reply = command_.exchange({{"schema", "skillgrad.loss-request/1"},
                                    {"task_id", task.id},
                                    {"prompt", task.prompt},
                                    {"final_message", rollout.final_message},
                                    {"grade", to_json(graded)}},
                                   context);
    if (!reply) return failed(std::move(graded), std::move(reply).error());
    auto loss = loss_from_json(*reply);
    if (!loss) return failed(std::move(graded), command_.bad_answer(std::move(loss).error()));
    if (loss->task_id != task.id)
      return failed(std::move(graded),
                    command_.bad_answer(
                        {ErrorCode::infra,
                         fmt::format("got task_id \"{}\", expected \"{}\"", loss->task_id, task.id),
                         "skillgrad.loss/1 /task_id",
                         "copy the task_id",
                         {}}));
    follow_score(*loss, graded);
    if (const std::string problem = contradiction(*loss); !problem.empty())
      return failed(std::move(graded),
                    command_.bad_answer({ErrorCode::infra,
                                         problem,
                                         "skillgrad.loss/1",
                                         "let score, hard and status say the same",
                                         {}}));
    graded.score = loss->score;
    graded.loss = loss->loss;
    graded.hard = loss->hard;
    graded.status = loss->status;
    if (!loss->feedback.empty()) graded.feedback = loss->feedback;
    if (loss->failed())
      graded.error = loss->error.empty() ? "the loss program calls it an error" : loss->error;
    for (const auto& [name, value] : loss->components) graded.components[name] = value;
    command_.tell_unused(*reply, to_json(graded), context);
    return graded;
  }

 private:
  /// What a program hands back of the grade as it was, beside a score of its own, follows from that
  /// score; only words of its own can contradict it.
  static void follow_score(LossRecord& loss, const LossRecord& grade) {
    if (loss.failed() || loss.score == grade.score) return;
    // How a rollout ended ("timeout", ...) stays unless all of it is right now.
    if (loss.status == grade.status && (loss.score >= 1 || loss.status == LossStatus::pass))
      loss.status = loss.score >= 1 ? LossStatus::pass : LossStatus::fail;
    if (loss.hard == grade.hard) loss.hard = loss.score >= 1;
  }

  static std::string contradiction(const LossRecord& loss) {
    const auto says = fmt::format("status \"{}\" and score {}", name_of(loss.status), loss.score);
    if (loss.status == LossStatus::pass && loss.score < 1)
      return "got " + says + ": a pass scores 1";
    if (loss.status == LossStatus::fail && loss.score >= 1)
      return "got " + says + ": a score of 1 is a pass";
    if (loss.hard && loss.score < 1) return fmt::format("got hard 1 and score {}", loss.score);
    return {};
  }

  /// A program that fails says nothing about the agent: the task is an error, never a score. A stop
  /// request ends the run.
  static Result<LossRecord> failed(LossRecord record, Error error) {
    if (llm::ends_run(error.code)) return tl::unexpected(std::move(error));
    record.status = LossStatus::error;
    record.score = 0;
    record.hard = false;
    record.error = error.to_line();
    return record;
  }

  CommandStage command_;
  std::unique_ptr<LossCollector> grader_;
};

LossRegistry make_loss_registry() {
  LossRegistry out("loss stage");
  out.add("grader", make_grader_loss);
  out.add("command",
          [](const Json& options,
             const StageDependencies& dependencies) -> Result<std::unique_ptr<LossCollector>> {
            SKILLGRAD_TRY(auto command, CommandStage::from_options(options, dependencies));
            SKILLGRAD_TRY(auto grader, make_grader_loss(Json{{"name", "grader"}}, dependencies));
            return std::make_unique<CommandLoss>(std::move(command), std::move(grader));
          });
  return out;
}

}  // namespace

const LossRegistry& loss_registry() {
  static const LossRegistry registry = make_loss_registry();
  return registry;
}

}  // namespace skillgrad::optim
