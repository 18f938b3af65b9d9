// SPDX-License-Identifier: MIT
// skillgrad.memory/2 and skillgrad.momentum/2: the record and the overlay, as JSON and back.
#include <algorithm>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/messages.hpp>
#include <skillgrad/optim/momentum.hpp>

#include "optim/message_arrays.hpp"
#include "optim/message_parts.hpp"

namespace skillgrad::optim {
namespace {

using Texts = std::vector<std::string>;

Result<int> read_iteration(const Json& value, const std::string& where) {
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
  out.inferred = reader.string("inferred", "");
  out.supports = reader.strings("supports", Texts{});
  out.against = reader.strings("against", Texts{});
  reader.ignore("confirmed_in");
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(out.confirmed_in,
                read_array<int>(value, "confirmed_in", where, false, read_iteration));
  return out;
}

Json remedy_json(const RemedyEntry& entry) {
  return {{"iteration", entry.iteration},      {"anchor", entry.anchor},
          {"diagnosis", entry.diagnosis},      {"change", entry.change},
          {"accepted", entry.accepted},        {"inferred", entry.inferred},
          {"supports", entry.supports},        {"against", entry.against},
          {"confirmed_in", entry.confirmed_in}};
}

/// `failed_in` was called `appeared_in` in skillgrad.memory/1, where it held successes as well.
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
  out.tasks = reader.strings("tasks", Texts{});
  for (const char* key : {"appeared_in", "failed_in", "succeeded_in", "remedies"})
    reader.ignore(key);
  SKILLGRAD_CHECK(reader.finish());
  const char* failed = value.contains("failed_in") ? "failed_in" : "appeared_in";
  SKILLGRAD_TRY(out.failed_in, read_array<int>(value, failed, where, false, read_iteration));
  SKILLGRAD_TRY(out.succeeded_in,
                read_array<int>(value, "succeeded_in", where, false, read_iteration));
  SKILLGRAD_TRY(out.remedies,
                read_array<RemedyEntry>(value, "remedies", where, false, read_remedy));
  return out;
}

Json pattern_json(const Pattern& pattern) {
  Json remedies = Json::array();
  for (const auto& entry : pattern.remedies) remedies.push_back(remedy_json(entry));
  return {{"slug", pattern.slug},           {"kind", pattern.kind_text()},
          {"line", pattern.line},           {"anchor", pattern.anchor},
          {"failed_in", pattern.failed_in}, {"succeeded_in", pattern.succeeded_in},
          {"tasks", pattern.tasks},         {"description", pattern.description},
          {"action", pattern.action},       {"remedies", remedies},
          {"velocity", pattern.velocity}};
}

OverlayPart read_part_fields(StrictReader& reader) {
  OverlayPart out;
  out.pattern = reader.string("pattern");
  out.anchor = reader.string("anchor", "");
  out.gap = reader.string("gap", "");
  out.change = reader.string("change", "");
  return out;
}

Result<OverlayPart> read_part(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  OverlayPart out = read_part_fields(reader);
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Json part_json(const OverlayPart& part) {
  Json out = {{"pattern", part.pattern}, {"anchor", part.anchor}};
  if (!part.gap.empty()) out["gap"] = part.gap;
  if (!part.change.empty()) out["change"] = part.change;
  return out;
}

/// With a list of patterns, or, as in skillgrad.momentum/1, with one of them in place of it.
Result<OverlayEntry> read_overlay_entry(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  OverlayEntry out;
  out.task_id = reader.string("task_id");
  out.signal = reader.string("signal", "");
  if (!reader.has("patterns")) {
    out.parts.push_back(read_part_fields(reader));
    SKILLGRAD_CHECK(reader.finish());
    return out;
  }
  reader.ignore("patterns");
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(out.parts, read_array<OverlayPart>(value, "patterns", where, true, read_part));
  if (out.parts.empty()) out.parts.push_back({kNoSignal, "", "", ""});
  return out;
}

Result<Theme> read_theme(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  Theme out;
  out.theme = reader.string("theme");
  out.tasks = reader.strings("tasks", Texts{});
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

bool OverlayEntry::names(const std::string& pattern) const {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const OverlayPart& part) { return part.pattern == pattern; });
}

Json to_json(const MomentumMemory& value) {
  Json patterns = Json::array();
  for (const auto& pattern : value.patterns) patterns.push_back(pattern_json(pattern));
  return {{"schema", "skillgrad.memory/2"},
          {"iteration", value.iteration},
          {"patterns", patterns},
          {"succeeded", value.succeeded}};
}

Result<MomentumMemory> memory_from_json(const Json& value) {
  const std::string schema = "skillgrad.memory/2";
  SKILLGRAD_CHECK(expect_version(value, "skillgrad.memory", 2));
  StrictReader reader(value, schema);
  MomentumMemory out;
  reader.ignore("schema");
  reader.ignore("patterns");
  out.iteration = static_cast<int>(reader.integer("iteration", 0, 0, 1'000'000));
  out.succeeded = reader.strings("succeeded", Texts{});
  SKILLGRAD_CHECK(reader.finish(true));
  SKILLGRAD_TRY(out.patterns, read_array<Pattern>(value, "patterns", schema, true, read_pattern));
  return out;
}

Json to_json(const Overlay& value) {
  Json entries = Json::array();
  for (const auto& entry : value.entries) {
    Json patterns = Json::array();
    for (const auto& part : entry.parts) patterns.push_back(part_json(part));
    entries.push_back(
        {{"task_id", entry.task_id}, {"signal", entry.signal}, {"patterns", patterns}});
  }
  Json themes = Json::array();
  for (const auto& theme : value.themes)
    themes.push_back({{"theme", theme.theme}, {"tasks", theme.tasks}});
  return {{"schema", "skillgrad.momentum/2"},
          {"iteration", value.iteration},
          {"overlay", entries},
          {"themes", themes}};
}

Result<Overlay> overlay_from_json(const Json& value) {
  const std::string schema = "skillgrad.momentum/2";
  SKILLGRAD_CHECK(expect_version(value, "skillgrad.momentum", 2));
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

}  // namespace skillgrad::optim
