// SPDX-License-Identifier: MIT
#include "optim/run/closing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "optim/decisions/finalists.hpp"
#include "optim/decisions/prune.hpp"
#include "optim/decisions/release.hpp"
#include "optim/loop/candidates.hpp"
#include "optim/stages/patch_tools.hpp"

namespace skillgrad::optim {
namespace {

std::vector<std::string> hashes_of(const std::vector<Checkpoint>& checkpoints) {
  std::vector<std::string> out;
  for (const Checkpoint& checkpoint : checkpoints) {
    // A patch may lead back to an earlier package, which is one finalist.
    std::erase(out, checkpoint.hash);
    out.push_back(checkpoint.hash);
  }
  return out;
}

/// The last checkpoint with this package.
std::size_t index_of(const std::vector<Checkpoint>& checkpoints, const std::string& hash) {
  const auto found =
      std::find_if(checkpoints.rbegin(), checkpoints.rend(),
                   [&](const Checkpoint& checkpoint) { return checkpoint.hash == hash; });
  return static_cast<std::size_t>(checkpoints.rend() - found) - 1;
}

/// Accepted patches of a package, and what the package is without some of them.
class Patches {
 public:
  Patches(const LoopContext& loop, const std::vector<Checkpoint>& checkpoints)
      : loop_(loop), left_(checkpoints.begin() + 1, checkpoints.end()) {}

  /// Errors: input (a damaged file).
  Result<> read() {
    for (const Checkpoint& checkpoint : left_) {
      SKILLGRAD_TRY(
          auto candidate,
          read_candidate(*loop_.parts, candidate_dir(*loop_.parts, checkpoint.iteration)));
      edits_.push_back(candidate ? std::move(candidate->patch.edits)
                                 : std::vector<skill::EditOp>());
    }
    return {};
  }

  [[nodiscard]] std::size_t size() const { return left_.size(); }
  [[nodiscard]] const Checkpoint& at(std::size_t i) const { return left_.at(i); }
  void take_out(std::size_t i) {
    left_.erase(left_.begin() + static_cast<std::ptrdiff_t>(i));
    edits_.erase(edits_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  /// What the initial package becomes by all that is left but one. Errors: input (another patch
  /// builds on it).
  [[nodiscard]] Result<skill::SkillPackage> without(std::optional<std::size_t> left_out) const {
    CandidateEditor editor(loop_.parts->initial, loop_.settings->procedure_lint
                                                     ? EditRules::procedure
                                                     : EditRules::general);
    for (std::size_t i = 0; i < edits_.size(); ++i)
      if (i != left_out) SKILLGRAD_CHECK(editor.apply_all(edits_[i]));
    return editor.candidate();
  }

 private:
  const LoopContext& loop_;
  std::vector<Checkpoint> left_;
  std::vector<std::vector<skill::EditOp>> edits_;
};

/// The rule that a package breaks which the one it was made from keeps, or "".
std::string broken_rule(const LoopContext& loop, const skill::SkillPackage& package) {
  skill::LintContext context;
  context.procedure_profile = loop.settings->procedure_lint;
  context.ignored = loop.settings->lint_ignored;
  context.initial = &loop.parts->initial;
  const auto report = skill::lint(package, context);
  return report.blocking.empty() ? "" : report.blocking.front().rule;
}

class Pruning {
 public:
  Pruning(const LoopContext& loop, const std::vector<Checkpoint>& checkpoints)
      : loop_(loop), book_(*loop.book), patches_(loop, checkpoints) {
    out_.package = book_.package(checkpoints.back().hash);
  }

  Result<PrunedPackage> run() {
    SKILLGRAD_CHECK(patches_.read());
    const auto whole = patches_.without(std::nullopt);
    rebuilt_ = whole && *whole == out_.package;
    const std::size_t begin = book_.book().size();
    for (std::size_t i = 0; i < patches_.size();) {
      SKILLGRAD_TRY(const auto row, look_at(i, begin));
      out_.rows.push_back(row);
      if (row.verdict == decisions::PruneVerdict::taken_out)
        patches_.take_out(i);
      else
        ++i;
    }
    return std::move(out_);
  }

 private:
  /// The package without the patch, or why there is none.
  Result<skill::SkillPackage> package_without(std::size_t i) const {
    if (!rebuilt_) return fail(ErrorCode::input, "the package is not what its patches make");
    auto without = patches_.without(i);
    if (!without) return fail(ErrorCode::input, "a later patch builds on it");
    if (*without == out_.package) return fail(ErrorCode::input, "later patches hold all of it");
    if (const auto rule = broken_rule(loop_, *without); !rule.empty())
      return fail(ErrorCode::input, "what is left would break " + rule);
    return without;
  }

  Result<PrunedPatch> look_at(std::size_t i, std::size_t begin) {
    PrunedPatch row;
    row.iteration = patches_.at(i).iteration;
    row.verdict = decisions::PruneVerdict::not_looked_at;
    const auto without = package_without(i);
    if (!without) {
      row.reason = without.error().message;
      return row;
    }
    decisions::PrunePlan plan;
    plan.package = book_.know(out_.package);
    plan.edit = {book_.know(*without), patches_.at(i).source_tasks};
    // A task is judged with every model.
    if (const Across* across = loop_.parts->across)
      plan.edit.source_tasks = across->cells(across->tasks(plan.edit.source_tasks));
    plan.val_tasks = loop_.parts->splits.val;
    plan.seed = loop_.settings->schedule.seed + i;
    plan.start = book_.book().size();
    plan.begin = begin;
    const BookPlace place{"prune", fmt::format("prune: without iteration {}", row.iteration), 0};
    SKILLGRAD_TRY(const auto step, book_.drive(place, [&] {
      return decisions::prune(plan, options_, loop_.model, book_.book());
    }));
    row.verdict = step.verdict;
    row.within_margin = step.within_margin;
    row.reason = reason(step);
    if (step.verdict == decisions::PruneVerdict::taken_out) out_.package = *without;
    return row;
  }

  [[nodiscard]] std::string reason(const decisions::PruneStep& step) const {
    if (step.verdict == decisions::PruneVerdict::not_looked_at)
      return fmt::format("it would cost more than {:.0f} % of the run's rollouts",
                         100 * options_.share);
    return fmt::format("gives at most {:.0f} points with chance {:.2f}", 100 * options_.margin,
                       step.within_margin);
  }

  const LoopContext& loop_;
  Bookkeeper& book_;
  Patches patches_;
  decisions::PruneOptions options_;
  PrunedPackage out_;
  bool rebuilt_ = false;
};

}  // namespace

Result<ChosenCheckpoint> choose_checkpoint(const LoopContext& loop,
                                           const std::vector<Checkpoint>& checkpoints) {
  Bookkeeper& book = *loop.book;
  const std::vector<std::string>& val = loop.parts->splits.val;
  decisions::FinalistPlan plan;
  plan.packages = decisions::choose_finalists(
      hashes_of(checkpoints), val, loop.settings->staged->finalists, loop.model, book.book());
  plan.val_tasks = val;
  plan.seed = loop.settings->schedule.seed;
  plan.start = book.book().size();
  BookPlace place{"finalists", "finalists", 0};
  for (const auto& hash : plan.packages) {
    const int iteration = checkpoints[index_of(checkpoints, hash)].iteration;
    place.names[hash] = iteration == 0 ? "initial" : iteration_name(iteration);
  }
  ChosenCheckpoint out;
  out.index = checkpoints.size() - 1;
  if (plan.packages.size() < 2 || val.empty()) return out;
  SKILLGRAD_TRY(const auto step, book.drive(place, [&] {
    return decisions::finalists(plan, decisions::FinalistOptions{}, loop.model, book.book());
  }));
  out.index = index_of(checkpoints, plan.packages[step.chosen]);
  for (std::size_t i = 0; i < step.rows.size(); ++i) {
    const auto& row = step.rows[i];
    Finalist finalist;
    finalist.iteration = checkpoints[index_of(checkpoints, row.package)].iteration;
    if (i + 1 < step.rows.size()) finalist.better = row.against_favourite.better;
    finalist.fresh_score = row.fresh_score;
    finalist.all_score = row.all_score;
    finalist.tasks = row.tasks;
    finalist.chosen = i == step.chosen;
    if (finalist.chosen && row.tasks > 0) out.fresh_score = row.fresh_score;
    out.rows.push_back(finalist);
  }
  return out;
}

Result<PrunedPackage> prune_patches(const LoopContext& loop,
                                    const std::vector<Checkpoint>& checkpoints) {
  return Pruning(loop, checkpoints).run();
}

namespace {

Result<ReleaseTest> run_test(const LoopContext& loop, decisions::ReleasePlan plan,
                             const std::string& name) {
  Bookkeeper& book = *loop.book;
  plan.seed = loop.settings->schedule.seed;
  plan.start = book.book().size();
  decisions::ReleaseOptions options;
  options.repeats = static_cast<std::size_t>(loop.settings->rollouts);
  // Of several skills each is to be seen on its own tasks, though the whole were sure before.
  if (!loop.settings->staged || loop.own) options.looks = 1;
  options.weighted = loop.settings->staged && loop.settings->weights.several();
  const BookPlace place{"test", "test split", 0, {{plan.initial, "initial"}, {plan.chosen, name}}};
  ReleaseTest out;
  SKILLGRAD_TRY(const auto step, book.drive(place, [&] {
    return decisions::release(plan, options, book.book(), loop.parts->across);
  }));
  out.result = step.result;
  out.before = book.records(plan.initial, plan.test_tasks, plan.start);
  out.after = book.records(plan.chosen, plan.test_tasks, plan.start);
  return out;
}

}  // namespace

Result<ReleaseTest> test_release(const LoopContext& loop, const skill::SkillPackage& chosen,
                                 const std::string& name, const std::vector<std::string>& tasks) {
  return run_test(
      loop, {loop.book->know(loop.parts->initial), loop.book->know(chosen), tasks, 0, 0}, name);
}

Result<ReleaseTest> test_twice(const LoopContext& loop, const std::vector<std::string>& tasks) {
  const auto repeats = static_cast<std::size_t>(loop.settings->rollouts);
  return run_test(loop,
                  {loop.book->know(loop.parts->initial),
                   loop.book->know_again(loop.parts->initial, repeats), tasks, 0, 0},
                  "again");
}

}  // namespace skillgrad::optim
