// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/review.hpp>
#include <skillgrad/skill/install.hpp>
#include <skillgrad/skill/package.hpp>
#include <skillgrad/skill/skill_set.hpp>
#include <skillgrad/store/at_work.hpp>

#include "cli/results/results.hpp"
#include "cli/review/committer.hpp"
#include "cli/review/review_flags.hpp"
#include "cli/screen/console.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

/// What is to be written where.
struct Plan {
  report::Proposal proposal;
  std::vector<skill::ChosenHunk> chosen;
  fs::path target;
  std::optional<skill::SkillPackage> live;  ///< nothing is there: none
  skill::MergeOutcome outcome;
  std::vector<std::string> edited_since;  ///< files that are not as they were when the run began
  std::vector<std::string> files;         ///< that change now
  std::optional<CommitWish> commit;
};

/// What came of it.
struct Done {
  const char* decision = "unchanged";  ///< applied, unchanged, would apply
  fs::path old_copy;
  std::string commit;
  std::vector<std::string> notes;
};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

/// Hunks by --review, all of them, or as a review in the run's folder forbids to guess.
Result<std::vector<skill::ChosenHunk>> choose(const Invocation& invocation,
                                              const report::Proposal& proposal) {
  const fs::path usual = proposal.run / "review.json";
  std::vector<skill::ChosenHunk> all;
  for (const skill::Hunk& hunk : proposal.hunks) all.push_back({&hunk, std::nullopt});
  if (proposal.undo > 0) return all;
  if (invocation.has("all")) {
    if (!invocation.has("review")) return all;
    return fail(ErrorCode::usage, "--all and --review", "skillgrad apply", "give one of them");
  }
  if (!invocation.has("review")) {
    if (!is_there(usual)) return all;
    return fail(ErrorCode::usage, "the run was reviewed, and nothing says whether that holds",
                usual.string(),
                "give --review " + shell_word(usual.string()) +
                    " to write what was accepted, or --all for the whole package");
  }
  SKILLGRAD_TRY(const auto review, report::read_review(invocation.value("review"), proposal));
  const auto open = report::undecided(proposal, review);
  if (!open.empty())
    return fail(ErrorCode::input, "the review is not finished, open: " + list_some(open),
                invocation.value("review"),
                "go on with `skillgrad review " + shell_word(proposal.run.string()) +
                    "`, or decide with its --accept and --reject");
  return report::taken(proposal, review);
}

Result<fs::path> target_of(const Invocation& invocation, const report::Proposal& proposal) {
  fs::path out = invocation.value("to", proposal.skill_path);
  if (out.empty())
    return fail(ErrorCode::input, "the run does not say where its skill lies",
                (proposal.run / "config.json").string(), "name the folder with --to DIR");
  out = fs::absolute(out).lexically_normal();
  if (!out.has_filename()) out = out.parent_path();
  if (out.filename() == "SKILL.md") out = out.parent_path();
  std::error_code failed;
  const fs::path real = fs::weakly_canonical(out, failed);  // the folder is replaced, not a link
  return failed ? out : real;
}

tl::unexpected<Error> conflicts_of(const Plan& plan) {
  std::vector<std::string> places, ids;
  for (const auto& one : plan.outcome.conflicts) {
    places.push_back(one.hunk + " at " + one.file +
                     (one.line > 0 ? ":" + std::to_string(one.line) : ""));
    ids.push_back(one.hunk);
  }
  const std::string run = shell_word(plan.proposal.run.string());
  const std::string target = shell_word(plan.target.string());
  if (plan.proposal.undo > 0)
    return fail(
        ErrorCode::input,
        fmt::format("what iteration {} changed was changed again since: ", plan.proposal.undo) +
            list_some(places),
        plan.target.string(),
        fmt::format("merge by hand: `skillgrad diff {} --undo {} | patch -p1 -d {}`; or "
                    "take the later change back first",
                    run, plan.proposal.undo, target));
  const std::string iteration =
      plan.proposal.source == "best"
          ? ""
          : fmt::format(" --iter {}", std::stoi(plan.proposal.source.substr(5)));
  const std::string merge = "skillgrad diff " + run + iteration + " | patch -p1 -d " + target;
  const std::string leave =
      "skillgrad review " + run + iteration + " --accept all --reject " + join(ids, ",");
  const std::string then = shell_word((plan.proposal.run / "review.json").string());
  return fail(ErrorCode::input,
              "the skill was edited since the run began, where the patch changes it too: " +
                  list_some(places),
              plan.target.string(),
              "merge by hand: `" + merge + "`; or leave them out: `" + leave +
                  "`, then give --review " + then);
}

/// What is there now; what a killed installation left is put back first.
Result<> load_live(Plan& plan, bool dry_run) {
  if (!dry_run) {
    SKILLGRAD_TRY(const auto done, skill::recover_install(plan.target));
    for (const auto& sentence : done) print_err("note: " + strip_control(sentence) + "\n");
  }
  std::error_code ignored;
  if (!is_there(plan.target) ||
      (fs::is_directory(plan.target, ignored) && fs::is_empty(plan.target, ignored)))
    return {};
  auto live = skill::load_skills(plan.target);
  if (!live) {
    Error error = std::move(live).error();
    error.mend = "name the folder of the skill, or a missing or empty one, with --to DIR";
    return tl::unexpected(std::move(error).with_context("the patch cannot be applied"));
  }
  plan.live = std::move(*live);
  return {};
}

/// A folder that is made now is named like the skill, as rule N5 asks.
Result<> check_folder_name(const Plan& plan) {
  const std::string folder = plan.target.filename().string();
  if (plan.live || folder == plan.proposal.initial.folder_name() ||
      skill::is_set(plan.proposal.initial))  // whose skills keep their folders
    return {};
  const skill::SkillPackage& package = plan.outcome.package;
  SKILLGRAD_TRY(const auto there,
                skill::SkillPackage::from_files(folder, package.skill_md(), package.files()));
  for (const auto& finding : skill::validate(there, skill::Profile::spec))
    if (finding.rule == "N5")
      return fail(ErrorCode::invalid_skill, "the package would break rule N5: " + finding.message,
                  plan.target.string(),
                  "use a folder that is named like the skill: --to " +
                      shell_word((plan.target / package.name()).string()));
  return {};
}

/// An older skill may be named as its folder was when the run began.
Result<> merge(Plan& plan) {
  const skill::SkillPackage& now = plan.live ? *plan.live : plan.proposal.initial;
  SKILLGRAD_TRY(plan.outcome, skill::merge_hunks(plan.proposal.initial, now, plan.chosen));
  if (plan.live) plan.edited_since = skill::changed_files(plan.proposal.initial, *plan.live);
  if (!plan.outcome.conflicts.empty()) return conflicts_of(plan);
  SKILLGRAD_CHECK(report::check_package(plan.proposal, plan.outcome.package, now));
  SKILLGRAD_CHECK(check_folder_name(plan));
  if (plan.live) {
    plan.files = skill::changed_files(*plan.live, plan.outcome.package);
  } else {
    if (!skill::is_set(plan.outcome.package)) plan.files.emplace_back("SKILL.md (new)");
    for (const auto& [path, file] : plan.outcome.package.files())
      plan.files.push_back(path + " (new)");
  }
  return {};
}

/// What the run could not show about the package that is to be written.
std::optional<std::string> doubt_about(const report::RunReport& told, const Plan& plan) {
  const std::string& verdict = told.verdict.name;
  if (plan.proposal.undo > 0)
    return "the skill without this step was not measured as it is now; `skillgrad eval SKILL` "
           "scores it";
  if (plan.proposal.source != "best")
    return "the package of one iteration, which the run's verdict is not about";
  if (verdict == "worse") return "the run showed it to be worse: " + told.verdict.line;
  if (verdict == "not shown") return "the run did not show it to be better: " + told.verdict.line;
  if (plan.chosen.size() < plan.proposal.hunks.size() ||
      std::any_of(plan.chosen.begin(), plan.chosen.end(),
                  [](const auto& one) { return one.text.has_value(); }))
    return "a part of what the run measured, or another text: as it is written it was never "
           "measured; `skillgrad eval SKILL` scores it";
  return std::nullopt;
}

std::string plain_name(const std::string& changed) {
  for (const std::string_view mark : {" (new)", " (gone)"})
    if (changed.ends_with(mark)) return changed.substr(0, changed.size() - mark.size());
  return changed;
}

Result<report::RunReport> read_told(const Plan& plan) {
  report::ReadOptions reading{0, std::nullopt, std::nullopt};
  if (plan.proposal.source != "best" && plan.proposal.undo == 0)
    reading.iteration = std::stoi(plan.proposal.source.substr(5));
  return report::read_run(plan.proposal.run, reading);
}

Result<std::optional<Committer>> plan_commit(const Invocation& invocation,
                                             const report::RunReport& told, Plan& plan) {
  if (!invocation.has("commit") && !invocation.has("branch")) return std::optional<Committer>();
  if (!plan.live)
    return fail(ErrorCode::usage, "there is no skill yet whose change could be committed",
                plan.target.string(), "leave --commit and --branch out");
  SKILLGRAD_TRY(auto git, Committer::open(plan.target, invocation.stop));
  CommitWish wish;
  wish.branch = invocation.value("branch");
  if (invocation.has("branch") && wish.branch.empty())
    return fail(ErrorCode::usage, "got \"\" for --branch, expected a name", "skillgrad apply",
                "name it, or leave --branch out");
  for (const std::string& file : plan.files) wish.files.push_back(plain_name(file));
  if (!wish.files.empty()) {
    wish.message = report::commit_message(told, plan.proposal, plan.chosen);
    SKILLGRAD_CHECK(git.check(wish));
  }
  plan.commit = std::move(wish);
  return std::optional<Committer>(std::move(git));
}

Result<Plan> make_plan(const Invocation& invocation) {
  Plan plan;
  const fs::path run = invocation.arguments.front();
  SKILLGRAD_TRY(plan.proposal, proposal_of(invocation));
  if (store::is_at_work(run))
    return fail(ErrorCode::locked, "the run is at work, its best package may still change",
                run.string(), "wait until it has ended, or stop it first");
  SKILLGRAD_TRY(plan.chosen, choose(invocation, plan.proposal));
  SKILLGRAD_TRY(plan.target, target_of(invocation, plan.proposal));
  SKILLGRAD_CHECK(load_live(plan, invocation.has("dry-run")));
  if (plan.proposal.undo > 0 && !plan.live)
    return fail(ErrorCode::input, "there is no skill from which a step could be taken back",
                plan.target.string(), "name its folder with --to DIR");
  SKILLGRAD_CHECK(merge(plan));
  return plan;
}

/// A place in the run that holds no earlier copy.
fs::path place_for_old(const fs::path& run) {
  fs::path out = run / "replaced";
  for (int i = 2; is_there(out); ++i) out = run / fmt::format("replaced-{}", i);
  return out;
}

Result<> write(const Plan& plan, Done& done) {
  if (!plan.live) return plan.outcome.package.save(plan.target);
  done.old_copy = place_for_old(plan.proposal.run);
  SKILLGRAD_TRY(const auto notes, skill::install_package({&plan.outcome.package, &*plan.live,
                                                          plan.target, done.old_copy}));
  done.notes.insert(done.notes.end(), notes.begin(), notes.end());
  return {};
}

std::vector<std::string> ids_of(const std::vector<skill::ChosenHunk>& chosen, bool edited_alone) {
  std::vector<std::string> out;
  for (const auto& one : chosen)
    if (!edited_alone || one.text) out.push_back(one.hunk->id);
  return out;
}

std::vector<std::string> left_out(const Plan& plan) {
  std::vector<std::string> out;
  const auto taken = ids_of(plan.chosen, false);
  for (const auto& hunk : plan.proposal.hunks)
    if (std::find(taken.begin(), taken.end(), hunk.id) == taken.end()) out.push_back(hunk.id);
  return out;
}

Json apply_json(const Plan& plan, const Done& done) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Json() : Json(text);
  };
  return {{"schema", "skillgrad.apply/1"},
          {"command", "apply"},
          {"run", plan.proposal.run.string()},
          {"package", plan.proposal.source},
          {"skill", plan.target.string()},
          {"decision", done.decision},
          {"hunks",
           {{"taken", ids_of(plan.chosen, false)},
            {"edited", ids_of(plan.chosen, true)},
            {"left_out", left_out(plan)},
            {"present", plan.outcome.present}}},
          {"files", plan.files},
          {"edited_since", plan.edited_since},
          {"merged", !plan.edited_since.empty() && !plan.files.empty()},
          {"old_copy", text_or_null(done.old_copy.string())},
          {"branch", plan.commit ? text_or_null(plan.commit->branch) : Json()},
          {"commit", text_or_null(done.commit)},
          {"message", plan.commit ? text_or_null(plan.commit->message) : Json()},
          {"notes", done.notes}};
}

std::string apply_text(const Plan& plan, const Done& done) {
  const auto line = [](const char* name, const std::string& text) {
    return text.empty() ? "" : fmt::format("{}: {}\n", name, strip_control(text));
  };
  std::string out = fmt::format("{}: {} of {}, {} of {} taken\n", done.decision,
                                plan.proposal.source, strip_control(plan.proposal.run.string()),
                                plan.chosen.size(), counted(plan.proposal.hunks.size(), "hunk"));
  out += line("skill", plan.target.string());
  out += line("files", list_some(plan.files, 20));
  out += line("left out", list_some(left_out(plan), 40));
  if (!plan.edited_since.empty() && !plan.files.empty())
    out += line("merged",
                fmt::format("the skill was edited since {} ({}); those edits stay",
                            plan.proposal.undo > 0 ? fmt::format("iteration {}", plan.proposal.undo)
                                                   : "the run began",
                            list_some(plan.edited_since)));
  out += line("previous files", done.old_copy.string());
  if (plan.commit && !done.commit.empty())
    out += line("commit", done.commit + (plan.commit->branch.empty()
                                             ? ""
                                             : " on the new branch " + plan.commit->branch));
  if (plan.commit && done.commit.empty() && !plan.commit->message.empty())
    out += "commit message:\n" + plan.commit->message;
  return out;
}

}  // namespace

Result<int> cmd_apply(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  SKILLGRAD_TRY(auto plan, make_plan(invocation));
  SKILLGRAD_TRY(const auto told, read_told(plan));
  SKILLGRAD_TRY(const auto git, plan_commit(invocation, told, plan));
  Done done;
  if (!plan.files.empty())
    if (auto doubt = doubt_about(told, plan)) done.notes.push_back(std::move(*doubt));
  const bool dry_run = invocation.has("dry-run");
  if (plan.files.empty() && plan.commit)
    done.notes.emplace_back("nothing changes, so nothing is committed");
  if (!plan.files.empty()) {
    done.decision = dry_run ? "would apply" : "applied";
    if (!dry_run) SKILLGRAD_CHECK(write(plan, done));
    if (!dry_run && git) {
      SKILLGRAD_TRY(done.commit, git->commit(*plan.commit));
    }
  }
  for (const auto& note : done.notes) print_err("note: " + strip_control(note) + "\n");
  print_out(settings.get<"json">() ? dump_json(apply_json(plan, done), 1) + "\n"
                                   : apply_text(plan, done));
  return 0;
}

}  // namespace skillgrad::cli
