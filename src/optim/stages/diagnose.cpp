// SPDX-License-Identifier: MIT
#include <utility>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/plan.hpp>
#include <skillgrad/optim/stages.hpp>

#include "optim/stages/command_stage.hpp"
#include "optim/stages/diagnose_tools.hpp"
#include "optim/stages/diagnosis_submission.hpp"
#include "optim/stages/dialog.hpp"
#include "optim/stages/older_forms.hpp"
#include "optim/stages/stage_facts.hpp"

namespace skillgrad::optim {
namespace {

using agent::tagged;

constexpr std::size_t kSkillBytes = 60'000;
constexpr std::size_t kTaskBytes = 20'000;
constexpr std::size_t kFeedbackBytes = 12'000;
constexpr std::size_t kTraceBytes = 60'000;
constexpr std::size_t kCureBytes = 300;
std::string known_patterns(const Evidence& evidence) {
  std::string out;
  for (const auto& pattern : evidence.known_patterns) {
    out += pattern.slug + ": " + replace_all(pattern.line, "\n", " ");
    const std::string cure = truncate_middle(replace_all(pattern.action, "\n", " "), kCureBytes);
    if (!cure.empty()) out += " | cure: " + cure;
    const std::string guess = truncate_middle(replace_all(pattern.guess, "\n", " "), kCureBytes);
    out += (guess.empty() ? "" : " | guess: " + guess) + "\n";
  }
  return out.empty() ? "none" : out;
}

std::string feedback_of(const LossRecord& record) {
  std::string out =
      std::string("status: ") + name_of(record.status) + ", score: " + format_double(record.score);
  if (record.end_state) out += std::string(", run ended: ") + name_of(*record.end_state);
  if (!record.feedback.empty()) out += "\n" + record.feedback;
  return truncate_middle(out, kFeedbackBytes);
}

std::string diagnosed_facts(const Evidence& evidence, const StageContext& context) {
  const std::string skill = evidence.skill_text.empty() ? "none" : evidence.skill_text;
  const std::string of = "diagnosis of " + evidence.task_id + ": the ";
  std::string out =
      tagged("known_patterns", known_patterns(evidence)) +
      tagged("skill_loaded", shown(skill, {kSkillBytes, of + "skill text"}, context)) +
      tagged("task", shown(evidence.task_prompt, {kTaskBytes, of + "task text"}, context)) +
      tagged("runs", evidence.group.text()) + tagged("feedback", feedback_of(evidence.current)) +
      tagged("trace", truncate_middle(evidence.current_trace, kTraceBytes));
  if (evidence.passing)
    out += tagged("passing_feedback", feedback_of(*evidence.passing)) +
           tagged("passing_trace", truncate_middle(evidence.passing_trace, kTraceBytes));
  if (evidence.kind == EvidenceKind::contrastive && evidence.initial) {
    out += tagged("earlier_feedback", feedback_of(*evidence.initial)) +
           tagged("earlier_trace", truncate_middle(evidence.initial_trace, kTraceBytes));
  }
  return out;
}

class LlmDiagnoser final : public Diagnoser {
 public:
  LlmDiagnoser(const StageDependencies& dependencies, std::string failure, std::string success,
               int turns)
      : model_(*dependencies.model),
        run_dir_(dependencies.run_dir),
        failure_(std::move(failure)),
        success_(std::move(success)),
        turns_(turns) {}

  [[nodiscard]] Result<Gradient> diagnose(const Evidence& evidence,
                                          const StageContext& context) override {
    const EvidenceFiles files(run_dir_, evidence);
    const auto trace = make_trace_reader(files);
    const auto file = make_task_file_reader(files);
    Gradient gradient;
    DialogSetup setup;
    setup.stage = "diagnoser";
    setup.scope = sub_scope(context, "diagnose/" + evidence.task_id);
    setup.system = evidence.kind == EvidenceKind::contrastive ? success_ : failure_;
    setup.user = diagnosed_facts(evidence, context);
    setup.tools = {trace.get(), file.get()};
    setup.hand_in = {"submit_diagnosis", "Hands in the diagnosis and ends the work.",
                     diagnosis_schema(evidence.kind)};
    const auto whole_trace = files.trajectory("current");
    const auto steps = whole_trace ? static_cast<std::int64_t>(whole_trace->events.size()) : 0;
    setup.accept = [&](const Json& object, Tries tries) -> Result<> {
      SKILLGRAD_TRY(gradient, read_diagnosis(object, {evidence, context, steps, tries}));
      return {};
    };
    setup.turns = turns_;
    SKILLGRAD_CHECK(Dialog(model_, std::move(setup), context).run());
    return gradient;
  }

 private:
  llm::ChatModel& model_;
  std::filesystem::path run_dir_;
  std::string failure_, success_;
  int turns_;
};

class CommandDiagnoser final : public Diagnoser {
 public:
  explicit CommandDiagnoser(CommandStage command) : command_(std::move(command)) {}

  [[nodiscard]] Result<Gradient> diagnose(const Evidence& evidence,
                                          const StageContext& context) override {
    SKILLGRAD_TRY(const Json answer, command_.exchange(to_json(evidence), context));
    auto gradient = gradient_from_json(answer);
    if (!gradient) return tl::unexpected(command_.bad_answer(std::move(gradient).error()));
    if (gradient->task_id != evidence.task_id) {
      return fail(ErrorCode::infra,
                  "got a diagnosis of task \"" + truncate_middle(gradient->task_id, 100) +
                      "\", expected \"" + evidence.task_id + "\"",
                  command_.label(), "copy task_id from the request");
    }
    gradient->kind = evidence.kind;
    gradient->loss = evidence.current.loss;
    command_.tell_unused(answer, used_of_gradient(to_json(*gradient), answer), context);
    for (const Cause& cause : gradient->causes)
      for (const std::string& fault : faults_of_slugs(cause, evidence))
        command_.tell(fault, context);
    return gradient;
  }

 private:
  CommandStage command_;
};

Result<std::unique_ptr<Diagnoser>> make_llm_diagnoser(const Json& options,
                                                      const StageDependencies& dependencies) {
  SKILLGRAD_TRY(const int turns, turns_option(options, "diagnoser", kDiagnoserTurns));
  SKILLGRAD_TRY(std::string failure, dependencies.prompt("diagnose_failure"));
  SKILLGRAD_TRY(std::string success, dependencies.prompt("diagnose_success"));
  return std::make_unique<LlmDiagnoser>(dependencies, std::move(failure), std::move(success),
                                        turns);
}

Result<std::unique_ptr<Diagnoser>> make_command_diagnoser(const Json& options,
                                                          const StageDependencies& dependencies) {
  SKILLGRAD_TRY(CommandStage command, CommandStage::from_options(options, dependencies));
  return std::make_unique<CommandDiagnoser>(std::move(command));
}

}  // namespace

const DiagnoserRegistry& diagnoser_registry() {
  static const DiagnoserRegistry registry = [] {
    DiagnoserRegistry out("diagnoser");
    out.add("llm", make_llm_diagnoser);
    out.add("command", make_command_diagnoser);
    return out;
  }();
  return registry;
}

}  // namespace skillgrad::optim
