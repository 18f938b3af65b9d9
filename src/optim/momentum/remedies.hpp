// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/optim/messages.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::optim {

/// What became of one patch. References outlive the call.
struct PatchOutcome {
  const Patch* patch = nullptr;
  int iteration = 0;
  bool accepted = false;
  const skill::SkillPackage* before = nullptr;
  const skill::SkillPackage* after = nullptr;
  const std::vector<Gradient>* gradients = nullptr;
  const Overlay* overlay = nullptr;  ///< of the same iteration; null if there is none
};

/// The patterns of the record that a patch means by a name: a slug, or the label of a diagnosis,
/// which stands for the patterns of its tasks. A first patch is made before any pattern has a slug.
[[nodiscard]] std::vector<std::string> patterns_meant(const std::string& name,
                                                      const MomentumMemory& memory,
                                                      const PatchOutcome& outcome);

/// Adds what a patch really did, place by place, to the remedy log of each pattern it addressed.
/// The only writer of that log. Recording the same outcome again (a resumed run) changes nothing.
/// Returns the names that no pattern of the record stands for.
std::vector<std::string> record_remedies(MomentumMemory& memory, const PatchOutcome& outcome);

/// A run that was right, of a task that failed with the initial skill.
struct RightRun {
  std::string task_id;
  std::string skill_text;  ///< what it loaded
};
/// Confirms each kept remedy, of an earlier iteration, that such a run had in view: its place
/// stands in the loaded text as it is in `skill`, and the pattern is one that the task failed by,
/// or the task was never diagnosed. Asking again (a resumed run) changes nothing.
void confirm_remedies(MomentumMemory& memory, const std::vector<RightRun>& runs, int iteration,
                      const skill::SkillPackage& skill);

/// What the diagnoses of this iteration say of earlier remedies: a success confirms the kept ones
/// of its patterns, unless it was luck; a case that contradicts a guess stands against the remedy
/// that made it.
void judge_remedies(MomentumMemory& memory, const std::vector<Gradient>& gradients,
                    const Overlay& overlay, int iteration);

/// What the last kept remedies of a pattern, place by place, say that no case has shown; or "".
[[nodiscard]] std::string guess_of(const Pattern& pattern);

}  // namespace skillgrad::optim
