// SPDX-License-Identifier: MIT
#include "optim/methods/patch_making.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>

#include "optim/stages/expected_texts.hpp"

namespace skillgrad::optim {
namespace {

/// How many rejected patches a patcher is shown.
constexpr std::size_t kRejectedShown = 3;

/// Of this batch, and those of earlier ones that the memory still tells of.
std::vector<std::string> tasks_seen(const Step& step) {
  std::vector<std::string> out = step.batch;
  std::set<std::string> known(out.begin(), out.end());
  const auto add = [&](const std::vector<std::string>& ids) {
    for (const std::string& id : ids)
      if (step.loop.parts->benchmark->find(id) != nullptr && known.insert(id).second)
        out.push_back(id);
  };
  for (const Pattern& pattern : step.state.memory.patterns) add(pattern.tasks);
  add(step.state.memory.succeeded);
  return out;
}

skill::LintContext lint_of(const Step& step) {
  const OptimizeParts& parts = *step.loop.parts;
  skill::LintContext out;
  out.procedure_profile = step.loop.settings->procedure_lint;
  out.ignored = step.loop.settings->lint_ignored;
  out.previous = &step.current;
  out.initial = &parts.initial;
  out.forbidden = parts.forbidden_texts;
  out.strict = step.loop.settings->strict_patches;
  out.foreign = step.loop.foreign->up_to(step.iteration);
  out.task_ids = tasks_seen(step);
  out.expected = step.loop.expected->of(out.task_ids);
  const auto criteria = judged_criteria(*parts.benchmark, out.task_ids);
  out.expected.insert(out.expected.end(), criteria.begin(), criteria.end());
  // A package must know neither the tasks' names nor those of their cells.
  if (parts.across != nullptr)
    for (std::string& task : parts.across->tasks(out.task_ids))
      out.task_ids.push_back(std::move(task));
  out.patches_that_only_added = step.state.additions_in_a_row;
  for (const auto& id : step.batch) {
    const bench::Task* task = parts.benchmark->find(id);
    out.task_literals.push_back(task->prompt);
    if (!task->answer_position.empty()) out.answer_positions.push_back(task->answer_position);
  }
  for (const auto& id : parts.splits.train) {
    const bench::Task* task = parts.benchmark->find(id);
    const bool here = std::any_of(step.batch.begin(), step.batch.end(), [&](const auto& own) {
      return own == id ||
             (parts.across != nullptr && parts.across->of(own).task == parts.across->of(id).task);
    });
    if (task != nullptr && !here) out.other_literals.push_back(task->prompt);
  }
  return out;
}

/// Words of strangers in a patch are told at once, whatever becomes of it.
void tell_origins(const OptimizeParts& parts, const PatchPlace& place,
                  const std::vector<skill::Finding>& findings) {
  constexpr std::size_t kMost = 3;
  std::size_t told = 0;
  for (const skill::Finding& finding : findings)
    if (finding.rule == "SAF-06" && told++ < kMost)
      parts.observer->notice(fmt::format("{}: {}:{}: {} (SAF-06)", place.label, finding.file,
                                         finding.line, finding.message));
}

}  // namespace

PatchInput patch_input_of(const Step& step) {
  PatchInput out;
  const auto& rejected = step.state.rejected;
  const std::size_t shown = std::min(kRejectedShown, rejected.size());
  out.rejected.assign(rejected.end() - static_cast<std::ptrdiff_t>(shown), rejected.end());
  out.skill = &step.current;
  out.skill_iteration = step.state.current_iteration;
  out.lint = lint_of(step);
  return out;
}

PatchPlace patch_place(const Step& step, std::size_t number, std::size_t of) {
  if (of <= 1) return {step.name, fmt::format("iteration {}: patch", step.iteration)};
  return {step.file(fmt::format("candidate_{}", number)),
          fmt::format("iteration {}: patch {}", step.iteration, number)};
}

Result<bool> restore_candidate(Step& step, const PatchPlace& place) {
  SKILLGRAD_TRY(auto saved, read_candidate(*step.loop.parts, place.dir));
  if (!saved) return false;
  step.candidates.push_back(std::move(*saved));
  return true;
}

Result<> make_candidate(
    Step& step, const PatchPlace& place,
    const std::function<Result<PatchOutput>(const StageContext& asking)>& make) {
  const OptimizeParts& parts = *step.loop.parts;
  parts.observer->progress(place.label, 0, 1);
  StageContext asking = step.context();
  asking.scope = place.dir;
  auto output = make(asking);
  if (output) {
    // What was measured and decided for an earlier candidate, whose patch.json was lost, is not
    // about this one.
    for (const char* decided : {"gate", "gate_again", "screen", "gate.json"})
      SKILLGRAD_CHECK(remove_tree(parts.store->path(step.file(decided))));
    tell_origins(parts, place, output->findings);
    SKILLGRAD_TRY(auto candidate, write_candidate(parts, place.dir, step.current, *output));
    step.candidates.push_back(std::move(candidate));
    return {};
  }
  if (llm::ends_run(output.error().code) || waits_for_mend(output.error().code))
    return tl::unexpected(output.error());
  const std::string number =
      place.dir == step.name ? "" : fmt::format(" {}", step.candidates.size() + 1);
  parts.observer->notice(fmt::format("iteration {}: no patch{}: {}", step.iteration, number,
                                     output.error().to_line()));
  SKILLGRAD_TRY(auto failed, write_failure(parts, place.dir, output.error().to_line()));
  step.candidates.push_back(std::move(failed));
  return {};
}

}  // namespace skillgrad::optim
