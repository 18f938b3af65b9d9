// SPDX-License-Identifier: MIT
#include <cmath>
#include <utility>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>
#include <skillgrad/optim/plan.hpp>
#include <skillgrad/optim/stages.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "optim/momentum/momentum_submission.hpp"
#include "optim/stages/command_stage.hpp"
#include "optim/stages/dialog.hpp"
#include "optim/stages/older_forms.hpp"
#include "optim/stages/stage_facts.hpp"
#include "optim/stages/stage_options.hpp"

namespace skillgrad::optim {
namespace {

using agent::tagged;

constexpr std::size_t kBodyBytes = 80'000;
constexpr std::size_t kMemoryBytes = 80'000;
constexpr std::size_t kShortText = 400;
constexpr std::size_t kSinceDiffBytes = 6'000;

/// The memory as JSON. Should it outgrow the prompt, the patterns of lowest velocity are shortened;
/// the record itself keeps their whole text.
std::string memory_text(const MomentumMemory& memory, const StageContext& context) {
  if (memory.patterns.empty()) return "none";
  MomentumMemory shorter = memory;
  for (Pattern& pattern : shorter.patterns)
    pattern.velocity = std::round(pattern.velocity * 1000) / 1000;
  std::string text = dump_json(to_json(shorter), 1);
  if (text.size() > kMemoryBytes)
    context.tell("momentum: the record has " + std::to_string(text.size()) +
                 " bytes; of its last patterns the model was shown shortened texts");
  for (std::size_t i = shorter.patterns.size(); i > 0 && text.size() > kMemoryBytes; --i) {
    Pattern& pattern = shorter.patterns[i - 1];
    pattern.description = truncate_middle(pattern.description, kShortText);
    pattern.action = truncate_middle(pattern.action, kShortText);
    if (pattern.remedies.size() > 2) {
      pattern.remedies.erase(pattern.remedies.begin(), pattern.remedies.end() - 2);
    }
    text = dump_json(to_json(shorter), 1);
  }
  return text;
}

/// What became of the skill after the runs that the diagnoses are about.
std::string since_text(const std::optional<PatchSince>& since) {
  if (!since) return "none: the skill is still the version that ran";
  const std::string patch = "The patch of iteration " + std::to_string(since->iteration);
  if (since->decision == Decision::no_patch)
    return "none: " + patch + " came to nothing (" + since->reason +
           "), so the skill is still the version that ran";
  const char* fate = since->decision == Decision::accepted
                         ? " was made after these runs and kept: later runs have it, these had not"
                     : since->decision == Decision::rejected
                         ? " was made after these runs and not kept: the skill is still the "
                           "version that ran"
                         : " was made after these runs and dropped, since it could not be judged: "
                           "the skill is still the version that ran";
  return patch + fate + "\nsummary: " + since->summary + "\nwhy: " + since->reason + "\n" +
         truncate_middle(since->diff, kSinceDiffBytes);
}

std::string facts(const MomentumInput& input, const StageContext& context) {
  return skill_facts(*input.skill, SkillPart::body, {kBodyBytes, "momentum: the body"}, context) +
         tagged("files", bundled_files(*input.skill, false)) +
         tagged("skill_version", version_text(input.skill_iteration)) +
         tagged("patched_since", since_text(input.since)) +
         tagged("iteration", std::to_string(context.iteration)) +
         tagged("memory", memory_text(input.memory, context)) +
         tagged("diagnoses", diagnoses_json(input.gradients, input.facts));
}

Json since_json(const std::optional<PatchSince>& since) {
  if (!since) return {};
  return {{"iteration", since->iteration},
          {"decision", name_of(since->decision)},
          {"summary", since->summary},
          {"reason", since->reason},
          {"diff", truncate_middle(since->diff, kSinceDiffBytes)}};
}

tl::unexpected<Error> would_change(const std::vector<std::string>& repairs) {
  return fail(ErrorCode::input,
              "it does not fit the record's rules; it would be changed so: " + join(repairs, " "),
              "submit_momentum", "hand in the whole of it again with that put right");
}

class LlmMomentum final : public Momentum {
 public:
  LlmMomentum(const StageDependencies& dependencies, std::string prompt, int turns)
      : model_(*dependencies.model), prompt_(std::move(prompt)), turns_(turns) {}

  [[nodiscard]] Result<MomentumOutput> update(const MomentumInput& input,
                                              const StageContext& context) override {
    const auto reader = make_package_reader(*input.skill, "in the version that ran");
    MomentumOutput out;
    DialogSetup setup;
    setup.stage = "momentum";
    setup.scope = sub_scope(context, "momentum");
    setup.system = prompt_;
    setup.user = facts(input, context);
    setup.tools = {reader.get()};
    setup.hand_in = {"submit_momentum", "Hands in the updated record and ends the work.",
                     momentum_schema()};
    setup.accept = [&](const Json& object, Tries tries) -> Result<> {
      SKILLGRAD_TRY(MomentumOutput next, read_submission(object, input));
      const auto more =
          enforce_momentum_invariants(input.memory, input.gradients, context.iteration, next);
      next.repairs.insert(next.repairs.end(), more.begin(), more.end());
      // The model knows best how to put it right; in the end the code's mending stands.
      if (tries == Tries::left && !next.repairs.empty()) return would_change(next.repairs);
      out = std::move(next);
      return {};
    };
    setup.turns = turns_;
    SKILLGRAD_CHECK(Dialog(model_, std::move(setup), context).run());
    return out;
  }

 private:
  llm::ChatModel& model_;
  std::string prompt_;
  int turns_;
};

class CommandMomentum final : public Momentum {
 public:
  explicit CommandMomentum(CommandStage command) : command_(std::move(command)) {}

  [[nodiscard]] Result<MomentumOutput> update(const MomentumInput& input,
                                              const StageContext& context) override {
    Json gradients = Json::array();
    for (const Gradient& gradient : input.gradients) gradients.push_back(to_json(gradient));
    Json request = {{"schema", "skillgrad.momentum-request/2"},
                    {"iteration", context.iteration},
                    {"gradients", gradients},
                    {"facts", facts_json(input.facts)},
                    {"memory", to_json(input.memory)},
                    {"skill", input.skill->skill_md()},
                    {"skill_iteration", input.skill_iteration},
                    {"patched_since", since_json(input.since)}};
    if (skill::is_set(*input.skill)) {
      for (const skill::SkillPackage& member : skill::members_of(*input.skill))
        request["skills"][member.folder_name()] = member.skill_md();
      request["conflicts"] = conflicts_json(*input.skill);
    }
    SKILLGRAD_TRY(const Json answer, command_.exchange(request, context));
    auto out = read_answer(answer, input.memory);
    if (!out) return tl::unexpected(command_.bad_answer(std::move(out).error()));
    Json used = to_json(out->overlay);
    used["memory"] = to_json(out->memory);
    command_.tell_unused(answer, used_of_momentum(std::move(used), answer), context);
    out->repairs =
        enforce_momentum_invariants(input.memory, input.gradients, context.iteration, *out);
    return out;
  }

 private:
  static Result<MomentumOutput> read_answer(const Json& answer, const MomentumMemory& previous) {
    MomentumOutput out;
    SKILLGRAD_TRY(out.overlay, overlay_from_json(answer));
    const auto memory = answer.find("memory");
    if (memory == answer.end()) {
      out.memory = previous;
    } else {
      SKILLGRAD_TRY(out.memory, memory_from_json(*memory));
    }
    return out;
  }

  CommandStage command_;
};

/// The optimizer runs without momentum when it finds this name; a call changes nothing.
class NoMomentum final : public Momentum {
 public:
  [[nodiscard]] Result<MomentumOutput> update(const MomentumInput& input,
                                              const StageContext& context) override {
    MomentumOutput out;
    out.memory = input.memory;
    out.overlay.iteration = context.iteration;
    return out;
  }
};

Result<std::unique_ptr<Momentum>> make_llm(const Json& options,
                                           const StageDependencies& dependencies) {
  SKILLGRAD_TRY(const int turns, turns_option(options, "momentum", kMomentumTurns));
  SKILLGRAD_TRY(std::string prompt, dependencies.prompt("momentum"));
  return std::make_unique<LlmMomentum>(dependencies, std::move(prompt), turns);
}

Result<std::unique_ptr<Momentum>> make_command(const Json& options,
                                               const StageDependencies& dependencies) {
  SKILLGRAD_TRY(CommandStage command, CommandStage::from_options(options, dependencies));
  return std::make_unique<CommandMomentum>(std::move(command));
}

Result<std::unique_ptr<Momentum>> make_none(const Json& options, const StageDependencies&) {
  StrictReader reader(options, "options of stage momentum");
  reader.ignore("name");
  SKILLGRAD_CHECK(finish_options(reader));
  return std::make_unique<NoMomentum>();
}

}  // namespace

const MomentumRegistry& momentum_registry() {
  static const MomentumRegistry registry = [] {
    MomentumRegistry out("momentum");
    out.add("llm", make_llm);
    out.add("command", make_command);
    out.add("none", make_none);
    return out;
  }();
  return registry;
}

}  // namespace skillgrad::optim
