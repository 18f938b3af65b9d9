// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/plan.hpp>
#include <skillgrad/optim/stages.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "optim/stages/addressed.hpp"
#include "optim/stages/command_stage.hpp"
#include "optim/stages/dialog.hpp"
#include "optim/stages/patch_tools.hpp"
#include "optim/stages/stage_facts.hpp"

namespace skillgrad::optim {
namespace {

using agent::tagged;

constexpr std::size_t kPatchedSkillBytes = 120'000;
constexpr std::size_t kMemoryBytes = 60'000;
constexpr std::size_t kDiffBytes = 5'000;

constexpr const char* kFinishSchema =
    R"({"type":"object","properties":{)"
    R"("summary":{"type":"string","description":"One or two sentences: what changed and why"},)"
    R"("addressed":{"type":"array","description":"The patterns this patch is about","items":{"type":"object","properties":{)"
    R"("pattern":{"type":"string","description":"Slug of the pattern; without a record the label of the diagnosis"},"anchor":{"type":"string","description":"Slug of the heading, or base name of the file, that was edited: fill-a-column, dates.md"},)"
    R"("reason":{"type":"string","description":"Why the edit removes the cause, in one line"},)"
    R"("inferred":{"type":"string","description":"What the rule says that no case shows; empty if every part of it was seen"},)"
    R"("supports":{"type":"array","items":{"type":"string"},"description":"Ids of the tasks whose results show the rule"},)"
    R"("against":{"type":"array","items":{"type":"string"},"description":"Ids of the tasks that contradict it"}},)"
    R"("required":["pattern","anchor","reason","inferred","supports","against"]}}},)"
    R"("required":["summary","addressed"]})";

std::string overlay_text(const Overlay* overlay) {
  if (overlay == nullptr || overlay->entries.empty()) return "none";
  const Json whole = to_json(*overlay);
  Json items = whole.at("overlay");
  for (const Json& theme : whole.at("themes")) items.push_back(theme);
  return dump_json(items, 1);
}

std::string memory_text(const MomentumMemory* memory, const StageContext& context) {
  if (memory == nullptr || memory->patterns.empty()) return "none";
  return shown(memory->to_markdown(), {kMemoryBytes, "patch: the record"}, context);
}

std::string rejected_text(const std::vector<RejectedPatch>& rejected) {
  std::string out;
  for (const RejectedPatch& patch : rejected) {
    out += "Iteration " + std::to_string(patch.iteration) + ": " + patch.summary +
           "\nWhy it was not kept: " + patch.reason + "\n" +
           truncate_middle(patch.diff, kDiffBytes) + "\n";
  }
  return out.empty() ? "none" : out;
}

std::string patch_facts(const PatchInput& input, const StageContext& context) {
  return skill_facts(*input.skill, SkillPart::file, {kPatchedSkillBytes, "patch: SKILL.md"},
                     context) +
         tagged("files", bundled_files(*input.skill, true)) +
         tagged("skill_version", version_text(input.skill_iteration)) +
         tagged("memory", memory_text(input.memory, context)) +
         tagged("overlay", overlay_text(input.overlay)) +
         tagged("rejected", rejected_text(input.rejected)) +
         tagged("diagnoses", diagnoses_json(input.gradients, input.facts)) +
         // At the end, so that what the candidates of a step share can be cached.
         (input.manner.empty() ? "" : tagged("manner", input.manner));
}

std::string finding_line(const skill::Finding& finding) {
  const std::string file = finding.file.empty() ? "SKILL.md" : finding.file;
  return finding.rule + " " + file + ":" + std::to_string(finding.line) + " " +
         replace_all(finding.message, "\n", " ") + "\n";
}

/// The lint report as a further user message: what blocks first, then what is only advised.
std::string lint_message(const skill::LintReport& report) {
  std::string lines;
  for (const skill::Finding& finding : report.blocking) lines += finding_line(finding);
  for (const skill::Finding& finding : report.findings) {
    if (finding.severity != skill::Severity::soft) continue;
    skill::Finding advice = finding;
    advice.message = "(advice) " + advice.message;
    lines += finding_line(advice);
  }
  return tagged("lint", lines);
}

EditRules rules_of(const PatchInput& input) {
  return input.lint.procedure_profile ? EditRules::procedure : EditRules::general;
}

skill::LintReport check(const CandidateEditor& editor, const PatchInput& input) {
  skill::LintContext context = input.lint;
  if (context.previous == nullptr) context.previous = input.skill;
  return skill::lint(editor.candidate(), context);
}

/// What is left after the blocking findings are taken out.
std::vector<skill::Finding> other_findings(const skill::LintReport& report) {
  std::vector<skill::Finding> out;
  for (const skill::Finding& finding : report.findings) {
    const bool blocks = std::any_of(
        report.blocking.begin(), report.blocking.end(), [&](const skill::Finding& other) {
          return other.rule == finding.rule && other.file == finding.file &&
                 other.line == finding.line && other.message == finding.message;
        });
    if (!blocks) out.push_back(finding);
  }
  return out;
}

PatchOutput to_output(const CandidateEditor& editor, const skill::LintReport& report,
                      const PatchInput& input, Patch hand_in, int rounds) {
  PatchOutput out;
  out.candidate = editor.candidate();
  out.patch = std::move(hand_in);
  out.patch.edits.clear();
  out.repair_rounds = rounds;
  // Edits that take each other back are no patch; what made the model take them back is told.
  if (editor.candidate() == *input.skill) {
    out.blocking = report.blocking;
    return out;
  }
  out.patch.edits = editor.edits();
  out.findings = other_findings(report);
  out.blocking = report.blocking;
  return out;
}

/// A repair that the model did not manage leaves a candidate to reject; anything else is an error.
bool is_models_failure(const Error& error) {
  return error.code == ErrorCode::malformed_reply || error.code == ErrorCode::content_filter ||
         error.code == ErrorCode::context_overflow;
}

Result<Patch> read_finish(const Json& object) {
  Json message = object;
  if (message.is_object() && !message.contains("edits")) message["edits"] = Json::array();
  return patch_from_json(message);
}

/// What the model is shown.
using Facts = std::string (*)(const PatchInput& input, const StageContext& context);
/// What it may change.
using Rules = EditRules (*)(const PatchInput& input);

EditRules description_alone(const PatchInput& /*input*/) { return EditRules::description; }

/// A way of making patches: its prompt, and what goes with it.
struct PatcherKind {
  const char* prompt;
  Facts facts;
  Rules rules;
};

class LlmPatcher final : public Patcher {
 public:
  LlmPatcher(const StageDependencies& dependencies, std::string prompt, int turns,
             const PatcherKind& kind)
      : model_(*dependencies.model), prompt_(std::move(prompt)), turns_(turns), kind_(kind) {}

  [[nodiscard]] Result<PatchOutput> patch(const PatchInput& input,
                                          const StageContext& context) override {
    CandidateEditor editor(*input.skill, kind_.rules(input));
    const auto reader = make_package_reader(editor.candidate(), "as it is now");
    const auto tools = make_edit_tools(editor);
    Patch hand_in;
    const Work work{input, context, editor, hand_in};
    DialogSetup setup = make_setup(input, context);
    setup.tools.push_back(reader.get());
    for (const auto& tool : tools) setup.tools.push_back(tool.get());
    setup.accept = [&](const Json& object, Tries tries) -> Result<> {
      if (object.is_object() && object.contains("edits")) {
        return fail(ErrorCode::input, "finish_patch takes no edits", "finish_patch",
                    "make them with the edit tools first");
      }
      return take(object, tries, work);
    };
    setup.accept_text = [&](const Json& object, Tries tries) { return take(object, tries, work); };
    Dialog dialog(model_, std::move(setup), context);
    SKILLGRAD_CHECK(dialog.run());
    SKILLGRAD_TRY(PatchOutput out, lint_and_repair(input, editor, dialog, hand_in));
    out.refused = dialog.refused();
    return out;
  }

 private:
  [[nodiscard]] DialogSetup make_setup(const PatchInput& input, const StageContext& context) const {
    DialogSetup setup;
    setup.stage = "patcher";
    setup.scope = sub_scope(context, "patch");
    setup.system = prompt_;
    setup.user = kind_.facts(input, context);
    setup.hand_in = {"finish_patch",
                     "Ends the work. Without any edit it means that nothing should change.",
                     kFinishSchema};
    setup.turns = turns_;
    return setup;
  }

  /// What a hand-in is read into.
  struct Work {
    const PatchInput& input;
    const StageContext& context;
    CandidateEditor& editor;
    Patch& hand_in;
  };

  static Result<> take(const Json& object, Tries tries, const Work& work) {
    SKILLGRAD_TRY(Patch read, read_finish(object));
    CandidateEditor edited = work.editor;
    SKILLGRAD_CHECK(edited.apply_all(read.edits));
    Patch said = work.hand_in;
    // A repair round may leave out what it has said before.
    if (!read.summary.empty()) said.summary = std::move(read.summary);
    if (!read.addressed.empty()) said.addressed = std::move(read.addressed);
    const auto faults = faults_of_hand_in(said, work.input, edited.candidate());
    if (!faults.empty() && tries == Tries::left)
      return fail(ErrorCode::input, join(faults, " "), "finish_patch",
                  "call it again with that put right");
    for (const std::string& fault : faults) work.context.tell("patch: " + fault);
    work.editor = std::move(edited);
    work.hand_in = std::move(said);
    return {};
  }

  static Result<PatchOutput> lint_and_repair(const PatchInput& input, CandidateEditor& editor,
                                             Dialog& dialog, const Patch& hand_in) {
    if (editor.edits().empty()) return to_output(editor, {}, input, hand_in, 0);
    skill::LintReport report = check(editor, input);
    const std::vector<skill::Finding> first = report.blocking;
    int rounds = 0;
    while (!report.blocking.empty() && rounds < kPatchRepairRounds) {
      ++rounds;
      auto repaired = dialog.resume(lint_message(report), kPatchRepairTurns);
      if (!repaired && !is_models_failure(repaired.error())) {
        return tl::unexpected(std::move(repaired).error());
      }
      report = check(editor, input);
      if (editor.candidate() == *input.skill) {  // taken back: nothing is left to repair
        report.blocking = first;
        break;
      }
      if (!repaired) {
        if (report.blocking.empty()) report.blocking.push_back(unfinished(repaired.error()));
        break;
      }
    }
    return to_output(editor, report, input, hand_in, rounds);
  }

  /// Edits of a repair that was never handed in are not a finished patch.
  static skill::Finding unfinished(const Error& error) {
    skill::Finding finding;
    finding.rule = "PATCH";
    finding.severity = skill::Severity::error;
    finding.file = "SKILL.md";
    finding.anchor = "repair";
    finding.message = "the repair was not finished: " + error.to_line();
    return finding;
  }

  llm::ChatModel& model_;
  std::string prompt_;
  int turns_;
  PatcherKind kind_;
};

class CommandPatcher final : public Patcher {
 public:
  explicit CommandPatcher(CommandStage command) : command_(std::move(command)) {}

  [[nodiscard]] Result<PatchOutput> patch(const PatchInput& input,
                                          const StageContext& context) override {
    SKILLGRAD_TRY(const Json answer, command_.exchange(request(input, context), context));
    auto patch = patch_from_json(answer);
    if (!patch) return tl::unexpected(command_.bad_answer(std::move(patch).error()));
    CandidateEditor editor(*input.skill, rules_of(input));
    if (auto applied = editor.apply_all(patch->edits); !applied) {
      return tl::unexpected(command_.bad_answer(std::move(applied).error()));
    }
    skill::LintReport report;
    if (!editor.edits().empty()) report = check(editor, input);
    command_.tell_unused(answer, to_json(*patch), context);
    for (const std::string& fault : faults_of_hand_in(*patch, input, editor.candidate()))
      command_.tell(fault, context);
    return to_output(editor, report, input, std::move(*patch), 0);
  }

 private:
  static Json request(const PatchInput& input, const StageContext& context) {
    Json gradients = Json::array(), rejected = Json::array(), files = Json::object();
    for (const Gradient& gradient : input.gradients) gradients.push_back(to_json(gradient));
    for (const RejectedPatch& patch : input.rejected) rejected.push_back(to_json(patch));
    if (!skill::is_set(*input.skill)) files["SKILL.md"] = input.skill->skill_md();
    for (const std::string& path : input.skill->files_for_agent()) {
      const std::string& bytes = input.skill->files().at(path).bytes;
      // A binary file has no text to edit; its name alone says that it is there.
      files[path] = first_invalid_utf8(bytes) ? Json() : Json(bytes);
    }
    Json out = {{"schema", "skillgrad.patch-request/2"},
                {"iteration", context.iteration},
                {"skill_iteration", input.skill_iteration},
                {"gradients", gradients},
                {"facts", facts_json(input.facts)},
                {"overlay", input.overlay ? to_json(*input.overlay) : Json()},
                {"memory", input.memory ? to_json(*input.memory) : Json()},
                {"rejected", rejected},
                {"manner", input.manner},
                {"files", files}};
    if (skill::is_set(*input.skill)) out["conflicts"] = conflicts_json(*input.skill);
    return out;
  }

  CommandStage command_;
};

Result<std::unique_ptr<Patcher>> make_kind(const Json& options,
                                           const StageDependencies& dependencies,
                                           const PatcherKind& kind) {
  SKILLGRAD_TRY(const int turns, turns_option(options, "patcher", kPatcherTurns));
  SKILLGRAD_TRY(std::string prompt, dependencies.prompt(kind.prompt));
  return std::make_unique<LlmPatcher>(dependencies, std::move(prompt), turns, kind);
}

Result<std::unique_ptr<Patcher>> make_llm_patcher(const Json& options,
                                                  const StageDependencies& dependencies) {
  return make_kind(options, dependencies, {"patcher", patch_facts, rules_of});
}

Result<std::unique_ptr<Patcher>> make_reflecting(const Json& options,
                                                 const StageDependencies& dependencies) {
  return make_kind(options, dependencies, {"reflect", reflect_facts, rules_of});
}

/// Of runs of queries, which end where the skill is loaded: only the description had a part in
/// them.
Result<std::unique_ptr<Patcher>> make_describing(const Json& options,
                                                 const StageDependencies& dependencies) {
  return make_kind(options, dependencies, {"describe", reflect_facts, description_alone});
}

Result<std::unique_ptr<Patcher>> make_command_patcher(const Json& options,
                                                      const StageDependencies& dependencies) {
  SKILLGRAD_TRY(CommandStage command, CommandStage::from_options(options, dependencies));
  return std::make_unique<CommandPatcher>(std::move(command));
}

}  // namespace

const PatcherRegistry& patcher_registry() {
  static const PatcherRegistry registry = [] {
    PatcherRegistry out("patcher");
    out.add("llm", make_llm_patcher);
    out.add("reflect", make_reflecting);
    out.add("describe", make_describing);
    out.add("command", make_command_patcher);
    return out;
  }();
  return registry;
}

}  // namespace skillgrad::optim
