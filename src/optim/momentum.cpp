// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>
#include <skillgrad/optim/plan.hpp>
#include <skillgrad/optim/stages.hpp>

#include "optim/command_stage.hpp"
#include "optim/dialog.hpp"
#include "optim/stage_facts.hpp"
#include "optim/stage_options.hpp"

namespace skillgrad::optim {
namespace {

using agent::tagged;

constexpr std::size_t kBodyBytes = 80'000;
constexpr std::size_t kMemoryBytes = 80'000;
constexpr std::size_t kShortText = 400;

constexpr const char* kSubmitSchema =
    R"({"type":"object","properties":{)"
    R"("patterns":{"type":"array","description":"Patterns that are new or whose text changes","items":{"type":"object","properties":{)"
    R"("slug":{"type":"string"},"kind":{"type":"string","enum":["operation","workflow","mixed"]},"line":{"type":"string"},)"
    R"("anchor":{"type":"string"},"description":{"type":"string"},"action":{"type":"string"}},"required":["slug","kind","line","anchor","description","action"]}},)"
    R"("overlay":{"type":"array","description":"One entry for each diagnosis, in the same order","items":{"type":"object","properties":{)"
    R"("task_id":{"type":"string"},"signal":{"type":"string"},"pattern":{"type":"string","description":"Slug, new or no-actionable-signal"},)"
    R"("anchor":{"type":"string"},"gap":{"type":"string"},"change":{"type":"string"}},"required":["task_id","signal","pattern"]}},)"
    R"("themes":{"type":"array","description":"At most three","items":{"type":"object","properties":{)"
    R"("theme":{"type":"string"},"tasks":{"type":"array","items":{"type":"string"}}},"required":["theme","tasks"]}}},)"
    R"("required":["patterns","overlay","themes"]})";

/// The memory as JSON. Should it outgrow the prompt, the patterns of lowest velocity are shortened;
/// the record itself keeps their whole text.
std::string memory_text(const MomentumMemory& memory) {
  if (memory.patterns.empty()) return "none";
  std::string text = dump_json(to_json(memory), 1);
  MomentumMemory shorter = memory;
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

std::string facts(const MomentumInput& input, int iteration) {
  return tagged("skill", truncate_middle(input.skill->body(), kBodyBytes)) +
         tagged("files", bundled_files(*input.skill, false)) +
         tagged("iteration", std::to_string(iteration)) +
         tagged("memory", memory_text(input.memory)) +
         tagged("diagnoses", diagnoses_json(input.gradients));
}

Result<Json> array_of(const Json& object, const char* key, bool required) {
  const auto found = object.find(key);
  if (found == object.end() && !required) return Json::array();
  if (found == object.end() || !found->is_array()) {
    return fail(ErrorCode::input, "\"" + std::string(key) + "\" must be an array",
                "submit_momentum /" + std::string(key), "write an array of objects");
  }
  return *found;
}

/// What the model handed in, before it is merged.
struct Submission {
  std::vector<Pattern> patterns;
  std::vector<OverlayEntry> entries;
  std::vector<Theme> themes;
};

std::string item_name(const char* key, std::size_t index) {
  return "submit_momentum /" + std::string(key) + "/" + std::to_string(index);
}

Result<Pattern> read_pattern(const Json& item, const std::string& where) {
  StrictReader reader(item, where);
  Pattern out;
  out.slug = std::string(trim(reader.string("slug", "")));
  out.kind = std::string(trim(reader.string("kind", "")));
  out.line = std::string(trim(reader.string("line", "")));
  out.anchor = std::string(trim(reader.string("anchor", "")));
  out.description = std::string(trim(reader.string("description", "")));
  out.action = std::string(trim(reader.string("action", "")));
  if (out.slug.empty() && out.line.empty()) {
    reader.reject("slug", "it is empty", "name the pattern in a few words joined by '-'");
  }
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Result<OverlayEntry> read_entry(const Json& item, const std::string& where) {
  StrictReader reader(item, where);
  OverlayEntry out;
  out.task_id = reader.string("task_id");
  out.signal = std::string(trim(reader.string("signal", "")));
  out.pattern = std::string(trim(reader.string("pattern")));
  out.anchor = std::string(trim(reader.string("anchor", "")));
  out.gap = std::string(trim(reader.string("gap", "")));
  out.change = std::string(trim(reader.string("change", "")));
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Result<Theme> read_theme(const Json& item, const std::string& where) {
  StrictReader reader(item, where);
  Theme out;
  out.theme = std::string(trim(reader.string("theme")));
  out.tasks = reader.strings("tasks");
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Result<Submission> read_submission(const Json& object) {
  if (!object.is_object()) return fail(ErrorCode::input, "got no JSON object", "submit_momentum");
  StrictReader reader(object, "submit_momentum");
  for (const char* key : {"patterns", "overlay", "themes"}) reader.ignore(key);
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(const Json patterns, array_of(object, "patterns", false));
  SKILLGRAD_TRY(const Json overlay, array_of(object, "overlay", true));
  SKILLGRAD_TRY(const Json themes, array_of(object, "themes", false));
  Submission out;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    SKILLGRAD_TRY(Pattern item, read_pattern(patterns[i], item_name("patterns", i)));
    out.patterns.push_back(std::move(item));
  }
  for (std::size_t i = 0; i < overlay.size(); ++i) {
    SKILLGRAD_TRY(OverlayEntry item, read_entry(overlay[i], item_name("overlay", i)));
    out.entries.push_back(std::move(item));
  }
  for (std::size_t i = 0; i < themes.size(); ++i) {
    SKILLGRAD_TRY(Theme item, read_theme(themes[i], item_name("themes", i)));
    out.themes.push_back(std::move(item));
  }
  return out;
}

void replace_if_given(std::string& text, const std::string& given) {
  if (!given.empty()) text = given;
}

/// Puts submitted texts into the memory; iterations, remedies and velocity stay what they were.
MomentumOutput merge(const MomentumMemory& memory, Submission submission) {
  MomentumOutput out;
  out.memory = memory;
  for (Pattern& submitted : submission.patterns) {
    const auto old =
        std::find_if(out.memory.patterns.begin(), out.memory.patterns.end(),
                     [&](const Pattern& pattern) { return pattern.slug == submitted.slug; });
    if (old == out.memory.patterns.end()) {
      if (submitted.kind.empty()) submitted.kind = "mixed";
      if (submitted.line.empty()) submitted.line = replace_all(submitted.slug, "-", " ");
      out.memory.patterns.push_back(std::move(submitted));
      continue;
    }
    replace_if_given(old->kind, submitted.kind);
    replace_if_given(old->line, submitted.line);
    replace_if_given(old->anchor, submitted.anchor);
    replace_if_given(old->description, submitted.description);
    replace_if_given(old->action, submitted.action);
  }
  out.overlay.entries = std::move(submission.entries);
  out.overlay.themes = std::move(submission.themes);
  return out;
}

class LlmMomentum final : public Momentum {
 public:
  LlmMomentum(const StageDependencies& dependencies, std::string prompt, int turns)
      : model_(*dependencies.model), prompt_(std::move(prompt)), turns_(turns) {}

  [[nodiscard]] Result<MomentumOutput> update(const MomentumInput& input,
                                              const StageContext& context) override {
    const auto reader = make_package_reader(*input.skill);
    Submission submission;
    DialogSetup setup;
    setup.stage = "momentum";
    setup.scope = sub_scope(context, "momentum");
    setup.system = prompt_;
    setup.user = facts(input, context.iteration);
    setup.tools = {reader.get()};
    setup.hand_in = {"submit_momentum", "Hands in the updated record and ends the work.",
                     kSubmitSchema};
    setup.accept = [&](const Json& object) -> Result<> {
      SKILLGRAD_TRY(submission, read_submission(object));
      return {};
    };
    setup.turns = turns_;
    SKILLGRAD_CHECK(Dialog(model_, std::move(setup), context).run());
    MomentumOutput out = merge(input.memory, std::move(submission));
    out.repairs =
        enforce_momentum_invariants(input.memory, input.gradients, context.iteration, out);
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
    const Json request = {{"schema", "skillgrad.momentum-request/1"},
                          {"iteration", context.iteration},
                          {"gradients", gradients},
                          {"memory", to_json(input.memory)},
                          {"skill", input.skill->skill_md()}};
    SKILLGRAD_TRY(const Json answer, command_.exchange(request, context));
    auto out = read_answer(answer, input.memory);
    if (!out) return tl::unexpected(command_.bad_answer(std::move(out).error()));
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
