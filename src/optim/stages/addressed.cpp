// SPDX-License-Identifier: MIT
#include "optim/stages/addressed.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/conflicts.hpp>
#include <skillgrad/skill/places.hpp>

namespace skillgrad::optim {
namespace {

constexpr std::size_t kNamed = 30;

/// Slugs of the record, and labels of the diagnoses; without a record the labels alone.
std::vector<std::string> known_names(const PatchInput& input) {
  std::vector<std::string> out;
  if (input.memory != nullptr)
    for (const Pattern& pattern : input.memory->patterns) out.push_back(pattern.slug);
  for (const Gradient& gradient : input.gradients)
    for (const std::string& label : gradient.labels()) out.push_back(label);
  for (const skill::Conflict& conflict : skill::conflicts_between(*input.skill))
    out.push_back(conflict.slug);
  return out;
}

/// Tasks that are evidence of something: those of the batch, and those on record.
std::set<std::string> known_tasks(const PatchInput& input) {
  std::set<std::string> out;
  for (const Gradient& gradient : input.gradients) out.insert(gradient.task_id);
  for (const Evidence& evidence : input.evidence) out.insert(evidence.task_id);
  if (input.memory == nullptr) return out;
  out.insert(input.memory->succeeded.begin(), input.memory->succeeded.end());
  for (const Pattern& pattern : input.memory->patterns)
    out.insert(pattern.tasks.begin(), pattern.tasks.end());
  return out;
}

/// What the cases of one rule lack.
std::vector<std::string> faults_of_cases(const Patch::Addressed& item, const PatchInput& input) {
  std::vector<std::string> out;
  const auto tasks = known_tasks(input);
  for (const auto* cases : {&item.supports, &item.against})
    for (const std::string& task : *cases)
      if (!tasks.contains(task))
        out.push_back(fmt::format("there is no task \"{}\" among the diagnoses or on record.",
                                  truncate_middle(task, 80)));
  if (!item.against.empty() && trim(item.inferred).empty())
    out.push_back(
        fmt::format("{} contradicts the rule; state the rule so that every case fits, or "
                    "say in \"inferred\" what is not settled.",
                    list_some(item.against)));
  return out;
}

bool is_known(const std::string& name, const std::vector<std::string>& names) {
  const std::string wanted = slugify(name);
  return !wanted.empty() && std::any_of(names.begin(), names.end(), [&](const auto& known) {
    return slugify(known) == wanted;
  });
}

}  // namespace

std::vector<std::string> faults_of_hand_in(const Patch& hand_in, const PatchInput& input,
                                           const skill::SkillPackage& candidate) {
  std::vector<std::string> out;
  if (candidate == *input.skill) return out;
  if (trim(hand_in.summary).empty()) out.emplace_back("The summary is empty.");
  const auto names = known_names(input);
  for (std::size_t i = 0; i < hand_in.addressed.size(); ++i) {
    const Patch::Addressed& item = hand_in.addressed[i];
    const std::string at = fmt::format("addressed/{}: ", i);
    // A reflection names its mistakes itself.
    if (input.evidence.empty() && !is_known(item.pattern, names))
      out.push_back(fmt::format("{}there is no pattern \"{}\"; name one of: {}.", at,
                                truncate_middle(item.pattern, 80), list_some(names, kNamed)));
    if (!skill::find_place(candidate, item.anchor) && !skill::find_place(*input.skill, item.anchor))
      out.push_back(fmt::format(
          "{}the anchor \"{}\" is neither a heading nor a file; name one of: "
          "{}.",
          at, truncate_middle(item.anchor, 80), list_some(skill::anchors_of(candidate), kNamed)));
    if (trim(item.reason).empty()) out.push_back(at + "the reason is empty.");
    for (const std::string& fault : faults_of_cases(item, input)) out.push_back(at + fault);
  }
  return out;
}

}  // namespace skillgrad::optim
