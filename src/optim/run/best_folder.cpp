// SPDX-License-Identifier: MIT
#include "optim/run/best_folder.hpp"

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/skill/install.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "optim/loop/candidates.hpp"
#include "optim/loop/loop_context.hpp"

namespace skillgrad::optim {
namespace {

/// Was this package made by the run?
bool is_own(const OptimizeParts& parts, const skill::SkillPackage& package) {
  const auto same = [&](const Result<skill::SkillPackage>& own) {
    return own && skill::changed_files(*own, package).empty();
  };
  std::error_code ignored;
  // Also those of iterations after the state, as a run that was put back to it has them.
  for (int t = 0; t == 0 || fs::exists(parts.store->path(iteration_name(t)), ignored); ++t)
    if (same(load_candidate(parts, t))) return true;
  for (const auto& dir : fs::directory_iterator(parts.store->path("pruned"), ignored))
    if (same(load_package(parts, "pruned/" + dir.path().filename().string()))) return true;
  return false;
}

/// What somebody wrote into RUN/best is not this run's to overwrite: it is put aside.
Result<> keep_edited(const OptimizeParts& parts) {
  const fs::path best = parts.store->path("best");
  std::error_code failed;
  if (!fs::exists(best, failed)) return {};
  if (const auto present = skill::load_skills(best); present && is_own(parts, *present)) return {};
  fs::path aside = parts.store->path("best.edited");
  for (int n = 2; fs::exists(aside, failed); ++n)
    aside = parts.store->path(fmt::format("best.edited-{}", n));
  fs::rename(best, aside, failed);
  if (failed) return tl::unexpected(errno_error(failed.value(), "cannot move", best.string()));
  parts.observer->notice("best/ was changed by hand; it was moved to " + aside.string());
  return {};
}

}  // namespace

Result<> publish_package(const OptimizeParts& parts, const skill::SkillPackage& package) {
  const fs::path best = parts.store->path("best");
  if (skill::holds_skills(best)) {
    const auto present = skill::load_skills(best);
    if (present && present->hash() == package.hash()) return {};
  }
  SKILLGRAD_CHECK(keep_edited(parts));
  const fs::path fresh = parts.store->path("best.new"), old = parts.store->path("best.old");
  SKILLGRAD_CHECK(remove_tree(fresh));
  SKILLGRAD_CHECK(remove_tree(old));
  SKILLGRAD_CHECK(package.save(fresh));
  SKILLGRAD_CHECK(swap_directory(fresh, best, old));
  return remove_tree(old);
}

}  // namespace skillgrad::optim
