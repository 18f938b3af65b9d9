// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/transfer.hpp>

#include "cli/ci/measure.hpp"
#include "cli/run/given_skill.hpp"
#include "cli/run/open_run.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/settings/roles.hpp"
#include "cli/transfer/preview.hpp"
#include "cli/transfer/subjects.hpp"
#include "cli/transfer/transfer.hpp"
#include "cli/workbench/external_agent.hpp"
#include "cli/workbench/load_settings.hpp"
#include "cli/workbench/neighbours.hpp"
#include "cli/workbench/open_workbench.hpp"

namespace skillgrad::cli {
namespace {

/// What is measured, checked before anything is paid for.
struct TransferPlan {
  std::vector<std::string> packages;  ///< "none" first
  std::vector<Subject> subjects;
  std::string tasks, split;
  int trials = 1;
};

Result<std::vector<std::string>> packages_of(const Invocation& invocation) {
  std::vector<std::string> out = {"none"};
  for (const std::string& name : invocation.arguments) {
    if (name == "none")
      return fail(ErrorCode::usage, "no skill at all is always measured, too", name,
                  "leave \"none\" out");
    if (std::find(out.begin(), out.end(), name) != out.end())
      return fail(ErrorCode::usage, "the package is named twice", name, "name each once");
    SKILLGRAD_TRY(const auto package, load_skill(name));
    out.push_back(name);
  }
  return out;
}

/// Without a package, the agent must not find it beside what there is.
Result<> check_neighbours(const Settings& settings, const std::vector<std::string>& packages) {
  SKILLGRAD_TRY(const auto all, load_neighbours(settings, {}));
  for (auto name = std::next(packages.begin()); name != packages.end(); ++name) {
    SKILLGRAD_TRY(const auto package, load_skill(*name));
    SKILLGRAD_TRY(const auto others, load_neighbours(settings, package));
    if (others.size() != all.size())
      return fail(ErrorCode::usage,
                  "the folder holds " + package.name() +
                      ", which then would be there without the package, too",
                  "--with", "name a folder of skills that are not tried here");
  }
  return {};
}

Result<std::string> tasks_for(const Settings& settings, const std::vector<std::string>& packages) {
  for (auto name = std::next(packages.begin()); name != packages.end(); ++name)
    if (std::string out = tasks_of(settings, *name); !out.empty()) return out;
  return fail(ErrorCode::usage, "there are no tasks: no evals/ in the folder of a package",
              packages[1], "name them with --benchmark FILE, or put them into evals/ of the skill");
}

/// Scores given by different judges cannot be laid side by side.
Result<> check_judge(const RunSetup& setup, const TransferPlan& plan) {
  const auto& tasks = setup.bench.benchmark->tasks();
  const bool judged =
      std::any_of(tasks.begin(), tasks.end(), [](const auto& task) { return task.judged; });
  const Json judge = role_of(setup.settings, "judge");
  if (!judged || plan.subjects.size() < 2 || !text_of(judge, "model", "").empty()) return {};
  return fail(ErrorCode::config,
              "a model judges these tasks, and each of the models would judge itself",
              "roles.judge", "name one judge for all: --roles '{\"judge\":{\"model\":\"NAME\"}}'");
}

/// That every subject can be opened: its options, its programs, its keys.
Result<> check_subject(const Invocation& invocation, const TransferPlan& plan,
                       const Subject& subject) {
  Invocation own = with_subject(invocation, subject);
  own.given.flags["benchmark"] = plan.tasks;
  RunRequest request{RunCommand::eval, "none", Json::object()};
  SKILLGRAD_TRY(const auto setup, open_dry_run(own, request));
  SKILLGRAD_TRY(const auto agent, open_agent(setup->settings, setup->config_dir,
                                             *setup->bench.sandbox, invocation.stop));
  SKILLGRAD_TRY(const auto ids, split_ids(setup->bench.splits, plan.split));
  if (ids.empty())
    return fail(ErrorCode::dataset, "split \"" + plan.split + "\" has no tasks",
                setup->bench.splits.origin, "choose another --split, or widen --ids or --limit");
  SKILLGRAD_CHECK(check_judge(*setup, plan));
  return setup->settings.get<"replay">().empty() ? setup->models->check_keys() : Result<>();
}

Result<TransferPlan> plan_transfer(const Invocation& invocation, const Settings& settings) {
  TransferPlan out;
  SKILLGRAD_TRY(out.subjects, read_subjects(invocation, settings));
  SKILLGRAD_TRY(out.packages, packages_of(invocation));
  SKILLGRAD_CHECK(check_neighbours(settings, out.packages));
  SKILLGRAD_TRY(out.tasks, tasks_for(settings, out.packages));
  SKILLGRAD_TRY(out.trials, count_of(invocation, {"trials", 1, "1"}));
  out.split = invocation.value("split", "test");
  SKILLGRAD_CHECK(split_ids({}, out.split));
  for (const Subject& subject : out.subjects) {
    auto checked = check_subject(invocation, out, subject);
    if (!checked)
      return tl::unexpected(std::move(checked).error().with_context("with " + subject.shown.name));
  }
  return out;
}

Result<Preview> preview_transfer(const Invocation& invocation, const Settings& settings,
                                 const TransferPlan& plan) {
  std::vector<PreviewPart> parts;
  for (const Subject& subject : plan.subjects) {
    Invocation own = with_subject(invocation, subject);
    own.given.flags["benchmark"] = plan.tasks;
    for (const std::string& package : plan.packages) {
      SKILLGRAD_TRY(auto part, preview_part(own, {package + " with " + subject.shown.name, package,
                                                  plan.split, plan.trials}));
      parts.push_back(std::move(part));
    }
  }
  return sum_up("transfer", std::move(parts), settings);
}

Result<report::Transfer> measure_transfer(const Invocation& invocation, const Settings& settings,
                                          const TransferPlan& plan) {
  const fs::path cache =
      fs::absolute(invocation.value("cache", kEvaluationCache)).lexically_normal();
  SKILLGRAD_CHECK(hide_from_git(cache));
  SKILLGRAD_TRY(auto measurer, Measurer::create(invocation, settings));
  // What a recording says is never taken for what a model said.
  const char* const kind = settings.get<"replay">().empty() ? "evals" : "replayed";
  std::vector<report::TransferSubject> subjects;
  std::vector<report::TransferScore> scores;
  for (const Subject& subject : plan.subjects) {
    subjects.push_back(subject.shown);
    for (std::size_t package = 0; package < plan.packages.size(); ++package) {
      const std::string what = plan.packages[package] + " with " + subject.shown.name;
      print_err("skillgrad transfer: " + strip_control(what) + "\n");
      auto done = measurer.measure({plan.packages[package], plan.tasks, cache / kind, plan.split,
                                    plan.trials, subject.options});
      if (!done) return tl::unexpected(std::move(done).error().with_context(what));
      if (done->measured.kept) print_err("note: measured before: nothing is paid\n");
      SKILLGRAD_TRY(auto scored, report::read_scored_skill(done->measured.run));
      scored.skill = plan.packages[package];
      scores.push_back({package, subjects.size() - 1, std::move(scored)});
    }
  }
  return report::judge_transfer(plan.packages, std::move(subjects), std::move(scores));
}

}  // namespace

Result<int> cmd_transfer(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  if (!invocation.has("dry-run")) SKILLGRAD_CHECK(refuse_estimate_flags(invocation));
  SKILLGRAD_TRY(const auto plan, plan_transfer(invocation, settings));
  const bool json = settings.get<"json">();
  if (invocation.has("dry-run")) {
    SKILLGRAD_TRY(const auto preview, preview_transfer(invocation, settings, plan));
    print_out(json ? dump_json(to_json(preview), 1) + "\n" : preview_text(preview));
    return 0;
  }
  SKILLGRAD_TRY(const auto transfer, measure_transfer(invocation, settings, plan));
  print_out(json ? dump_json(report::to_json(transfer), 1) + "\n"
                 : report::transfer_text(transfer));
  const std::size_t none = transfer.count(report::TransferVerdict::not_compared);
  if (none == (plan.packages.size() - 1) * plan.subjects.size())
    return fail(ErrorCode::infra,
                "no task could be graded with and without a package in any pairing",
                "skillgrad transfer",
                "mend what the errors of the runs say, and give the same "
                "command again");
  return transfer.count(report::TransferVerdict::harmed) > 0 ? 1 : 0;
}

}  // namespace skillgrad::cli
