// SPDX-License-Identifier: MIT
#include "optim/loop/remedies.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>
#include <skillgrad/skill/places.hpp>

#include "optim/momentum/patterns.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::size_t kReasonBytes = 300;
constexpr std::size_t kChangeBytes = 240;

/// Where the overlay puts a task; the diagnosis's own guess where there is no overlay.
std::string pattern_of(const Gradient& gradient, const Overlay* overlay) {
  if (overlay == nullptr) return gradient.known;
  for (const OverlayEntry& entry : overlay->entries)
    if (entry.task_id == gradient.task_id) return entry.pattern;
  return {};
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
    if (slugify(gradient.label) != wanted) continue;
    const std::string slug = pattern_of(gradient, outcome.overlay);
    const bool twice = std::find(out.begin(), out.end(), slug) != out.end();
    if (!twice && find_pattern(memory, slug) != nullptr) out.push_back(slug);
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
    for (const std::string& slug : slugs) {
      auto& log = find_pattern(memory, slug)->remedies;
      if (std::find(log.begin(), log.end(), entry) == log.end()) log.push_back(entry);
    }
  }
  return lost;
}

}  // namespace skillgrad::optim
