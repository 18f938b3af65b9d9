// SPDX-License-Identifier: MIT
#include "sim/players/patch_plan.hpp"

#include <algorithm>
#include <set>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/players/diagnoses.hpp"

namespace skillgrad::sim {
namespace {

/// A patch is about few patterns at a time; more would be a rewrite.
constexpr std::size_t kMostPatterns = 2;
/// Success evidence shows what makes a difference: wording gets concrete, and fewer rules that work
/// are taken for dispensable.
constexpr double kWithSuccess = 0.5;

std::string_view without_front_matter(std::string_view text) {
  if (!text.starts_with("---")) return text;
  const std::size_t close = text.find("\n---", 3);
  if (close == std::string_view::npos) return text;
  const std::size_t end = text.find('\n', close + 1);
  return end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
}

std::string section_text(const std::string& heading, const std::string& content) {
  return "## " + heading + "\n\n" + std::string(trim(content)) + "\n";
}

/// The part of the rendered memory that is about one pattern, or "".
std::string memory_block(const std::string& memory, const std::string& slug, std::size_t* at) {
  std::size_t position = 0;
  for (const TextSection& section : text_sections(memory)) {
    if (section.heading == slug || section.heading.starts_with(slug + " ")) {
      if (at != nullptr) *at = position;
      return section.text;
    }
    ++position;
  }
  return {};
}

/// What the patch agent knows of one lesson when it plans.
struct Known {
  bool failing = false;    ///< a failure among the diagnoses names it
  bool succeeded = false;  ///< success evidence names it, now or in the memory
  bool remembered = false;
  bool tried = false;              ///< a remedy is on record, or its weak wording was rejected
  std::size_t rank = 0;            ///< order of attention
  std::string label;               ///< of the first diagnosis that names it
  std::vector<std::string> tasks;  ///< whose diagnoses name it
  /// Of each failing run the skills that it had loaded, where there are several.
  std::vector<std::vector<std::string>> loads;
};

/// One skill of those that may be edited.
struct SkillDraft {
  std::string folder;  ///< "": it is the only one
  Draft draft;
};

std::vector<SkillDraft> read_drafts(std::string_view user) {
  std::vector<SkillDraft> out;
  for (const std::string& text : all_tagged(user, "skill")) {
    const std::string folder = folder_of_skill(text);
    const std::size_t first = folder.empty() ? 0 : text.find('\n');
    const std::string_view rest =
        first == std::string::npos ? std::string_view() : std::string_view(text).substr(first);
    out.push_back({folder, Draft(folder.empty() ? rest : trim(rest))});
  }
  if (out.empty()) out.push_back({"", Draft("")});
  return out;
}

/// A sentence that one side of `<conflicts>` quotes says the opposite of the lesson: the name of
/// that conflict, or "".
std::string conflict_about(std::string_view user, const Lesson& lesson) {
  const Json list = Json::parse(tagged(user, "conflicts").value_or("[]"), nullptr, false);
  for (const Json& item : list.is_array() ? list : Json::array()) {
    if (!item.is_object() || !item.contains("sides") || !item["sides"].is_array()) continue;
    for (const Json& side : item["sides"])
      if (side.is_object() && side.contains("text") && side["text"].is_string() &&
          item.contains("slug") && item["slug"].is_string() &&
          contradicts(normalised(side["text"].get<std::string>()), lesson))
        return item["slug"].get<std::string>();
  }
  return {};
}

class Planner {
 public:
  Planner(const Player& player, std::string_view user)
      : player_(player),
        lessons_(player.scenario().lessons),
        user_(user),
        memory_(tagged(user, "memory").value_or("none")),
        has_memory_(trim(memory_) != "none" && !trim(memory_).empty()),
        drafts_(read_drafts(user)),
        known_(lessons_.size()) {}

  std::vector<PlannedEdit> plan() {
    read_evidence();
    for (const std::size_t lesson : in_order()) {
      if (edits_.size() == kMostPatterns) break;
      address(lesson);
    }
    if (!edits_.empty()) forget();
    return std::move(edits_);
  }

 private:
  void read_evidence() {
    const std::string rejected = normalised(tagged(user_, "rejected").value_or(""));
    std::size_t order = 0;
    const auto diagnoses = tagged(user_, "attempts") ? read_attempts(player_, user_)
                                                     : read_diagnoses(player_.scenario(), user_);
    for (const ReadDiagnosis& diagnosis : diagnoses) {
      ++order;
      if (!diagnosis.lesson) continue;
      Known& known = known_[*diagnosis.lesson];
      if (known.label.empty()) known.label = diagnosis.label;
      known.tasks.push_back(diagnosis.task_id);
      if (diagnosis.success) {
        known.succeeded = true;
        continue;
      }
      if (!diagnosis.skills.empty()) known.loads.push_back(diagnosis.skills);
      if (known.failing) continue;
      known.failing = true;
      known.rank = order;
    }
    for (std::size_t i = 0; i < lessons_.size(); ++i) {
      known_[i].tried = rejected.find(normalised(lessons_[i].weak_rule)) != std::string::npos;
      if (has_memory_) recall(i);
    }
  }

  void recall(std::size_t lesson) {
    Known& known = known_[lesson];
    std::size_t position = 0;
    const std::string block = memory_block(memory_, lessons_[lesson].slug, &position);
    if (block.empty()) return;
    known.remembered = true;
    known.rank = position;
    known.tried = known.tried || block.find("\n- remedy") != std::string::npos;
    known.succeeded = known.succeeded || block.find(kSeenWorking) != std::string::npos;
  }

  /// Without a memory: what fails now, as the diagnoses come. With one: what fails now or was left
  /// over from earlier batches, by the memory's order, except what the skill already teaches.
  [[nodiscard]] std::vector<std::size_t> in_order() const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < lessons_.size(); ++i) {
      const bool open = has_memory_ ? (known_[i].failing || known_[i].remembered) && !is_taught(i)
                                    : known_[i].failing;
      if (open) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return known_[a].rank < known_[b].rank;
    });
    return order;
  }

  /// The skill that a run which had loaded these lacks the lesson by: the one that says the
  /// opposite, else the first where none has the rule; none: the run had it. Where it is not known
  /// what was loaded, it may have been any.
  [[nodiscard]] std::optional<std::size_t> lacking(std::size_t lesson,
                                                   const std::vector<std::string>& loaded) const {
    std::optional<std::size_t> first;
    bool taught = false;
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      const bool in_view = loaded.empty() || std::find(loaded.begin(), loaded.end(),
                                                       drafts_[i].folder) != loaded.end();
      if (!in_view) continue;
      if (drafts_[i].draft.contradicts(lessons_[lesson])) return i;
      taught = taught || drafts_[i].draft.teaches(lessons_[lesson]);
      if (!first) first = i;
    }
    return taught ? std::nullopt : first;
  }

  /// Where the lesson's rule is missing; nullopt: each failing run had it.
  [[nodiscard]] std::optional<std::size_t> gap_of(std::size_t lesson) const {
    for (const auto& loaded : known_[lesson].loads)
      if (const auto place = lacking(lesson, loaded)) return place;
    return known_[lesson].loads.empty() ? lacking(lesson, {}) : std::nullopt;
  }

  [[nodiscard]] bool is_taught(std::size_t lesson) const { return !gap_of(lesson).has_value(); }

  /// Factor on the error rates: any success evidence, in the batch or in the memory, lowers them.
  [[nodiscard]] double care() const {
    const bool seen = std::any_of(known_.begin(), known_.end(),
                                  [](const Known& known) { return known.succeeded; });
    return seen ? kWithSuccess : 1.0;
  }

  [[nodiscard]] double draw(std::string_view what, std::size_t lesson) const {
    return player_.draw({"patcher", what, lessons_[lesson].slug, user_});
  }

  void address(std::size_t index) {
    const Lesson& lesson = lessons_[index];
    const std::size_t place = gap_of(index).value_or(0);
    Draft& draft = drafts_[place].draft;
    const bool weak = !known_[index].tried && draw("weak", index) < player_.noise().weak * care();
    const std::string& wording = weak ? lesson.weak_rule : lesson.rule;
    if (draft.contradicts(lesson)) return correct(index, place, wording);
    const TextSection* old = draft.find(lesson.heading);
    if (draft.teaches(lesson)) {
      // Not knowing that the rule is there on purpose, it may reword it, and then too weakly.
      if (weak && !known_[index].succeeded && old != nullptr && lesson.rule != lesson.weak_rule)
        replace(index, place, section_text(lesson.heading, lesson.weak_rule), true);
      return;
    }
    if (old == nullptr) {
      insert(index, place, section_text(lesson.heading, wording));
      return;
    }
    std::string kept = replace_all(old->text, lesson.weak_rule, "");
    kept = std::string(trim(kept)) + "\n\n" + wording + "\n";
    if (trim(kept) != trim(old->text)) replace(index, place, std::move(kept), true);
  }

  [[nodiscard]] std::string pattern_of(std::size_t index) const {
    const Known& known = known_[index];
    return known.remembered || known.label.empty() ? lessons_[index].slug : known.label;
  }

  /// An edit of this place, begun.
  [[nodiscard]] PlannedEdit edit_of(std::size_t index, std::size_t place,
                                    const std::string& section) const {
    PlannedEdit out;
    out.lesson = index;
    out.pattern = pattern_of(index);
    out.tasks = known_[index].tasks;
    out.section = section;
    out.skill = drafts_[place].folder;
    return out;
  }

  /// A call that says which skill it is about, where there are several.
  [[nodiscard]] ToolUse use(std::size_t place, const char* tool, Json arguments) const {
    if (!drafts_[place].folder.empty()) arguments["skill"] = drafts_[place].folder;
    return {"", tool, dump_json(arguments)};
  }

  /// The line that says the opposite now says the rule.
  void correct(std::size_t index, std::size_t place, const std::string& wording) {
    Draft& draft = drafts_[place].draft;
    const auto found = draft.contradiction(lessons_[index]);
    if (!found) return;
    const std::string now = found->mark + wording;
    PlannedEdit edit = edit_of(index, place, found->heading);
    const auto call = [&](const std::string& from, const std::string& to) {
      return use(place, "edit_text", {{"path", "SKILL.md"}, {"old", from}, {"new", to}});
    };
    edit.call = call(found->line, now);
    edit.undo = call(now, found->line);
    if (const std::string named = conflict_about(user_, lessons_[index]); !named.empty())
      edit.pattern = named;
    edits_.push_back(std::move(edit));
    draft.change(found->line, now);
  }

  void insert(std::size_t index, std::size_t place, const std::string& text) {
    const std::string& heading = lessons_[index].heading;
    Draft& draft = drafts_[place].draft;
    const std::string before = draft.insertion_point();
    PlannedEdit edit = edit_of(index, place, heading);
    Json arguments = {{"text", text}};
    edit.fallback = use(place, "insert_section", arguments);
    if (!before.empty()) arguments["before"] = before;
    edit.call = use(place, "insert_section", arguments);
    if (before.empty()) edit.fallback.reset();
    edit.undo = use(place, "delete_section", {{"heading", heading}});
    edits_.push_back(std::move(edit));
    draft.insert(heading, text);
  }

  void replace(std::size_t index, std::size_t place, std::string text, bool addresses) {
    const std::string heading = lessons_[index].heading;
    Draft& draft = drafts_[place].draft;
    PlannedEdit edit = edit_of(index, place, heading);
    edit.undo =
        use(place, "replace_section", {{"heading", heading}, {"text", draft.find(heading)->text}});
    edit.call = use(place, "replace_section", {{"heading", heading}, {"text", text}});
    if (addresses) edit.fallback = use(place, "insert_section", {{"text", text}});
    edit.addresses = addresses;
    edits_.push_back(std::move(edit));
    draft.replace(heading, std::move(text));
  }

  void remove(std::size_t index, std::size_t place) {
    const std::string heading = lessons_[index].heading;
    Draft& draft = drafts_[place].draft;
    PlannedEdit edit;
    edit.undo = use(place, "insert_section", {{"text", draft.find(heading)->text}});
    edit.call = use(place, "delete_section", {{"heading", heading}});
    edit.lesson = index;
    edit.addresses = false;
    edit.section = heading;
    edit.skill = drafts_[place].folder;
    edits_.push_back(std::move(edit));
    draft.remove(heading);
  }

  /// An older rule is overwritten to make room, unless something says that it works: success
  /// evidence among the diagnoses, or a note of it in the memory.
  void forget() {
    if (player_.draw({"patcher", "forget", user_}) >= player_.noise().forget * care()) return;
    struct Exposed {
      std::size_t lesson, place;
    };
    std::vector<Exposed> exposed;
    for (std::size_t place = 0; place < drafts_.size(); ++place)
      for (std::size_t i = 0; i < lessons_.size(); ++i)
        if (is_exposed(i, drafts_[place].draft)) exposed.push_back({i, place});
    if (exposed.empty()) return;
    const double at =
        player_.draw({"patcher", "forget-which", user_}) * static_cast<double>(exposed.size());
    const Exposed victim = exposed[static_cast<std::size_t>(at)];
    if (player_.draw({"patcher", "forget-how", user_}) < 0.5)
      remove(victim.lesson, victim.place);
    else
      replace(victim.lesson, victim.place,
              section_text(lessons_[victim.lesson].heading, lessons_[victim.lesson].weak_rule),
              false);
  }

  [[nodiscard]] bool is_exposed(std::size_t index, const Draft& draft) const {
    const TextSection* section = draft.find(lessons_[index].heading);
    if (section == nullptr || !teaches(normalised(section->text), lessons_[index])) return false;
    if (section->text.find("references/") != std::string::npos) return false;
    if (section->text.size() * 5 > draft.bytes() * 2) return false;  // too much for one patch
    const std::string heading = normalised(section->heading);
    for (std::size_t i = 0; i < lessons_.size(); ++i) {
      const bool here = normalised(lessons_[i].heading) == heading;
      if (here && (known_[i].succeeded || known_[i].failing || is_addressed(i))) return false;
    }
    return true;
  }

  [[nodiscard]] bool is_addressed(std::size_t lesson) const {
    return std::any_of(edits_.begin(), edits_.end(),
                       [&](const PlannedEdit& edit) { return edit.lesson == lesson; });
  }

  const Player& player_;
  const std::vector<Lesson>& lessons_;
  std::string user_;
  std::string memory_;
  bool has_memory_;
  std::vector<SkillDraft> drafts_;
  std::vector<Known> known_;
  std::vector<PlannedEdit> edits_;
};

}  // namespace

Draft::Draft(std::string_view skill_md)
    : sections_(text_sections(without_front_matter(skill_md))) {}

const TextSection* Draft::find(std::string_view heading) const {
  const std::string wanted = normalised(heading);
  for (const TextSection& section : sections_)
    if (section.level == 2 && normalised(section.heading) == wanted) return &section;
  return nullptr;
}

bool Draft::contradicts(const Lesson& lesson) const {
  return std::any_of(sections_.begin(), sections_.end(), [&](const TextSection& section) {
    return sim::contradicts(normalised(section.text), lesson);
  });
}

std::optional<Draft::Contradiction> Draft::contradiction(const Lesson& lesson) const {
  for (const TextSection& section : sections_)
    for (const std::string& line : split_lines(section.text)) {
      if (!sim::contradicts(normalised(line), lesson)) continue;
      const std::size_t text = line.find_first_not_of(" \t-*+0123456789.)");
      return Contradiction{section.heading, line, line.substr(0, std::min(text, line.size()))};
    }
  return std::nullopt;
}

void Draft::change(const std::string& line, const std::string& now) {
  for (TextSection& section : sections_)
    section.text = replace_all(std::move(section.text), line, now);
}

bool Draft::teaches(const Lesson& lesson) const {
  if (contradicts(lesson)) return false;
  return std::any_of(sections_.begin(), sections_.end(), [&](const TextSection& section) {
    return sim::teaches(normalised(section.text), lesson);
  });
}

std::string Draft::insertion_point() const {
  for (const TextSection& section : sections_)
    if (section.level == 2 && slugify(section.heading).find("pitfall") != std::string::npos)
      return section.heading;
  if (sections_.back().level != 2) return "";
  const std::string last = slugify(sections_.back().heading);
  for (const char* word : {"check", "verify", "finish", "before-you"})
    if (last.find(word) != std::string::npos) return sections_.back().heading;
  return "";
}

std::size_t Draft::bytes() const {
  std::size_t sum = 0;
  for (const TextSection& section : sections_) sum += section.text.size();
  return sum;
}

void Draft::replace(std::string_view heading, std::string text) {
  const TextSection* old = find(heading);
  if (old == nullptr) return;
  sections_[static_cast<std::size_t>(old - sections_.data())].text = std::move(text);
}

void Draft::insert(std::string heading, std::string text) {
  const TextSection* before = find(insertion_point());
  const auto at =
      before == nullptr ? sections_.end() : sections_.begin() + (before - sections_.data());
  sections_.insert(at, {2, std::move(heading), std::move(text)});
}

void Draft::remove(std::string_view heading) {
  const TextSection* old = find(heading);
  if (old != nullptr) sections_.erase(sections_.begin() + (old - sections_.data()));
}

std::vector<PlannedEdit> plan_patch(const Player& player, std::string_view user_text) {
  return Planner(player, user_text).plan();
}

}  // namespace skillgrad::sim
