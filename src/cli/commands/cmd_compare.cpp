// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/comparison.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "cli/ci/git.hpp"
#include "cli/ci/measure.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/eval_in_run.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"
#include "cli/settings/idle_options.hpp"
#include "cli/workbench/load_settings.hpp"
#include "cli/workbench/open_workbench.hpp"
#include "cli/workbench/run_package.hpp"

namespace skillgrad::cli {
namespace {

/// What an argument names.
struct Side {
  enum class Kind { run, skill, revision };
  Kind kind = Kind::run;
  std::string name;            ///< as it was given
  std::string revision, path;  ///< of a revision
};

/// A path that is there is that path. RUN:PART names a part of a run, REV:PATH a skill in a commit,
/// REV: alone that at the top of the work tree.
Result<Side> side_of(const std::string& name, const std::stop_token& stop) {
  std::error_code ignored;
  if (name == "none") return Side{Side::Kind::skill, name, {}, {}};
  if (fs::exists(name, ignored)) {
    const bool is_skill = fs::exists(fs::path(name) / "SKILL.md", ignored) ||
                          fs::path(name).filename() == "SKILL.md" ||
                          (!is_run_folder(name) && !skill::skill_folders(name).empty());
    return Side{is_skill ? Side::Kind::skill : Side::Kind::run, name, {}, {}};
  }
  const std::size_t last = name.rfind(':'), first = name.find(':');
  if (first == 0)
    return fail(ErrorCode::usage, "there is no revision before the colon, expected REV:SKILL", name,
                "name a commit, branch or tag, as in " + shell_word("HEAD" + name) +
                    ", or the folder alone");
  if (first == std::string::npos || fs::exists(name.substr(0, last), ignored))
    return Side{Side::Kind::run, name, {}, {}};
  Side out{Side::Kind::revision, name, name.substr(0, first), name.substr(first + 1)};
  if (out.path.empty()) {
    SKILLGRAD_TRY(const auto git, Git::open(".", stop));
    out.path = git.top().string();
  }
  return out;
}

bool has_to_be_measured(const Side& side) { return side.kind != Side::Kind::run; }

Result<> refuse_measuring(const Invocation& invocation, const Settings& settings,
                          const Side& side) {
  if (is_in_run())
    return fail(ErrorCode::usage,
                "this program is a part of a run, which counts its rollouts: `compare` of a skill "
                "would make others",
                "SKILLGRAD_IN_RUN", "measure with `skillgrad eval \"$SKILLGRAD_SKILL\"`");
  if (!settings.get<"model">().empty() || !settings.get<"replay">().empty()) return {};
  return fail(ErrorCode::usage, "is a skill, which has no scores by itself, and no model is named",
              side.name,
              "give --model NAME to measure it here, or compare the runs of two evals: `skillgrad "
              "eval " +
                  shell_word(side.kind == Side::Kind::skill ? side.name : side.path) +
                  " --model NAME`" +
                  (invocation.arguments.size() < 2 ? " and name both of them" : ""));
}

/// Two runs need none of what measuring takes.
Result<> refuse_idle(const Invocation& invocation, const Settings& settings) {
  for (const char* flag : {"split", "trials", "cache"})
    if (invocation.has(flag))
      return fail(ErrorCode::usage,
                  std::string("--") + flag +
                      " is about a skill that is measured here, and both "
                      "sides are runs",
                  std::string("--") + flag, "leave it out");
  for (const auto& idle : foreign_options(settings, "compare of two runs", kOutput))
    notes().say(idle);
  return {};
}

/// Measures the sides that are skills and reads those that are runs.
class Scorer {
 public:
  Scorer(const Invocation& invocation, const Settings& settings, Measurer measurer)
      : invocation_(invocation), settings_(settings), measurer_(std::move(measurer)) {}

  Result<report::SkillComparison> compare(const Side& before, const Side& after) {
    cache_ = fs::absolute(invocation_.value("cache", kEvaluationCache)).lexically_normal();
    SKILLGRAD_TRY(trials_, count_of(invocation_, {"trials", 1, "1"}));
    SKILLGRAD_TRY(tasks_, tasks(before, after));
    std::optional<report::ScoredSkill> old_scores, new_scores;
    SKILLGRAD_TRY(const auto old_place, place(before));
    SKILLGRAD_TRY(const auto new_place, place(after));
    if (before.kind == Side::Kind::run) {
      SKILLGRAD_TRY(old_scores, report::read_scored_skill(before.name));
    }
    if (after.kind == Side::Kind::run) {
      SKILLGRAD_TRY(new_scores, report::read_scored_skill(after.name));
    }
    const auto& run = old_scores ? old_scores : new_scores;
    split_ = invocation_.value("split", run && !run->split.empty() ? run->split : "all");
    SKILLGRAD_CHECK(split_ids({}, split_));
    if (run && !run->split.empty() && split_ != run->split)
      return fail(ErrorCode::usage,
                  "the run scored the split " + run->split +
                      ", and only tasks that both sides scored are compared: got --split " + split_,
                  "--split", "leave --split out");
    SKILLGRAD_CHECK(hide_from_git(cache_));
    if (!old_scores) {
      SKILLGRAD_TRY(old_scores, measure(old_place));
    }
    if (!new_scores) {
      SKILLGRAD_TRY(new_scores, measure(new_place));
    }
    return report::compare_skills(std::move(*old_scores), std::move(*new_scores));
  }

 private:
  /// Both sides are measured on the same tasks: those of --benchmark, else of the skill after, else
  /// of the one before.
  [[nodiscard]] Result<std::string> tasks(const Side& before, const Side& after) const {
    for (const Side* side : {&after, &before}) {
      if (side->kind == Side::Kind::run && settings_.get<"benchmark">().empty()) continue;
      const fs::path path = side->kind == Side::Kind::revision ? side->path : side->name;
      std::error_code ignored;
      if (std::string out = tasks_of(settings_, path); !out.empty()) return out;
    }
    return fail(ErrorCode::usage, "there are no tasks: no evals/ in the folder of a skill",
                after.name,
                "name them with --benchmark FILE, or put them into evals/ of the skill");
  }

  /// A side and where its package lies.
  struct Placed {
    const Side* side = nullptr;
    std::string folder;
    std::optional<TempDir> temp = std::nullopt;  ///< of a revision
  };

  Result<Placed> place(const Side& side) const {
    if (side.kind != Side::Kind::revision) return Placed{&side, side.name};
    SKILLGRAD_TRY(const auto git, Git::open(".", invocation_.stop));
    SKILLGRAD_TRY(const auto commit, git.commit_of(side.revision, side.name));
    std::error_code ignored;
    fs::path path = fs::weakly_canonical(fs::absolute(side.path), ignored);
    if (path.filename() == "SKILL.md" || !path.has_filename()) path = path.parent_path();
    const std::string folder = path.lexically_relative(git.top()).string();
    if (folder.empty() || folder.starts_with(".."))
      return fail(ErrorCode::input, "the path leads out of the work tree " + git.top().string(),
                  side.name, "name a folder of a skill in it, as from here");
    const std::string in_commit = folder == "." ? "" : folder;
    SKILLGRAD_TRY(const auto files, git.files_at(commit, in_commit));
    const std::string skill_file = in_commit.empty() ? "SKILL.md" : in_commit + "/SKILL.md";
    if (std::find(files.begin(), files.end(), skill_file) == files.end())
      return fail(ErrorCode::input, "there is no " + skill_file + " in " + commit.substr(0, 12),
                  side.name,
                  "`git ls-tree -r " + shell_word(side.revision) + "` lists what is there");
    SKILLGRAD_TRY(auto temp, TempDir::create("compare"));
    const ChangedSkill there{SkillChange::changed, folder, folder};
    SKILLGRAD_TRY(const auto package, check_out_skill(git, commit, there, temp.path() / "tree"));
    return Placed{&side, package.string(), std::move(temp)};
  }

  Result<report::ScoredSkill> measure(const Placed& placed) {
    const std::string& name = placed.side->name;
    print_err("skillgrad compare: " + strip_control(name) + "\n");
    // What a recording says is never taken for what a model said.
    const char* const kind = settings_.get<"replay">().empty() ? "evals" : "replayed";
    SKILLGRAD_TRY(const auto done,
                  measurer_.measure({placed.folder, tasks_, cache_ / kind, split_, trials_}));
    SKILLGRAD_TRY(auto out, report::read_scored_skill(done.measured.run));
    out.skill = name;
    if (done.measured.kept)
      print_err("note: " + strip_control(name) + " was measured before: nothing is paid\n");
    return out;
  }

  const Invocation& invocation_;
  const Settings& settings_;
  Measurer measurer_;
  fs::path cache_;
  std::string tasks_, split_;
  int trials_ = 1;
};

Result<report::SkillComparison> compare_sides(const Invocation& invocation,
                                              const Settings& settings) {
  SKILLGRAD_TRY(const auto before, side_of(invocation.arguments[0], invocation.stop));
  SKILLGRAD_TRY(const auto after, side_of(invocation.arguments[1], invocation.stop));
  for (const Side* side : {&before, &after})
    if (has_to_be_measured(*side)) {
      SKILLGRAD_CHECK(refuse_measuring(invocation, settings, *side));
      SKILLGRAD_TRY(auto measurer, Measurer::create(invocation, settings));
      return Scorer(invocation, settings, std::move(measurer)).compare(before, after);
    }
  SKILLGRAD_CHECK(refuse_idle(invocation, settings));
  SKILLGRAD_TRY(auto old_scores, report::read_scored_skill(before.name));
  SKILLGRAD_TRY(auto new_scores, report::read_scored_skill(after.name));
  return report::compare_skills(std::move(old_scores), std::move(new_scores));
}

}  // namespace

Result<int> cmd_compare(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  if (invocation.arguments.size() != 2)
    return fail(ErrorCode::usage, "got one side, expected two", "skillgrad compare",
                "name before and after, runs or skills; of one run: `skillgrad compare RUN:initial "
                "RUN`");
  SKILLGRAD_TRY(const auto comparison, compare_sides(invocation, settings));
  print_out(settings.get<"json">() ? dump_json(report::to_json(comparison), 1) + "\n"
                                   : report::comparison_text(comparison));
  return comparison.verdict == report::ComparisonVerdict::worse ? 1 : 0;
}

}  // namespace skillgrad::cli
