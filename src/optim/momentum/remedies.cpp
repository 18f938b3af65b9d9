// SPDX-License-Identifier: MIT
#include "optim/momentum/remedies.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>
#include <skillgrad/skill/places.hpp>

#include "optim/momentum/pattern_slug.hpp"
#include "optim/momentum/patterns.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::size_t kReasonBytes = 300;
constexpr std::size_t kChangeBytes = 240;

const OverlayEntry* entry_of(const std::string& task, const Overlay& overlay) {
  const auto found = std::find_if(overlay.entries.begin(), overlay.entries.end(),
                                  [&](const OverlayEntry& entry) { return entry.task_id == task; });
  return found == overlay.entries.end() ? nullptr : &*found;
}

/// The patterns that the overlay made of one cause of a task; the diagnosis's own word where there
/// is no overlay. Of several, in the order of the causes: the one in the cause's place where there
/// are as many, else all.
std::vector<std::string> patterns_of(const Gradient& gradient, std::size_t cause,
                                     const Overlay* overlay) {
  if (overlay == nullptr) return {gradient.causes[cause].known};
  const OverlayEntry* entry = entry_of(gradient.task_id, *overlay);
  if (entry == nullptr) return {};
  if (entry->names(gradient.causes[cause].known)) return {gradient.causes[cause].known};
  const std::string own = pattern_slug(gradient.causes[cause].label);
  if (entry->names(own)) return {own};
  if (entry->parts.size() == gradient.causes.size()) return {entry->parts[cause].pattern};
  std::vector<std::string> out;
  for (const OverlayPart& part : entry->parts) out.push_back(part.pattern);
  return out;
}

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

/// A kept remedy of an earlier iteration had a success in this one.
void confirm(RemedyEntry& entry, int iteration) {
  auto& in = entry.confirmed_in;
  if (!entry.accepted || entry.iteration >= iteration) return;
  if (std::find(in.begin(), in.end(), iteration) == in.end()) in.push_back(iteration);
}

/// The place that the remedy worked on stands in what the run loaded.
bool in_view(const RemedyEntry& entry, const std::string& loaded,
             const skill::SkillPackage& skill) {
  const auto place = skill::find_place(skill, entry.anchor);
  return place && !trim(place->text).empty() && loaded.find(trim(place->text)) != std::string::npos;
}

/// Counts and the first new line at the anchor; of the whole patch where it names no place.
std::string change_at(const std::string& anchor, const PatchOutcome& outcome) {
  const auto before = skill::find_place(*outcome.before, anchor);
  const auto after = skill::find_place(*outcome.after, anchor);
  if (!before && !after) {
    const auto lines = skill::changed_lines(*outcome.before, *outcome.after);
    return fmt::format("+{} -{} lines in the whole patch: {}", lines.added, lines.removed,
                       outcome.patch->summary);
  }
  const auto change = skill::text_change(before ? before->text : "", after ? after->text : "");
  std::string out = fmt::format("+{} -{} lines", change.added, change.removed);
  if (!after) return out + ", removed whole";
  if (!change.first_added.empty()) out += ": " + change.first_added;
  return out;
}

std::string anchor_of(const std::string& anchor, const PatchOutcome& outcome) {
  if (const auto place = skill::find_place(*outcome.after, anchor)) return place->anchor;
  if (const auto place = skill::find_place(*outcome.before, anchor)) return place->anchor;
  return one_line(anchor, kChangeBytes);
}

}  // namespace

std::vector<std::string> patterns_meant(const std::string& name, const MomentumMemory& memory,
                                        const PatchOutcome& outcome) {
  if (find_pattern(memory, name) != nullptr) return {name};
  std::vector<std::string> out;
  const std::string wanted = slugify(name);
  for (const Gradient& gradient : *outcome.gradients) {
    for (std::size_t i = 0; i < gradient.causes.size(); ++i) {
      if (slugify(gradient.causes[i].label) != wanted) continue;
      for (const std::string& slug : patterns_of(gradient, i, outcome.overlay))
        if (find_pattern(memory, slug) != nullptr) add_once(out, slug);
    }
  }
  if (out.empty() && find_pattern(memory, wanted) != nullptr) out.push_back(wanted);
  return out;
}

std::vector<std::string> record_remedies(MomentumMemory& memory, const PatchOutcome& outcome) {
  std::vector<std::string> lost;
  for (const Patch::Addressed& item : outcome.patch->addressed) {
    const auto slugs = patterns_meant(item.pattern, memory, outcome);
    if (slugs.empty()) lost.push_back(item.pattern);
    RemedyEntry entry;
    entry.iteration = outcome.iteration;
    entry.anchor = anchor_of(item.anchor, outcome);
    entry.diagnosis = one_line(item.reason, kReasonBytes);
    entry.change = one_line(change_at(item.anchor, outcome), kChangeBytes);
    entry.accepted = outcome.accepted;
    entry.inferred = one_line(item.inferred, kReasonBytes);
    entry.supports = item.supports;
    entry.against = item.against;
    for (const std::string& slug : slugs) {
      auto& log = find_pattern(memory, slug)->remedies;
      if (std::find(log.begin(), log.end(), entry) == log.end()) log.push_back(entry);
    }
  }
  return lost;
}

void confirm_remedies(MomentumMemory& memory, const std::vector<RightRun>& runs, int iteration,
                      const skill::SkillPackage& skill) {
  for (const RightRun& run : runs) {
    const auto failed_by = [&](const Pattern& pattern) {
      return std::find(pattern.tasks.begin(), pattern.tasks.end(), run.task_id) !=
             pattern.tasks.end();
    };
    const bool diagnosed = std::any_of(memory.patterns.begin(), memory.patterns.end(), failed_by);
    for (Pattern& pattern : memory.patterns) {
      if (diagnosed && !failed_by(pattern)) continue;
      for (RemedyEntry& entry : pattern.remedies)
        if (in_view(entry, run.skill_text, skill)) confirm(entry, iteration);
    }
  }
}

void judge_remedies(MomentumMemory& memory, const std::vector<Gradient>& gradients,
                    const Overlay& overlay, int iteration) {
  for (const Gradient& gradient : gradients) {
    const OverlayEntry* entry = entry_of(gradient.task_id, overlay);
    const bool lucky =
        std::all_of(gradient.causes.begin(), gradient.causes.end(),
                    [](const Cause& cause) { return cause.found == CauseCase::chance; });
    if (gradient.kind == EvidenceKind::contrastive && entry != nullptr && !lucky)
      for (const OverlayPart& part : entry->parts)
        if (Pattern* pattern = find_pattern(memory, part.pattern))
          for (RemedyEntry& remedy : pattern->remedies) confirm(remedy, iteration);
    for (const Cause& cause : gradient.causes)
      if (Pattern* pattern = find_pattern(memory, cause.refutes))
        for (RemedyEntry& remedy : pattern->remedies)
          if (remedy.accepted && !remedy.inferred.empty())
            add_once(remedy.against, gradient.task_id);
  }
}

std::string guess_of(const Pattern& pattern) {
  // A later edit at the same place has settled what an earlier one guessed.
  std::map<std::string, std::string> last;
  for (const RemedyEntry& entry : pattern.remedies)
    if (entry.accepted) last[entry.anchor] = entry.inferred;
  std::vector<std::string> out;
  for (const auto& [anchor, inferred] : last)
    if (!inferred.empty()) add_once(out, inferred);
  return join(out, "; ");
}

}  // namespace skillgrad::optim
