// SPDX-License-Identifier: MIT
#include "optim/momentum/momentum_submission.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>
#include <skillgrad/skill/places.hpp>

#include "optim/momentum/pattern_slug.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::size_t kNamedAnchors = 30;

constexpr const char* kSubmitSchema =
    R"({"type":"object","properties":{)"
    R"("patterns":{"type":"array","description":"Patterns that are new or whose text changes","items":{"type":"object","properties":{)"
    R"("slug":{"type":"string"},"kind":{"type":"string","enum":["operation","workflow","mixed"]},"line":{"type":"string"},)"
    R"("anchor":{"type":"string","description":"Slug of a heading or base name of a file, empty if there is no such place"},"description":{"type":"string"},"action":{"type":"string"}},"required":["slug","kind","line","anchor","description","action"]}},)"
    R"("overlay":{"type":"array","description":"One entry for each diagnosis, in the same order","items":{"type":"object","properties":{)"
    R"("task_id":{"type":"string"},"signal":{"type":"string"},"patterns":{"type":"array","description":"One for each pattern that the task shows; the loss of the task is split between them","items":{"type":"object","properties":{)"
    R"("pattern":{"type":"string","description":"Slug, new or no-actionable-signal"},)"
    R"("anchor":{"type":"string","description":"As in patterns"},"gap":{"type":"string"},"change":{"type":"string"}},"required":["pattern"]}}},"required":["task_id","signal","patterns"]}},)"
    R"("themes":{"type":"array","description":"At most three","items":{"type":"object","properties":{)"
    R"("theme":{"type":"string"},"tasks":{"type":"array","items":{"type":"string"}}},"required":["theme","tasks"]}}},)"
    R"("required":["patterns","overlay","themes"]})";

Result<Json> array_of(const Json& object, const char* key, bool required) {
  const auto found = object.find(key);
  if (found == object.end() && !required) return Json::array();
  if (found == object.end() || !found->is_array()) {
    return fail(ErrorCode::input, "\"" + std::string(key) + "\" must be an array",
                "submit_momentum /" + std::string(key), "write an array of objects");
  }
  return *found;
}

struct SubmittedPattern {
  Pattern pattern;
  bool has_kind = false;  ///< it says one
};

/// What the model handed in, before it is merged.
struct Submission {
  std::vector<SubmittedPattern> patterns;
  std::vector<OverlayEntry> entries;
  std::vector<Theme> themes;
};

std::string item_name(const char* key, std::size_t index) {
  return "submit_momentum /" + std::string(key) + "/" + std::to_string(index);
}

Result<SubmittedPattern> read_submitted(const Json& item, const std::string& where) {
  StrictReader reader(item, where);
  SubmittedPattern submitted;
  Pattern& out = submitted.pattern;
  out.slug = std::string(trim(reader.string("slug", "")));
  const std::string kind(trim(reader.string("kind", "")));
  submitted.has_kind = !kind.empty();
  if (submitted.has_kind) out.set_kind(kind);
  out.line = std::string(trim(reader.string("line", "")));
  out.anchor = std::string(trim(reader.string("anchor", "")));
  out.description = std::string(trim(reader.string("description", "")));
  out.action = std::string(trim(reader.string("action", "")));
  if (out.slug.empty() && out.line.empty()) {
    reader.reject("slug", "it is empty", "name the pattern in a few words joined by '-'");
  }
  SKILLGRAD_CHECK(reader.finish());
  return submitted;
}

OverlayPart read_part_fields(StrictReader& reader) {
  OverlayPart out;
  out.pattern = std::string(trim(reader.string("pattern")));
  out.anchor = std::string(trim(reader.string("anchor", "")));
  out.gap = std::string(trim(reader.string("gap", "")));
  out.change = std::string(trim(reader.string("change", "")));
  return out;
}

/// With a list of patterns, or one of them in place of it.
Result<OverlayEntry> read_entry(const Json& item, const std::string& where) {
  StrictReader reader(item, where);
  OverlayEntry out;
  out.task_id = reader.string("task_id");
  out.signal = std::string(trim(reader.string("signal", "")));
  const Json list = reader.any("patterns");
  if (list.is_null()) out.parts.push_back(read_part_fields(reader));
  if (!list.is_null() && !list.is_array())
    reader.reject("patterns", "got a " + std::string(list.type_name()),
                  "write an array of objects");
  SKILLGRAD_CHECK(reader.finish());
  for (std::size_t i = 0; i < list.size() && list.is_array(); ++i) {
    StrictReader inner(list[i], where + "/patterns/" + std::to_string(i));
    OverlayPart part = read_part_fields(inner);
    SKILLGRAD_CHECK(inner.finish());
    out.parts.push_back(std::move(part));
  }
  if (out.parts.empty()) out.parts.push_back({kNoSignal, "", "", ""});
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

Result<Submission> read_arrays(const Json& object) {
  if (!object.is_object()) return fail(ErrorCode::input, "got no JSON object", "submit_momentum");
  StrictReader reader(object, "submit_momentum");
  for (const char* key : {"patterns", "overlay", "themes"}) reader.ignore(key);
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(const Json patterns, array_of(object, "patterns", false));
  SKILLGRAD_TRY(const Json overlay, array_of(object, "overlay", true));
  SKILLGRAD_TRY(const Json themes, array_of(object, "themes", false));
  Submission out;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    SKILLGRAD_TRY(auto item, read_submitted(patterns[i], item_name("patterns", i)));
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

/// Merges one submission into the record and says what could not be taken as it came.
class Merge {
 public:
  Merge(const MomentumInput& input, Submission submission)
      : input_(input), submission_(std::move(submission)) {}

  MomentumOutput run() {
    out_.memory = input_.memory;
    for (SubmittedPattern& submitted : submission_.patterns) take(submitted);
    for (OverlayEntry& entry : submission_.entries)
      for (OverlayPart& part : entry.parts)
        settle_anchor(part.anchor, "of task \"" + entry.task_id + "\"");
    out_.overlay.entries = std::move(submission_.entries);
    out_.overlay.themes = std::move(submission_.themes);
    return std::move(out_);
  }

 private:
  void repair(std::string sentence) { out_.repairs.push_back(std::move(sentence)); }

  void take(SubmittedPattern& handed_in) {
    Pattern& submitted = handed_in.pattern;
    settle_slug(submitted);
    settle_anchor(submitted.anchor, "of pattern \"" + submitted.slug + "\"");
    if (!taken_.insert(submitted.slug).second)
      repair("The pattern \"" + submitted.slug + "\" is handed in twice; the later text counts.");
    auto& patterns = out_.memory.patterns;
    const auto old = std::find_if(patterns.begin(), patterns.end(), [&](const Pattern& pattern) {
      return pattern.slug == submitted.slug;
    });
    if (old == patterns.end()) {
      if (!handed_in.has_kind) submitted.kind = PatternKind::mixed;
      if (submitted.line.empty()) submitted.line = replace_all(submitted.slug, "-", " ");
      patterns.push_back(std::move(submitted));
      return;
    }
    if (handed_in.has_kind) {
      old->kind = submitted.kind;
      old->odd_kind = std::move(submitted.odd_kind);
    }
    replace_if_given(old->line, submitted.line);
    replace_if_given(old->anchor, submitted.anchor);
    replace_if_given(old->description, submitted.description);
    replace_if_given(old->action, submitted.action);
  }

  /// Before the merge, so that "Types lost" is a text for `types-lost` and no second pattern.
  void settle_slug(Pattern& submitted) {
    const std::string given = submitted.slug;
    submitted.slug = pattern_slug(given.empty() ? submitted.line : given);
    if (submitted.slug == given) return;
    repair("The slug \"" + truncate_middle(given, 80) + "\" became \"" + submitted.slug + "\".");
    for (OverlayEntry& entry : submission_.entries)
      for (OverlayPart& part : entry.parts)
        if (!given.empty() && part.pattern == given) part.pattern = submitted.slug;
  }

  void settle_anchor(std::string& anchor, const std::string& whose) {
    if (anchor == "none") anchor.clear();
    if (anchor.empty()) return;
    // A place that a patch made since is one to work on, though it did not run.
    auto place = skill::find_place(*input_.skill, anchor);
    if (!place && input_.since && input_.since->kept != nullptr)
      place = skill::find_place(*input_.since->kept, anchor);
    if (place) {
      anchor = place->anchor;
      return;
    }
    const auto known =
        std::any_of(input_.memory.patterns.begin(), input_.memory.patterns.end(),
                    [&](const Pattern& pattern) { return pattern.anchor == anchor; });
    if (known) return;  // of a heading that an earlier version of the skill had
    repair("The anchor \"" + truncate_middle(anchor, 80) + "\" " + whose +
           " is neither a heading nor a file of the skill; it has " +
           list_some(skill::anchors_of(*input_.skill), kNamedAnchors) + ".");
  }

  const MomentumInput& input_;
  Submission submission_;
  std::set<std::string> taken_;
  MomentumOutput out_;
};

}  // namespace

const char* momentum_schema() { return kSubmitSchema; }

Result<MomentumOutput> read_submission(const Json& object, const MomentumInput& input) {
  SKILLGRAD_TRY(Submission submission, read_arrays(object));
  return Merge(input, std::move(submission)).run();
}

}  // namespace skillgrad::optim
