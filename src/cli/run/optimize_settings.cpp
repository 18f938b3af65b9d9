// SPDX-License-Identifier: MIT
#include "cli/run/optimize_settings.hpp"

#include "cli/run/lint_ignore.hpp"
#include "cli/run/stage_set.hpp"

namespace skillgrad::cli {

Result<optim::OptimizeSettings> optimize_settings(const Settings& settings) {
  optim::OptimizeSettings out;
  out.optimizer = settings.get<"optimizer">();
  out.max_rollouts = static_cast<std::size_t>(settings.get<"max_rollouts">());
  out.schedule.train_tasks = static_cast<std::size_t>(settings.get<"train_tasks">());
  out.schedule.batch = static_cast<std::size_t>(settings.get<"batch_size">());
  out.schedule.seed = static_cast<std::uint64_t>(settings.get<"seed">());
  out.schedule.fixed_updates = static_cast<std::size_t>(settings.get<"updates">());
  if (const auto seed = settings.get<"batch_seed">())
    out.schedule.batch_seed = static_cast<std::uint64_t>(*seed);
  out.max_iters = static_cast<int>(settings.get<"max_iters">());
  out.rollouts = static_cast<int>(settings.get<"rollouts">());
  out.contrastive = settings.get<"contrastive">();
  out.keep_best = settings.get<"keep">() == KeptSkill::best;
  out.revisit = settings.get<"revisit">();
  out.patch_all_correct = settings.get<"patch_all_correct">();
  out.all_correct_streak = static_cast<int>(settings.get<"all_correct_streak">());
  out.patience = static_cast<int>(settings.get<"patience">());
  out.target_score = settings.get<"target_score">();
  out.guard = static_cast<std::size_t>(settings.get<"guard">());
  out.score_test = settings.get<"score_test">();
  if (const auto level = staged_level(settings)) {
    optim::StagedDecisions staged;
    staged.level = *level;
    staged.candidates = static_cast<std::size_t>(settings.get<"candidates">());
    if (const auto most = settings.get<"max_broken">())
      staged.max_broken = static_cast<std::size_t>(*most);
    staged.finalists = static_cast<std::size_t>(settings.get<"finalists">());
    staged.prune = settings.get<"prune">();
    out.staged = staged;
    // A verdict on the score itself needs one, whatever became of the patches.
    out.score_unchanged = settings.get<"min_score">() > 0 || settings.get<"max_error_rate">() < 1;
  }
  out.procedure_lint = settings.get<"lint_profile">() == BlockingRules::procedure;
  out.force = settings.get<"force">();
  SKILLGRAD_TRY(out.lint_ignored, ignored_lint_rules(settings));
  return out;
}

}  // namespace skillgrad::cli
