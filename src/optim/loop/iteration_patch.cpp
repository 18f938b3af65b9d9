// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>

#include "optim/loop/iteration.hpp"
#include "optim/momentum/remedies.hpp"
#include "optim/stages/expected_texts.hpp"

namespace skillgrad::optim {
namespace {

/// How many rejected patches the patcher is shown.
constexpr std::size_t kRejectedShown = 3;
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
Result<> IterationRunner::patch() {
  const std::size_t most = settings_.staged ? settings_.staged->candidates : 1;
  for (std::size_t number = 1; number <= most; ++number) {
    const std::string dir = candidate_dir(number);
    auto saved = read_candidate(parts_, dir);
    if (!saved) return tl::unexpected(std::move(saved).error());
    if (!*saved) {
      if (gradients_.empty()) return {};
      SKILLGRAD_TRY(*saved, make_candidate(number, dir));
    }
    candidates_.push_back(std::move(**saved));
  }
  return {};
}

/// Where several are tried, the one that the decision is about is copied to the iteration's own
/// folder.
std::string IterationRunner::candidate_dir(std::size_t number) const {
  const bool several = settings_.staged && settings_.staged->candidates > 1;
  return several ? file(fmt::format("candidate_{}", number)) : name_;
}

PatchInput IterationRunner::patch_input(std::size_t number) const {
  PatchInput input;
  input.gradients = gradients_;
  if (t_ > 1 && parts_.momentum != nullptr && overlay_) {
    input.overlay = &*overlay_;
    input.memory = &state_.memory;
  }
  const std::size_t shown = std::min(kRejectedShown, state_.rejected.size());
  input.rejected.assign(state_.rejected.end() - static_cast<std::ptrdiff_t>(shown),
                        state_.rejected.end());
  input.skill = &current_;
  input.skill_iteration = state_.current_iteration;
  input.facts = facts_;
  if (settings_.staged && settings_.staged->candidates > 1)
    input.manner = kManners.at((number - 1) % kManners.size());
  input.lint.procedure_profile = settings_.procedure_lint;
  input.lint.ignored = settings_.lint_ignored;
  input.lint.previous = &current_;
  input.lint.initial = &parts_.initial;
  input.lint.forbidden = parts_.forbidden_texts;
  input.lint.expected = loop_.expected->of(batch_);
  const auto criteria = judged_criteria(*parts_.benchmark, batch_);
  input.lint.expected.insert(input.lint.expected.end(), criteria.begin(), criteria.end());
  input.lint.patches_that_only_added = state_.additions_in_a_row;
  for (const auto& id : batch_) {
    const bench::Task* task = parts_.benchmark->find(id);
    input.lint.task_literals.push_back(task->prompt);
    if (!task->answer_position.empty())
      input.lint.answer_positions.push_back(task->answer_position);
  }
  for (const auto& id : parts_.splits.train) {
    const bench::Task* task = parts_.benchmark->find(id);
    const bool here = std::find(batch_.begin(), batch_.end(), id) != batch_.end();
    if (task != nullptr && !here) input.lint.other_literals.push_back(task->prompt);
  }
  return input;
}

Result<Candidate> IterationRunner::make_candidate(std::size_t number, const std::string& dir) {
  const bool several = dir != name_;
  const std::string label = several ? fmt::format("iteration {}: patch {}", t_, number)
                                    : fmt::format("iteration {}: patch", t_);
  parts_.observer->progress(label, 0, 1);
  StageContext asking = context();
  asking.scope = dir;
  auto output = parts_.patcher->patch(patch_input(number), asking);
  if (output) {
    // What was measured and decided for an earlier candidate, whose patch.json was lost, is not
    // about this one.
    for (const char* decided : {"gate", "gate_again", "screen", "gate.json"})
      SKILLGRAD_CHECK(remove_tree(parts_.store->path(file(decided))));
    return write_candidate(parts_, dir, current_, *output);
  }
  if (llm::ends_run(output.error().code) || waits_for_mend(output.error().code))
    return tl::unexpected(output.error());
  parts_.observer->notice(fmt::format("iteration {}: no patch{}: {}", t_,
                                      several ? fmt::format(" {}", number) : "",
                                      output.error().to_line()));
  return write_failure(parts_, dir, output.error().to_line());
}

Result<> IterationRunner::remember_remedy() {
  if (parts_.momentum == nullptr || candidates_.empty() || !told().failure.empty()) return {};
  // What could not be judged tells nothing about the remedy, and neither does what changed nothing.
  if (row_.decision == Decision::accepted || row_.decision == Decision::rejected) {
    PatchOutcome outcome;
    outcome.patch = &told().patch;
    outcome.iteration = t_;
    outcome.accepted = row_.decision == Decision::accepted;
    outcome.before = &current_;
    outcome.after = &told().package;
    outcome.gradients = &gradients_;
    outcome.overlay = overlay_ ? &*overlay_ : nullptr;
    for (const auto& name : record_remedies(state_.memory, outcome))
      context().tell(fmt::format("the record has no pattern for \"{}\", which the patch is about",
                                 truncate_middle(strip_control(name), 80)));
  }
  return write_memory();
}

Result<> IterationRunner::write_memory() const {
  SKILLGRAD_CHECK(
      parts_.store->write(file("memory.json"), dump_json(to_json(state_.memory), 1) + "\n"));
  return parts_.store->write("momentum_memory.md", state_.memory.to_markdown());
}

}  // namespace skillgrad::optim
