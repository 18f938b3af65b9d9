// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/plan.hpp>
#include <skillgrad/optim/stages.hpp>

#include "optim/stages/command_stage.hpp"
#include "optim/stages/diagnose_tools.hpp"
#include "optim/stages/dialog.hpp"
#include "optim/stages/stage_facts.hpp"

namespace skillgrad::optim {
namespace {

using agent::tagged;

constexpr std::size_t kSkillBytes = 60'000;
constexpr std::size_t kTaskBytes = 20'000;
constexpr std::size_t kFeedbackBytes = 12'000;
constexpr std::size_t kTraceBytes = 60'000;
constexpr std::size_t kCureBytes = 300;
constexpr std::size_t kLabelWords = 10;  ///< 3 to 6 are asked for; more than this is prose
constexpr std::size_t kLabelBytes = 120;

constexpr const char* kSubmitSchema =
    R"({"type":"object","properties":{)"
    R"("label":{"type":"string","description":"3 to 6 words that name the cause; no value of this task"},)"
    R"("analysis":{"type":"string","description":"The diagnosis in prose"},)"
    R"("skipped_step":{"type":"string","description":"The reasoning step that was left out or, for a success, added; empty if none"},)"
    R"("steps":{"type":"array","items":{"type":"integer"},"description":"Numbers of the trace steps this rests on"},)"
    R"("known":{"type":"string","description":"Slug of the known pattern this is, or new, or empty"}},)"
    R"("required":["label","analysis","skipped_step","steps","known"]})";

std::string known_patterns(const Evidence& evidence) {
  std::string out;
  for (const auto& pattern : evidence.known_patterns) {
    out += pattern.slug + ": " + replace_all(pattern.line, "\n", " ");
    const std::string cure = truncate_middle(replace_all(pattern.action, "\n", " "), kCureBytes);
    out += (cure.empty() ? "" : " | cure: " + cure) + "\n";
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

std::string facts(const Evidence& evidence, const StageContext& context) {
  const std::string skill = evidence.skill_text.empty() ? "none" : evidence.skill_text;
  const std::string of = "diagnosis of " + evidence.task_id + ": the ";
  std::string out =
      tagged("known_patterns", known_patterns(evidence)) +
      tagged("skill_loaded", shown(skill, {kSkillBytes, of + "skill text"}, context)) +
      tagged("task", shown(evidence.task_prompt, {kTaskBytes, of + "task text"}, context)) +
      tagged("feedback", feedback_of(evidence.current)) +
      tagged("trace", truncate_middle(evidence.current_trace, kTraceBytes));
  if (evidence.kind == EvidenceKind::contrastive && evidence.initial) {
    out += tagged("earlier_feedback", feedback_of(*evidence.initial)) +
           tagged("earlier_trace", truncate_middle(evidence.initial_trace, kTraceBytes));
  }
  return out;
}

std::size_t word_count(const std::string& text) {
  const std::vector<std::string> words = split(text, ' ');
  return static_cast<std::size_t>(std::count_if(
      words.begin(), words.end(), [](const std::string& word) { return !trim(word).empty(); }));
}

/// `last`: of the trace; 0 where nobody knows.
std::vector<int> read_steps(StrictReader& reader, std::int64_t last) {
  std::vector<int> out;
  const Json steps = reader.any("steps");
  if (steps.is_null()) return out;
  if (!steps.is_array()) {
    reader.reject("steps", "got a " + std::string(steps.type_name()) + ", expected an array",
                  "write the step numbers as [3, 7]");
    return out;
  }
  for (const Json& step : steps) {
    if (!step.is_number_integer() || step.get<std::int64_t>() < 1 ||
        step.get<std::int64_t>() > 1'000'000) {
      reader.reject("steps", "got " + dump_json(step) + ", expected step numbers from 1",
                    "write the step numbers as [3, 7]");
      return out;
    }
    if (last > 0 && step.get<std::int64_t>() > last) {
      reader.reject("steps", "the trace has no step " + dump_json(step),
                    "name steps from 1 to " + std::to_string(last));
      return out;
    }
    out.push_back(step.get<int>());
  }
  return out;
}

bool is_known(const std::string& known, const Evidence& evidence) {
  if (known.empty() || known == "new") return true;
  const auto& patterns = evidence.known_patterns;
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const auto& pattern) { return pattern.slug == known; });
}

void check_known(const Evidence& evidence, StrictReader& reader, const std::string& known) {
  if (is_known(known, evidence)) return;
  std::vector<std::string> slugs;
  for (const auto& pattern : evidence.known_patterns) slugs.push_back(pattern.slug);
  reader.reject("known", "there is no known pattern \"" + truncate_middle(known, 80) + "\"",
                slugs.empty() ? "write \"new\"" : "write \"new\" or one of: " + join(slugs, ", "));
}

/// What a hand-in is read against.
struct Reading {
  const Evidence& evidence;
  std::int64_t last_step = 0;
  Tries tries = Tries::left;
};

Result<Gradient> read_diagnosis(const Json& object, const Reading& reading) {
  const Evidence& evidence = reading.evidence;
  StrictReader reader(object, "submit_diagnosis");
  Gradient out;
  out.task_id = evidence.task_id;
  out.kind = evidence.kind;
  out.label = std::string(trim(reader.string("label")));
  out.gradient = std::string(trim(reader.string("analysis")));
  out.skipped_step = std::string(trim(reader.string("skipped_step", "")));
  out.known = std::string(trim(reader.string("known", "")));
  out.steps = read_steps(reader, reading.last_step);
  if (out.label.empty() || out.label.size() > kLabelBytes ||
      out.label.find('\n') != std::string::npos || word_count(out.label) > kLabelWords) {
    reader.reject("label", "it has " + std::to_string(word_count(out.label)) + " words",
                  "name the cause in 3 to 6 words");
  }
  if (out.gradient.empty()) reader.reject("analysis", "it is empty", "write the diagnosis");
  if (out.gradient.size() > kAnalysisBytes && reading.tries == Tries::left)
    reader.reject(
        "analysis", "it has " + std::to_string(out.gradient.size()) + " bytes",
        "at most " + std::to_string(kAnalysisBytes) + " are passed on whole; say it more briefly");
  check_known(evidence, reader, out.known);
  SKILLGRAD_CHECK(reader.finish());
  out.loss = evidence.current.loss;
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
    setup.user = facts(evidence, context);
    setup.tools = {trace.get(), file.get()};
    setup.hand_in = {"submit_diagnosis", "Hands in the diagnosis and ends the work.",
                     kSubmitSchema};
    const auto whole_trace = files.trajectory("current");
    const auto steps = whole_trace ? static_cast<std::int64_t>(whole_trace->events.size()) : 0;
    setup.accept = [&](const Json& object, Tries tries) -> Result<> {
      SKILLGRAD_TRY(gradient, read_diagnosis(object, {evidence, steps, tries}));
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
    command_.tell_unused(answer, to_json(*gradient), context);
    if (!is_known(gradient->known, evidence))
      command_.tell("there is no known pattern \"" + truncate_middle(gradient->known, 80) + "\"",
                    context);
    return gradient;
  }

 private:
  CommandStage command_;
};

Result<std::unique_ptr<Diagnoser>> make_llm(const Json& options,
                                            const StageDependencies& dependencies) {
  SKILLGRAD_TRY(const int turns, turns_option(options, "diagnoser", kDiagnoserTurns));
  SKILLGRAD_TRY(std::string failure, dependencies.prompt("diagnose_failure"));
  SKILLGRAD_TRY(std::string success, dependencies.prompt("diagnose_success"));
  return std::make_unique<LlmDiagnoser>(dependencies, std::move(failure), std::move(success),
                                        turns);
}

Result<std::unique_ptr<Diagnoser>> make_command(const Json& options,
                                                const StageDependencies& dependencies) {
  SKILLGRAD_TRY(CommandStage command, CommandStage::from_options(options, dependencies));
  return std::make_unique<CommandDiagnoser>(std::move(command));
}

}  // namespace

const DiagnoserRegistry& diagnoser_registry() {
  static const DiagnoserRegistry registry = [] {
    DiagnoserRegistry out("diagnoser");
    out.add("llm", make_llm);
    out.add("command", make_command);
    return out;
  }();
  return registry;
}

}  // namespace skillgrad::optim
