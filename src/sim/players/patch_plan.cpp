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
};

class Planner {
 public:
  Planner(const Player& player, std::string_view user)
      : player_(player),
        lessons_(player.scenario().lessons),
        user_(user),
        memory_(tagged(user, "memory").value_or("none")),
        has_memory_(trim(memory_) != "none" && !trim(memory_).empty()),
        draft_(tagged(user, "skill").value_or("")),
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
      } else if (!known.failing) {
        known.failing = true;
        known.rank = order;
      }
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
      const bool open =
          has_memory_ ? (known_[i].failing || known_[i].remembered) && !draft_.teaches(lessons_[i])
                      : known_[i].failing;
      if (open) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return known_[a].rank < known_[b].rank;
    });
    return order;
  }

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
    const bool weak = !known_[index].tried && draw("weak", index) < player_.noise().weak * care();
    const TextSection* old = draft_.find(lesson.heading);
    if (draft_.teaches(lesson)) {
      // Not knowing that the rule is there on purpose, it may reword it, and then too weakly.
      if (weak && !known_[index].succeeded && old != nullptr && lesson.rule != lesson.weak_rule)
        replace(index, section_text(lesson.heading, lesson.weak_rule), true);
      return;
    }
    const std::string& wording = weak ? lesson.weak_rule : lesson.rule;
    if (old == nullptr) {
      insert(index, section_text(lesson.heading, wording));
      return;
    }
    std::string kept = replace_all(old->text, lesson.weak_rule, "");
    kept = std::string(trim(kept)) + "\n\n" + wording + "\n";
    if (trim(kept) != trim(old->text)) replace(index, std::move(kept), true);
  }

  [[nodiscard]] std::string pattern_of(std::size_t index) const {
    const Known& known = known_[index];
    return known.remembered || known.label.empty() ? lessons_[index].slug : known.label;
  }

  void insert(std::size_t index, const std::string& text) {
    const std::string& heading = lessons_[index].heading;
    const std::string before = draft_.insertion_point();
    PlannedEdit edit;
    Json arguments = {{"text", text}};
    edit.fallback = ToolUse{"", "insert_section", dump_json(arguments)};
    if (!before.empty()) arguments["before"] = before;
    edit.call = {"", "insert_section", dump_json(arguments)};
    if (before.empty()) edit.fallback.reset();
    edit.undo = ToolUse{"", "delete_section", dump_json({{"heading", heading}})};
    edit.lesson = index;
    edit.pattern = pattern_of(index);
    edit.tasks = known_[index].tasks;
    edit.section = heading;
    edits_.push_back(std::move(edit));
    draft_.insert(heading, text);
  }

  void replace(std::size_t index, std::string text, bool addresses) {
    const std::string heading = lessons_[index].heading;
    PlannedEdit edit;
    edit.undo = ToolUse{"", "replace_section",
                        dump_json({{"heading", heading}, {"text", draft_.find(heading)->text}})};
    edit.call = {"", "replace_section", dump_json({{"heading", heading}, {"text", text}})};
    if (addresses) edit.fallback = ToolUse{"", "insert_section", dump_json({{"text", text}})};
    edit.lesson = index;
    edit.addresses = addresses;
    edit.pattern = pattern_of(index);
    edit.tasks = known_[index].tasks;
    edit.section = heading;
    edits_.push_back(std::move(edit));
    draft_.replace(heading, std::move(text));
  }

  void remove(std::size_t index) {
    const std::string heading = lessons_[index].heading;
    PlannedEdit edit;
    edit.undo = ToolUse{"", "insert_section", dump_json({{"text", draft_.find(heading)->text}})};
    edit.call = {"", "delete_section", dump_json({{"heading", heading}})};
    edit.lesson = index;
    edit.addresses = false;
    edit.section = heading;
    edits_.push_back(std::move(edit));
    draft_.remove(heading);
  }

  /// An older rule is overwritten to make room, unless something says that it works: success
  /// evidence among the diagnoses, or a note of it in the memory.
  void forget() {
    if (player_.draw({"patcher", "forget", user_}) >= player_.noise().forget * care()) return;
    std::vector<std::size_t> exposed;
    for (std::size_t i = 0; i < lessons_.size(); ++i)
      if (is_exposed(i)) exposed.push_back(i);
    if (exposed.empty()) return;
    const double at =
        player_.draw({"patcher", "forget-which", user_}) * static_cast<double>(exposed.size());
    const std::size_t victim = exposed[static_cast<std::size_t>(at)];
    if (player_.draw({"patcher", "forget-how", user_}) < 0.5)
      remove(victim);
    else
      replace(victim, section_text(lessons_[victim].heading, lessons_[victim].weak_rule), false);
  }

  [[nodiscard]] bool is_exposed(std::size_t index) const {
    const TextSection* section = draft_.find(lessons_[index].heading);
    if (section == nullptr || !teaches(normalised(section->text), lessons_[index])) return false;
    if (section->text.find("references/") != std::string::npos) return false;
    if (section->text.size() * 5 > draft_.bytes() * 2) return false;  // too much for one patch
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
  Draft draft_;
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

bool Draft::teaches(const Lesson& lesson) const {
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
