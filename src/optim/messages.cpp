// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/messages.hpp>

#include "optim/message_arrays.hpp"
#include "optim/message_parts.hpp"

namespace skillgrad::optim {
namespace {

Result<Patch::Addressed> read_addressed(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  Patch::Addressed out;
  out.pattern = reader.string("pattern", "");
  out.anchor = reader.string("anchor", "");
  out.reason = reader.string("reason", "");
  out.inferred = reader.string("inferred", "");
  out.supports = reader.strings("supports", std::vector<std::string>{});
  out.against = reader.strings("against", std::vector<std::string>{});
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Json addressed_json(const Patch::Addressed& item) {
  return {{"pattern", item.pattern},   {"anchor", item.anchor},     {"reason", item.reason},
          {"inferred", item.inferred}, {"supports", item.supports}, {"against", item.against}};
}

}  // namespace

std::string RunGroup::text() const {
  if (recorded) {
    const std::string of =
        right + wrong <= 1 ? "a recorded session"
        : mixed() ? fmt::format("mixed: {} of {} recorded sessions with this request were right",
                                right, right + wrong)
                  : fmt::format("all {} recorded sessions with this request were {}", right + wrong,
                                right > 0 ? "right" : "wrong");
    return of + "; which version of the skill an agent had then is not known";
  }
  if (right + wrong <= 1) return "one run of this task under this skill";
  if (mixed())
    return fmt::format("mixed: {} of {} runs of this task under this skill were right", right,
                       right + wrong);
  return fmt::format("all {} runs of this task under this skill were {}", right + wrong,
                     right > 0 ? "right" : "wrong");
}

Json to_json(const llm::Usage& value) {
  Json out = {{"input_tokens", value.input_tokens},
              {"cached_tokens", value.cached_tokens},
              {"output_tokens", value.output_tokens},
              {"calls", value.calls}};
  if (value.estimated) out["estimated"] = true;
  return out;
}

Result<llm::Usage> usage_from_json(const Json& value) {
  StrictReader reader(value, "usage");
  llm::Usage out;
  out.input_tokens = reader.integer("input_tokens", 0, 0);
  out.cached_tokens = reader.integer("cached_tokens", 0, 0);
  out.output_tokens = reader.integer("output_tokens", 0, 0);
  out.calls = reader.integer("calls", 0, 0);
  out.estimated = reader.boolean("estimated", false);
  SKILLGRAD_CHECK(reader.finish(true));
  return out;
}

Json to_json(const Evidence& value) {
  Json known = Json::array();
  for (const auto& pattern : value.known_patterns)
    known.push_back({{"slug", pattern.slug},
                     {"line", pattern.line},
                     {"action", pattern.action},
                     {"guess", pattern.guess}});
  return {{"schema", "skillgrad.evidence/1"},
          {"task_id", value.task_id},
          {"kind", name_of(value.kind)},
          {"task_prompt", value.task_prompt},
          {"group", {{"right", value.group.right}, {"wrong", value.group.wrong}}},
          {"current", to_json(value.current)},
          {"current_trace", value.current_trace},
          {"skill_text", value.skill_text},
          {"initial", value.initial ? to_json(*value.initial) : Json()},
          {"initial_trace", value.initial_trace},
          {"passing", value.passing ? to_json(*value.passing) : Json()},
          {"passing_trace", value.passing_trace},
          {"known_patterns", known},
          {"task_dir", value.task_dir}};
}

Json to_json(const Patch& value) {
  Json edits = Json::array();
  for (const auto& edit : value.edits) edits.push_back(skill::edit_to_json(edit));
  Json addressed = Json::array();
  for (const auto& item : value.addressed) addressed.push_back(addressed_json(item));
  return {{"schema", "skillgrad.patch/1"},
          {"edits", edits},
          {"summary", value.summary},
          {"addressed", addressed}};
}

Result<Patch> patch_from_json(const Json& value) {
  const std::string schema = "skillgrad.patch/1";
  SKILLGRAD_CHECK(expect_schema(value, schema));
  StrictReader reader(value, schema);
  Patch out;
  for (const char* key : {"schema", "edits", "addressed"}) reader.ignore(key);
  out.summary = reader.string("summary", "");
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(out.edits,
                read_array<skill::EditOp>(
                    value, "edits", schema, true, [](const Json& item, const std::string& where) {
                      return skill::parse_edit(item).map_error(
                          [&](Error error) { return std::move(error).with_context(where); });
                    }));
  SKILLGRAD_TRY(out.addressed,
                read_array<Patch::Addressed>(value, "addressed", schema, false, read_addressed));
  return out;
}

Json to_json(const RejectedPatch& value) {
  return {{"iteration", value.iteration},
          {"summary", value.summary},
          {"diff", value.diff},
          {"reason", value.reason}};
}

Result<RejectedPatch> rejected_from_json(const Json& value) {
  StrictReader reader(value, "rejected patch");
  RejectedPatch out;
  out.iteration = static_cast<int>(reader.integer("iteration", 0, 0, 1'000'000));
  out.summary = reader.string("summary", "");
  out.diff = reader.string("diff", "");
  out.reason = reader.string("reason", "");
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

namespace {

Json effect_json(const SkillEffect& effect) {
  const auto number = [&](double of) { return effect.n > 0 ? Json(of) : Json(); };
  return {{"skill", effect.skill},           {"n", effect.n},
          {"before", number(effect.before)}, {"after", number(effect.after)},
          {"fixed", effect.fixed},           {"broken", effect.broken},
          {"worse", effect.worse},           {"harmed", effect.harmed}};
}

/// As this program wrote them; of a gate of somebody else's making they are not used.
std::vector<SkillEffect> effects_from_json(const Json& list) {
  std::vector<SkillEffect> out;
  for (const Json& item : list.is_array() ? list : Json::array()) {
    if (!item.is_object()) continue;
    const auto number = [&](const char* key) {
      const Json value = item.value(key, Json());
      return value.is_number() ? value.get<double>() : 0.0;
    };
    SkillEffect effect;
    if (const Json name = item.value("skill", Json()); name.is_string())
      effect.skill = name.get<std::string>();
    effect.n = static_cast<std::size_t>(std::max(0.0, number("n")));
    effect.before = number("before");
    effect.after = number("after");
    effect.fixed = static_cast<std::size_t>(std::max(0.0, number("fixed")));
    effect.broken = static_cast<std::size_t>(std::max(0.0, number("broken")));
    effect.worse = number("worse");
    effect.harmed = item.value("harmed", Json()) == Json(true);
    out.push_back(std::move(effect));
  }
  return out;
}

}  // namespace

Json to_json(const GateDecision& value) {
  // Where no task was graded on both sides there is nothing to compare; 0 would be a score.
  const auto number = [&](double of) { return value.n > 0 ? Json(of) : Json(); };
  Json out = {{"schema", "skillgrad.gate/1"},
              {"decision", name_of(value.decision)},
              {"mode", value.mode},
              {"before", number(value.before)},
              {"after", number(value.after)},
              {"difference", number(value.difference)},
              {"standard_error", number(value.standard_error)},
              {"difference_ci95", value.n > 0 ? Json::array({value.low, value.high}) : Json()},
              {"p", number_or_null(value.p)},
              {"n", value.n},
              {"planned", value.planned},
              {"fixed", value.fixed},
              {"broken", value.broken},
              {"reason", value.reason}};
  if (value.better) {
    out["better"] = *value.better;
    out["lost"] = value.lost;
  }
  if (!value.skills.empty()) {
    out["skills"] = Json::array();
    for (const SkillEffect& effect : value.skills) out["skills"].push_back(effect_json(effect));
  }
  for (const GateModel& model : value.models)
    out["models"].push_back({{"model", model.model},
                             {"before", model.n > 0 ? Json(model.before) : Json()},
                             {"after", model.n > 0 ? Json(model.after) : Json()},
                             {"n", model.n},
                             {"fixed", model.fixed},
                             {"broken", model.broken},
                             {"worse", model.worse}});
  return out;
}

namespace {

Result<GateModel> gate_model_from_json(const Json& value) {
  StrictReader reader(value, "models");
  GateModel out;
  out.model = reader.string("model");
  out.before = optional_number(reader, "before", 0).value_or(0);
  out.after = optional_number(reader, "after", 0).value_or(0);
  out.n = static_cast<std::size_t>(reader.integer("n", 0, 0));
  out.fixed = static_cast<std::size_t>(reader.integer("fixed", 0, 0));
  out.broken = static_cast<std::size_t>(reader.integer("broken", 0, 0));
  out.worse = reader.number("worse", 0);
  SKILLGRAD_CHECK(reader.finish(true));
  return out;
}

}  // namespace

Result<GateDecision> gate_from_json(const Json& value) {
  const std::string schema = "skillgrad.gate/1";
  SKILLGRAD_CHECK(expect_schema(value, schema));
  StrictReader reader(value, schema);
  GateDecision out;
  reader.ignore("schema");
  const std::string decision = reader.string("decision");
  if (const auto known = named<Decision>(decision); known && known != Decision::no_patch)
    out.decision = *known;
  else
    reader.reject("decision", "got \"" + decision + "\"", "use accepted, rejected or undecided");
  out.mode = reader.string("mode", "command");
  const auto number = [&](const char* key, double fallback) {
    if (value.contains(key) && !value[key].is_null()) return reader.number(key, fallback);
    reader.ignore(key);
    return fallback;
  };
  out.before = number("before", 0);
  out.after = number("after", 0);
  out.difference = number("difference", out.after - out.before);
  out.standard_error = number("standard_error", 0);
  out.n = static_cast<std::size_t>(reader.integer("n", 0, 0));
  out.planned = static_cast<std::size_t>(reader.integer("planned", 0, 0));
  out.fixed = static_cast<std::size_t>(reader.integer("fixed", 0, 0));
  out.broken = static_cast<std::size_t>(reader.integer("broken", 0, 0));
  out.reason = reader.string("reason", "");
  out.p = optional_number(reader, "p", 0);
  out.better = optional_number(reader, "better", 0);
  const Json lost = reader.any("lost");
  for (const Json& task : lost.is_array() ? lost : Json::array())
    if (task.is_string()) out.lost.push_back(task.get<std::string>());
  out.skills = effects_from_json(reader.any("skills"));
  const Json models = reader.any("models");
  for (const Json& row : models.is_array() ? models : Json::array()) {
    SKILLGRAD_TRY(auto model, gate_model_from_json(row));
    out.models.push_back(std::move(model));
  }
  const Json ci = reader.any("difference_ci95");
  const bool pair = ci.is_array() && ci.size() == 2 && ci[0].is_number() && ci[1].is_number();
  if (pair) {
    out.low = ci[0].get<double>();
    out.high = ci[1].get<double>();
  } else if (!ci.is_null()) {
    reader.reject("difference_ci95", "got " + dump_json(ci), "write [low, high] or null");
  }
  SKILLGRAD_CHECK(reader.finish(true));
  return out;
}

}  // namespace skillgrad::optim
