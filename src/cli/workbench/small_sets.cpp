// SPDX-License-Identifier: MIT
#include "cli/workbench/small_sets.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/stats/stats.hpp>

#include "cli/screen/notes.hpp"
#include "cli/settings/options.hpp"

namespace skillgrad::cli {
namespace {

constexpr std::size_t kTooFew = 3;
constexpr double kSignificant = 0.05;

/// The smallest p that any outcome on n tasks can have.
double smallest_p(std::size_t n) { return stats::mcnemar_exact(n, 0); }

}  // namespace

bool is_shared(const bench::Splits& splits) {
  return !splits.train.empty() && splits.train == splits.val;
}

void share_small_set(const Settings& settings, Workbench& bench) {
  const auto& tasks = bench.benchmark->tasks();
  const bool named = settings.given<"split_file">() || settings.given<"stratify">() ||
                     bench.benchmark->own_splits().has_value() || bench.scenario_split;
  if (named || (tasks.size() > kTooFew && !bench.too_few_to_split)) return;
  auto& splits = bench.splits;
  auto all = splits.train;
  all.insert(all.end(), splits.val.begin(), splits.val.end());
  all.insert(all.end(), splits.test.begin(), splits.test.end());
  if (all.empty()) return;
  std::vector<std::string> ordered;  // as in the data set, whatever split they were in
  for (const auto& task : tasks)
    if (std::find(all.begin(), all.end(), task.id) != all.end()) ordered.push_back(task.id);
  splits = {
      ordered,
      ordered,
      {},
      fmt::format("too few different tasks to split: all {} are train and val", ordered.size())};
  notes().say(fmt::format(
      "WARNING: {} task{} too few to be split, so the same ones train and validate, and none is "
      "left to test: a score that rises here may be learned by heart and is no evidence of a "
      "better "
      "skill. What helps: at least 20 tasks of different content, or splits of your own with "
      "--split-file",
      ordered.size(), ordered.size() == 1 ? " is" : "s are"));
}

void note_limits(const Settings& settings, const Workbench& bench) {
  const auto& splits = bench.splits;
  const bool gated =
      settings.get<"gate">() != GateChoice::none || !settings.get<"stages.gate">().is_null();
  const std::size_t n = splits.val.size();
  if (gated && n > 0 && smallest_p(n) > kSignificant)
    notes().say(fmt::format(
        "the validation split has {} task{}, on which every patch is accepted or rejected: even if "
        "all came out better, p would be {:.2g}, so chance decides as much as the patch. What "
        "helps: more tasks ({} at least), a larger share for \"val\" in a --split-file "
        "(`skillgrad benchmark split -b BENCHMARK` prints the present one), --rollouts 3 against "
        "tasks that "
        "come out differently each time",
        n, n == 1 ? "" : "s", smallest_p(n), 6));
}

void note_own_judge(const Settings& settings, const Workbench& bench) {
  const auto& tasks = bench.benchmark->tasks();
  const auto judged = std::count_if(tasks.begin(), tasks.end(),
                                    [](const bench::Task& task) { return task.judged; });
  const Json& roles = settings.get<"roles">();
  if (judged == 0 || (roles.is_object() && roles.contains("judge"))) return;
  notes().say(fmt::format(
      "the answers to {} task{} are judged by the model that writes them, which is lenient with "
      "itself; name another with --roles '{{\"judge\":{{\"model\":\"NAME\"}}}}'",
      judged, judged == 1 ? "" : "s"));
}

}  // namespace skillgrad::cli
