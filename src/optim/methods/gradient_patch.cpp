// SPDX-License-Identifier: MIT
#include <array>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>

#include "optim/methods/gradient_proposer.hpp"
#include "optim/methods/patch_making.hpp"
#include "optim/momentum/remedies.hpp"

namespace skillgrad::optim {
namespace {

/// What the patches of one step are to differ in, so that not all of them fail together.
constexpr std::array<const char*, 3> kManners = {
    "Make the smallest edit that removes the cause of the failures: change or add the rule that "
    "was "
    "missing, at the place where the assistant looks for it, and leave everything else as it is.",
    "Rewrite the section at fault as a whole, so that the rule comes first, stands out, and "
    "contradicts nothing around it; leave the other sections as they are.",
    "Make a structural move: put what was missed where it is read at the moment it is needed (an "
    "ordered procedure, a checklist before the answer, a reference that the body points to), and "
    "take out what stands in its way."};

}  // namespace

/// A step's candidates: each with another instruction at the end of the same request.
Result<> GradientProposer::patch() {
  const std::size_t most = settings_.staged ? settings_.staged->candidates : 1;
  for (std::size_t number = 1; number <= most; ++number) {
    const PatchPlace place = patch_place(step_, number, most);
    SKILLGRAD_TRY(bool known, restore_candidate(step_, place));
    if (known) continue;
    if (gradients_.empty()) return {};
    SKILLGRAD_CHECK(make_candidate(step_, place, [&](const StageContext& asking) {
      return parts_.patcher->patch(patch_input(number), asking);
    }));
  }
  return {};
}

PatchInput GradientProposer::patch_input(std::size_t number) const {
  PatchInput input = patch_input_of(step_);
  input.gradients = gradients_;
  if (step_.iteration > 1 && parts_.momentum != nullptr && overlay_) {
    input.overlay = &*overlay_;
    input.memory = &step_.state.memory;
  }
  input.facts = facts_;
  if (settings_.staged && settings_.staged->candidates > 1)
    input.manner = kManners.at((number - 1) % kManners.size());
  return input;
}

Result<> GradientProposer::remember_remedy() {
  if (parts_.momentum == nullptr || step_.candidates.empty() ||
      !step_.told_candidate().failure.empty())
    return {};
  // What could not be judged tells nothing about the remedy, and neither does what changed nothing.
  if (step_.row.decision == Decision::accepted || step_.row.decision == Decision::rejected) {
    PatchOutcome outcome;
    outcome.patch = &step_.told_candidate().patch;
    outcome.iteration = step_.iteration;
    outcome.accepted = step_.row.decision == Decision::accepted;
    outcome.before = &step_.current;
    outcome.after = &step_.told_candidate().package;
    outcome.gradients = &gradients_;
    outcome.overlay = overlay_ ? &*overlay_ : nullptr;
    for (const auto& name : record_remedies(step_.state.memory, outcome))
      step_.context().tell(
          fmt::format("the record has no pattern for \"{}\", which the patch is about",
                      truncate_middle(strip_control(name), 80)));
  }
  return write_memory();
}

Result<> GradientProposer::write_memory() const {
  SKILLGRAD_CHECK(parts_.store->write(step_.file("memory.json"),
                                      dump_json(to_json(step_.state.memory), 1) + "\n"));
  return parts_.store->write("momentum_memory.md", step_.state.memory.to_markdown());
}

}  // namespace skillgrad::optim
