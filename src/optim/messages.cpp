// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/messages.hpp>

#include "optim/message_parts.hpp"

namespace skillgrad::optim {
namespace {

template <class Item, class Read>
Result<std::vector<Item>> read_array(const Json& parent, const char* key, const std::string& where,
                                     bool required, const Read& read) {
  std::vector<Item> out;
  const auto found = parent.find(key);
  if (found == parent.end() || found->is_null()) {
    if (!required) return out;
    return fail(ErrorCode::input, fmt::format("\"{}\" is missing, expected an array", key),
                where + " /" + key, fmt::format("add the array \"{}\"", key));
  }
  if (!found->is_array())
    return fail(ErrorCode::input,
                fmt::format("\"{}\" is a JSON {}, expected an array", key, found->type_name()),
                where + " /" + key, "write an array");
  for (std::size_t i = 0; i < found->size(); ++i) {
    SKILLGRAD_TRY(auto item, read((*found)[i], fmt::format("{} /{}/{}", where, key, i)));
    out.push_back(std::move(item));
  }
  return out;
}

Result<int> read_int(const Json& value, const std::string& where) {
  constexpr std::int64_t kMost = 1'000'000;
  if (value.is_number_integer() && value >= 0 && value <= kMost) return value.get<int>();
  return fail(ErrorCode::input, "got " + dump_json(value) + ", expected an integer from 0", where,
              "write a whole number");
}

Result<RemedyEntry> read_remedy(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  RemedyEntry out;
  out.iteration = static_cast<int>(reader.integer("iteration", std::nullopt, 0, 1'000'000));
  out.anchor = reader.string("anchor", "");
  out.diagnosis = reader.string("diagnosis", "");
  out.change = reader.string("change", "");
  out.accepted = reader.boolean("accepted", false);
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Json remedy_json(const RemedyEntry& entry) {
  return {{"iteration", entry.iteration},
          {"anchor", entry.anchor},
          {"diagnosis", entry.diagnosis},
          {"change", entry.change},
          {"accepted", entry.accepted}};
}

Result<Pattern> read_pattern(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  Pattern out;
  out.slug = reader.string("slug");
  out.set_kind(reader.string("kind", name_of(PatternKind::operation)));
  out.line = reader.string("line", "");
  out.anchor = reader.string("anchor", "");
  out.description = reader.string("description", "");
  out.action = reader.string("action", "");
  out.velocity = reader.number("velocity", 0.0);
  reader.ignore("appeared_in");
  reader.ignore("remedies");
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(out.appeared_in, read_array<int>(value, "appeared_in", where, false, read_int));
  SKILLGRAD_TRY(out.remedies,
                read_array<RemedyEntry>(value, "remedies", where, false, read_remedy));
  return out;
}

Json pattern_json(const Pattern& pattern) {
  Json remedies = Json::array();
  for (const auto& entry : pattern.remedies) remedies.push_back(remedy_json(entry));
  return {{"slug", pattern.slug},
          {"kind", pattern.kind_text()},
          {"line", pattern.line},
          {"anchor", pattern.anchor},
          {"appeared_in", pattern.appeared_in},
          {"description", pattern.description},
          {"action", pattern.action},
          {"remedies", remedies},
          {"velocity", pattern.velocity}};
}

Result<OverlayEntry> read_overlay_entry(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  OverlayEntry out;
  out.task_id = reader.string("task_id");
  out.signal = reader.string("signal", "");
  out.pattern = reader.string("pattern");
  out.anchor = reader.string("anchor", "");
  out.gap = reader.string("gap", "");
  out.change = reader.string("change", "");
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Result<Theme> read_theme(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  Theme out;
  out.theme = reader.string("theme");
  out.tasks = reader.strings("tasks", std::vector<std::string>{});
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Result<Patch::Addressed> read_addressed(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  Patch::Addressed out;
  out.pattern = reader.string("pattern", "");
  out.anchor = reader.string("anchor", "");
  out.reason = reader.string("reason", "");
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

}  // namespace

void Pattern::set_kind(const std::string& text) {
  const auto known = named<PatternKind>(text);
  kind = known.value_or(PatternKind::mixed);
  odd_kind = known ? std::nullopt : std::optional(text);
}

std::string Pattern::kind_text() const { return odd_kind.value_or(name_of(kind)); }

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
    known.push_back({{"slug", pattern.slug}, {"line", pattern.line}, {"action", pattern.action}});
  return {{"schema", "skillgrad.evidence/1"},
          {"task_id", value.task_id},
          {"kind", name_of(value.kind)},
          {"task_prompt", value.task_prompt},
          {"current", to_json(value.current)},
          {"current_trace", value.current_trace},
          {"skill_text", value.skill_text},
          {"initial", value.initial ? to_json(*value.initial) : Json()},
          {"initial_trace", value.initial_trace},
          {"known_patterns", known},
          {"task_dir", value.task_dir}};
}

Json to_json(const Gradient& value) {
  return {{"schema", "skillgrad.gradient/1"},
          {"task_id", value.task_id},
          {"kind", name_of(value.kind)},
          {"label", value.label},
          {"gradient", value.gradient},
          {"skipped_step", value.skipped_step},
          {"steps", value.steps},
          {"known", value.known},
          {"loss", value.loss}};
}

Result<Gradient> gradient_from_json(const Json& value) {
  SKILLGRAD_CHECK(expect_schema(value, "skillgrad.gradient/1"));
  StrictReader reader(value, "skillgrad.gradient/1");
  Gradient out;
  reader.ignore("schema");
  reader.ignore("steps");
  out.task_id = reader.string("task_id");
  out.gradient = reader.string("gradient");
  // Who asked for the diagnosis knows the kind, and puts it in place of any other word.
  out.kind = named<EvidenceKind>(reader.string("kind", "")).value_or(EvidenceKind::failure);
  out.label = reader.string("label", "");
  out.skipped_step = reader.string("skipped_step", "");
  out.known = reader.string("known", "");
  out.loss = reader.number("loss", 0.0);
  SKILLGRAD_CHECK(reader.finish(true));
  if (trim(out.gradient).empty())
    return fail(ErrorCode::input, "\"gradient\" is empty, expected the diagnosis in prose",
                "skillgrad.gradient/1 /gradient", "write at least one sentence");
  SKILLGRAD_TRY(out.steps,
                read_array<int>(value, "steps", "skillgrad.gradient/1", false, read_int));
  return out;
}

Json to_json(const MomentumMemory& value) {
  Json patterns = Json::array();
  for (const auto& pattern : value.patterns) patterns.push_back(pattern_json(pattern));
  return {{"schema", "skillgrad.memory/1"},
          {"iteration", value.iteration},
          {"patterns", patterns},
          {"succeeded", value.succeeded}};
}

Result<MomentumMemory> memory_from_json(const Json& value) {
  const std::string schema = "skillgrad.memory/1";
  SKILLGRAD_CHECK(expect_schema(value, schema));
  StrictReader reader(value, schema);
  MomentumMemory out;
  reader.ignore("schema");
  reader.ignore("patterns");
  out.iteration = static_cast<int>(reader.integer("iteration", 0, 0, 1'000'000));
  out.succeeded = reader.strings("succeeded", std::vector<std::string>{});
  SKILLGRAD_CHECK(reader.finish(true));
  SKILLGRAD_TRY(out.patterns, read_array<Pattern>(value, "patterns", schema, true, read_pattern));
  return out;
}

Json to_json(const Overlay& value) {
  Json entries = Json::array();
  for (const auto& entry : value.entries) {
    Json item = {{"task_id", entry.task_id}, {"signal", entry.signal}, {"pattern", entry.pattern}};
    item["anchor"] = entry.anchor;
    if (!entry.gap.empty()) item["gap"] = entry.gap;
    if (!entry.change.empty()) item["change"] = entry.change;
    entries.push_back(std::move(item));
  }
  Json themes = Json::array();
  for (const auto& theme : value.themes)
    themes.push_back({{"theme", theme.theme}, {"tasks", theme.tasks}});
  return {{"schema", "skillgrad.momentum/1"},
          {"iteration", value.iteration},
          {"overlay", entries},
          {"themes", themes}};
}

Result<Overlay> overlay_from_json(const Json& value) {
  const std::string schema = "skillgrad.momentum/1";
  SKILLGRAD_CHECK(expect_schema(value, schema));
  StrictReader reader(value, schema);
  Overlay out;
  for (const char* key : {"schema", "overlay", "themes", "memory"}) reader.ignore(key);
  out.iteration = static_cast<int>(reader.integer("iteration", 0, 0, 1'000'000));
  SKILLGRAD_CHECK(reader.finish(true));
  SKILLGRAD_TRY(out.entries,
                read_array<OverlayEntry>(value, "overlay", schema, true, read_overlay_entry));
  SKILLGRAD_TRY(out.themes, read_array<Theme>(value, "themes", schema, false, read_theme));
  return out;
}

Json to_json(const Patch& value) {
  Json edits = Json::array();
  for (const auto& edit : value.edits) edits.push_back(skill::edit_to_json(edit));
  Json addressed = Json::array();
  for (const auto& item : value.addressed)
    addressed.push_back(
        {{"pattern", item.pattern}, {"anchor", item.anchor}, {"reason", item.reason}});
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

Json to_json(const GateDecision& value) {
  // Where no task was graded on both sides there is nothing to compare; 0 would be a score.
  const auto number = [&](double of) { return value.n > 0 ? Json(of) : Json(); };
  return {{"schema", "skillgrad.gate/1"},
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
}

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
