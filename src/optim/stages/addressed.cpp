// SPDX-License-Identifier: MIT
#include "optim/stages/addressed.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
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
    if (!gradient.label.empty()) out.push_back(gradient.label);
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
    if (!is_known(item.pattern, names))
      out.push_back(fmt::format("{}there is no pattern \"{}\"; name one of: {}.", at,
                                truncate_middle(item.pattern, 80), list_some(names, kNamed)));
    if (!skill::find_place(candidate, item.anchor) && !skill::find_place(*input.skill, item.anchor))
      out.push_back(fmt::format(
          "{}the anchor \"{}\" is neither a heading nor a file; name one of: "
          "{}.",
          at, truncate_middle(item.anchor, 80), list_some(skill::anchors_of(candidate), kNamed)));
    if (trim(item.reason).empty()) out.push_back(at + "the reason is empty.");
  }
  return out;
}

}  // namespace skillgrad::optim
