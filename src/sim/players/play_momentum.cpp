// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/players/diagnoses.hpp"
#include "sim/players/player.hpp"
#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

constexpr const char* kSubmitMomentum = "submit_momentum";
constexpr const char* kNothing = "no-actionable-signal";
constexpr std::size_t kThemes = 3;

/// What the memory already says of a pattern.
using Remembered = std::map<std::string, std::string>;  // slug -> description

Remembered read_memory(std::string_view user) {
  Remembered out;
  const Json memory = Json::parse(tagged(user, "memory").value_or("null"), nullptr, false);
  if (!memory.is_object() || !memory.contains("patterns") || !memory["patterns"].is_array())
    return out;
  for (const Json& pattern : memory["patterns"]) {
    if (!pattern.is_object()) continue;
    const auto text = [&](const char* key) {
      const auto found = pattern.find(key);
      return found != pattern.end() && found->is_string() ? found->get<std::string>() : "";
    };
    out[text("slug")] = text("description");
  }
  return out;
}

/// Slugs of the headings of the skill's body, and the anchors that they are: of one of several
/// skills it begins with its folder.
std::map<std::string, std::string> anchors(std::string_view user) {
  std::map<std::string, std::string> out;
  for (const std::string& text : all_tagged(user, "skill")) {
    const std::string folder = folder_of_skill(text);
    for (const TextSection& section : text_sections(text)) {
      const std::string slug = slugify(section.heading);
      if (!slug.empty()) out.emplace(slug, folder.empty() ? slug : folder + "/" + slug);
    }
  }
  return out;
}

/// Several diagnoses that are one pattern.
struct Group {
  std::string slug, kind, line, anchor, description, action;
  std::vector<std::string> successes;
  bool is_new = true;
};

class Grouping {
 public:
  Grouping(const Player& player, std::string_view user)
      : scenario_(player.scenario()), memory_(read_memory(user)), anchors_(anchors(user)) {}

  /// Takes one cause of a diagnosis into the overlay entry of its task.
  void add(const ReadDiagnosis& diagnosis) {
    if (overlay_.empty() || overlay_.back()["task_id"] != diagnosis.task_id)
      overlay_.push_back({{"task_id", diagnosis.task_id},
                          {"signal", diagnosis.label},
                          {"patterns", Json::array()}});
    if (diagnosis.says_nothing) return;
    Group& group = group_of(diagnosis);
    Json& patterns = overlay_.back()["patterns"];
    const bool twice = std::any_of(patterns.begin(), patterns.end(),
                                   [&](const Json& part) { return part["pattern"] == group.slug; });
    if (!twice) patterns.push_back(part_of(group, diagnosis.success));
    if (diagnosis.success) note_success(group, diagnosis.task_id);
  }

  /// One entry for each task, in order of appearance.
  [[nodiscard]] Json overlay() const {
    Json out = overlay_;
    for (Json& entry : out)
      if (entry["patterns"].empty()) entry["patterns"] = Json::array({{{"pattern", kNothing}}});
    return out;
  }

  /// Patterns that are new or whose text changed, in order of appearance.
  [[nodiscard]] Json patterns() const {
    Json out = Json::array();
    for (const Group& group : groups_) {
      const auto old = memory_.find(group.slug);
      if (old != memory_.end() && old->second == group.description) continue;
      out.push_back({{"slug", group.slug},
                     {"kind", group.kind},
                     {"line", group.line},
                     {"anchor", group.anchor},
                     {"description", group.description},
                     {"action", group.action}});
    }
    return out;
  }

  /// Needs two successes now, or one now and one that the memory holds.
  [[nodiscard]] Json themes() const {
    Json out = Json::array();
    for (const Group& group : groups_) {
      const auto old = memory_.find(group.slug);
      const bool earlier =
          old != memory_.end() && old->second.find(kSeenWorking) != std::string::npos;
      if (group.successes.size() + (earlier ? 1 : 0) < 2 || group.successes.empty()) continue;
      if (out.size() == kThemes) break;
      out.push_back({{"theme", "The rule on " + group.line + " carries over from task to task."},
                     {"tasks", group.successes}});
    }
    return out;
  }

 private:
  Group& group_of(const ReadDiagnosis& diagnosis) {
    const std::string slug =
        diagnosis.lesson ? scenario_.lessons[*diagnosis.lesson].slug : slugify(diagnosis.label);
    for (Group& group : groups_)
      if (group.slug == slug) return group;
    Group group;
    group.slug = slug;
    if (diagnosis.lesson) {
      const Lesson& lesson = scenario_.lessons[*diagnosis.lesson];
      const std::string anchor = slugify(lesson.heading);
      group.kind = name_of(lesson.kind);
      group.line = lesson.label;
      const auto known = anchors_.find(anchor);
      group.anchor = known != anchors_.end() ? known->second : "";
      group.description = lesson.diagnosis;
      group.action = "follow a rule under \"" + lesson.heading + "\"";
    } else {
      // A reading of its own, for diagnoses that were not written by this simulation.
      group.kind = "mixed";
      group.line = diagnosis.label;
      group.description = diagnosis.analysis;
      group.action = "avoid this";
    }
    const auto old = memory_.find(slug);
    if (old != memory_.end() && !old->second.empty()) group.description = old->second;
    groups_.push_back(std::move(group));
    return groups_.back();
  }

  static Json part_of(const Group& group, bool success) {
    return {{"pattern", group.slug},
            {"anchor", group.anchor},
            {"gap", success                ? "none: the rule is there and was followed"
                    : group.anchor.empty() ? "the body says nothing about it"
                                           : "the section does not settle the case"},
            {"change", success ? "keep the rule as it is" : group.action}};
  }

  static void note_success(Group& group, const std::string& task_id) {
    group.successes.push_back(task_id);
    if (group.description.find(kSeenWorking) == std::string::npos)
      group.description += " " + std::string(kSeenWorking);
  }

  const Scenario& scenario_;
  Remembered memory_;
  std::map<std::string, std::string> anchors_;
  std::vector<Group> groups_;
  Json overlay_ = Json::array();
};

}  // namespace

Reply play_momentum(const Player& player, const Conversation& conversation) {
  const std::string_view user = conversation.first_user();
  Grouping grouping(player, user);
  for (const ReadDiagnosis& diagnosis : read_diagnoses(player.scenario(), user))
    grouping.add(diagnosis);
  Json handed = {{"patterns", grouping.patterns()},
                 {"overlay", grouping.overlay()},
                 {"themes", grouping.themes()}};
  // A refused hand-in is repeated without its optional part.
  if (was_refused(conversation, kSubmitMomentum)) handed["themes"] = Json::array();
  Reply reply = hand_in(conversation, kSubmitMomentum, dump_json(handed));
  reply.stage = "momentum";
  return reply;
}

}  // namespace skillgrad::sim
