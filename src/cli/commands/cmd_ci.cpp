// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/ci/ci_report.hpp"
#include "cli/ci/measure.hpp"
#include "cli/ci/sarif.hpp"
#include "cli/commands/commands.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"
#include "cli/screen/output_file.hpp"
#include "cli/settings/environment.hpp"
#include "cli/workbench/lint_ignore.hpp"
#include "cli/workbench/load_settings.hpp"
#include "cli/workbench/open_workbench.hpp"

namespace skillgrad::cli {
namespace {

/// What the command line and the configuration ask for.
struct CiOptions {
  Settings settings;
  ValidateOptions validation;
  fs::path dir, cache;
  std::string split;
  int trials = 1;
  CiTier tier = CiTier::fixed;
  bool measures = false;  ///< with a model, or from a recording
};

Result<CiTier> tier_of(const Invocation& invocation, const Settings& settings) {
  const bool model = !settings.get<"model">().empty();
  const std::string text = invocation.value("tier", model ? "eval" : "static");
  const auto tier = named<CiTier>(text);
  if (!tier)
    return fail(ErrorCode::usage, "got --tier " + text + ", expected static or eval", "--tier",
                "for example --tier static, which asks no model");
  if (*tier == CiTier::eval && !model)
    return fail(ErrorCode::config, "--tier eval asks a model, and none is named", "--model",
                "give --model NAME (with --base-url for another endpoint than OpenAI's), or --tier "
                "static");
  return *tier;
}

Result<CiOptions> read_options(const Invocation& invocation) {
  CiOptions out;
  SKILLGRAD_TRY(out.settings, load_settings(invocation));
  const Settings& settings = out.settings;
  if (!invocation.has("since"))
    return fail(ErrorCode::usage, "no revision is named", "--since",
                "name the one to compare with, as in `skillgrad ci --since origin/main`");
  SKILLGRAD_TRY(out.validation.profile, parse_profile(invocation.value("profile", "spec")));
  SKILLGRAD_TRY(out.validation.ignored, ignored_lint_rules(settings));
  SKILLGRAD_TRY(out.trials, count_of(invocation, {"trials", 1, "1"}));
  SKILLGRAD_TRY(out.tier, tier_of(invocation, settings));
  out.split = invocation.value("split", "all");
  SKILLGRAD_CHECK(split_ids({}, out.split));
  out.dir = invocation.arguments.empty() ? fs::path(".") : fs::path(invocation.arguments.front());
  out.cache = fs::absolute(invocation.value("cache", kEvaluationCache)).lexically_normal();
  out.measures = out.tier == CiTier::eval || !settings.get<"replay">().empty();
  if (settings.get<"events">() == "-")
    return fail(ErrorCode::config, "stdout holds the comment, so that no events can go there",
                settings.origin<"events">(), "name a file for them");
  return out;
}

/// Errors of the tasks that a change brings are findings about the change, not about this command.
bool is_about_tasks(const Error& error) {
  return error.code == ErrorCode::dataset || error.code == ErrorCode::input;
}

/// Nothing that follows could end otherwise.
bool ends_all(const Error& error) {
  return !is_about_tasks(error) && error.code != ErrorCode::invalid_skill;
}

class Ci {
 public:
  /// `options` outlives it.
  Ci(const Invocation& invocation, const CiOptions& options, Git git, Measurer measurer)
      : invocation_(invocation),
        options_(options),
        git_(std::move(git)),
        measurer_(std::move(measurer)) {}

  Result<CiReport> run() {
    report_.top = git_.top();
    report_.since = invocation_.value("since");
    report_.tier = options_.tier;
    report_.replayed = !options_.settings.get<"replay">().empty();
    report_.split = options_.split;
    report_.trials = options_.trials;
    SKILLGRAD_TRY(report_.base, git_.base_of(report_.since));
    SKILLGRAD_TRY(const auto changes,
                  changed_skills(git_, report_.base, below_top(options_.dir).value_or(""),
                                 below_top(options_.cache).value_or("")));
    report_.unchanged = changes.unchanged;
    for (const auto& skill : changes.changed) {
      SKILLGRAD_CHECK(check_stop());
      SKILLGRAD_TRY(auto one, judge(skill));
      report_.skills.push_back(std::move(one));
    }
    report_.seconds = std::chrono::duration<double>(clock_.now() - started_).count();
    report_.exit_code = exit_code();
    return std::move(report_);
  }

 private:
  /// Relative to the top of the work tree, "" for the top; nullopt where it is not below it.
  [[nodiscard]] std::optional<std::string> below_top(const fs::path& path) const {
    std::error_code ignored;
    const fs::path whole = fs::weakly_canonical(fs::absolute(path), ignored);
    const fs::path below = (whole.has_filename() ? whole : whole.parent_path())
                               .lexically_relative(fs::weakly_canonical(git_.top(), ignored));
    if (below == ".") return "";
    if (below.empty() || *below.begin() == "..") return std::nullopt;
    return below.string();
  }

  [[nodiscard]] Result<> check_stop() const {
    if (!invocation_.stop.stop_requested()) return {};
    return fail(ErrorCode::cancelled, "stopped on request", "skillgrad ci",
                "give the same command again: what was measured is kept");
  }

  [[nodiscard]] fs::path path_of(const ChangedSkill& skill) const {
    return skill.folder == "." ? git_.top() : git_.top() / skill.folder;
  }

  Result<SkillReport> judge(const ChangedSkill& skill) {
    SkillReport out;
    out.skill = skill;
    if (skill.change == SkillChange::removed) return out;
    SKILLGRAD_TRY(out.validated, validate_one(path_of(skill).string(), options_.validation));
    if (!out.validated->valid()) {
      out.failures.emplace_back("the package breaks a rule");
      out.unmeasured = "not evaluated: the package is invalid";
      return out;
    }
    const std::string tasks = tasks_of(options_.settings, path_of(skill));
    if (tasks.empty()) {
      out.unmeasured = "not evaluated: it has no evals/, and no benchmark is named";
    } else if (auto done = options_.tier == CiTier::fixed ? check_tasks(tasks, out) : Result<>{};
               !done) {
      take_error(std::move(done).error(), out);
    }
    if (!out.unmeasured.empty() || out.error || !out.failures.empty()) return out;
    if (!options_.measures) {
      out.unmeasured = "not evaluated: no model is asked";
    } else if (stopped_) {
      out.error = stopped_;
    } else if (auto done = measure_both(tasks, out); !done) {
      take_error(std::move(done).error(), out);
    } else {
      gate(out);
    }
    return out;
  }

  void take_error(Error error, SkillReport& out) {
    if (is_about_tasks(error)) {
      out.failures.push_back("its tasks cannot be used: " + error.to_line());
      return;
    }
    if (ends_all(error)) stopped_ = error;
    out.error = std::move(error);
  }

  [[nodiscard]] Invocation with_tasks(const std::string& tasks) const {
    Invocation out = invocation_;
    out.given.flags["benchmark"] = tasks;
    return out;
  }

  /// As `benchmark check` does, without a judge.
  Result<> check_tasks(const std::string& tasks, SkillReport& out) {
    SKILLGRAD_TRY(const auto settings, load_settings(with_tasks(tasks)));
    SKILLGRAD_TRY(const auto bench, open_workbench(settings, "", Purpose::look));
    SKILLGRAD_TRY(const auto ids, split_ids(bench.splits, options_.split));
    SKILLGRAD_TRY(out.tasks, bench::check_benchmark(*bench.benchmark, ids, &bench.splits,
                                                    bench.grading(invocation_.stop),
                                                    static_cast<unsigned>(settings.get<"jobs">())));
    for (const auto& problem : out.tasks->problems)
      out.failures.push_back("task " + problem.task_id + ": " + problem.what + "; " + problem.mend);
    if (!out.tasks->unjudged.empty())
      notes().say(fmt::format("the golden answers of {} that a model judges are not checked",
                              counted(out.tasks->unjudged.size(), "task")));
    return {};
  }

  Result<MeasuredSkill> measure_one(const fs::path& skill, const std::string& tasks) {
    // What a recording says is never taken for what a model said.
    const char* const kind = report_.replayed ? "replayed" : "evals";
    auto done = measurer_.measure(
        {skill.string(), tasks, options_.cache / kind, options_.split, options_.trials});
    report_.paid = measurer_.paid();
    if (!done) return tl::unexpected(std::move(done).error());
    report_.model = done->model;
    report_.simulated = done->simulated;
    return std::move(done->measured);
  }

  Result<> measure_both(const std::string& tasks, SkillReport& out) {
    SKILLGRAD_CHECK(hide_from_git(options_.cache));
    if (out.skill.change != SkillChange::added) {
      SKILLGRAD_TRY(const auto temp, TempDir::create("ci"));
      SKILLGRAD_TRY(const auto before,
                    check_out_skill(git_, report_.base, out.skill, temp.path() / "before"));
      const auto readable = skill::SkillPackage::load(before);
      if (readable) {
        print_err("skillgrad ci: " + strip_control(out.skill.folder) + ", as it was\n");
        SKILLGRAD_TRY(out.before, measure_one(before, tasks));
      } else {
        notes().say(out.skill.folder + ": there is no baseline, its package of " +
                    report_.base.substr(0, 12) + " cannot be read: " + readable.error().to_line());
      }
    }
    print_err("skillgrad ci: " + strip_control(out.skill.folder) + ", as it is\n");
    SKILLGRAD_TRY(out.after, measure_one(path_of(out.skill), tasks));
    if (out.before) out.compared = compare(out.before->summary, out.after->summary);
    return {};
  }

  void gate(SkillReport& out) const {
    const Settings& settings = options_.settings;
    const auto& after = out.after->summary;
    if (after.graded == 0) {
      out.error = Error{ErrorCode::infra,
                        "no rollout could be graded",
                        out.after->run,
                        "look into its eval/rollouts, and give the same command again",
                        {}};
      return;
    }
    const double least = settings.get<"min_score">(), most = settings.get<"max_error_rate">();
    for (const auto* side : {&out.before, &out.after})
      if (*side && (*side)->summary.error_rate() > most)
        out.failures.push_back(fmt::format("{} errors {}, --max-error-rate allows {}",
                                           report::percent((*side)->summary.error_rate()),
                                           side == &out.before ? "before" : "after",
                                           report::percent(most)));
    if (least > 0 && after.score < least)
      out.failures.push_back(fmt::format("score {} is below --min-score {}",
                                         report::percent(after.score), report::percent(least)));
    if (out.compared) gate_regression(out);
  }

  void gate_regression(SkillReport& out) const {
    const auto& paired = out.compared->paired;
    const bool shown = std::string_view(out.compared->verdict()) == "worse";
    const bool strict = options_.settings.get<"no_regression">() && paired.difference < 0;
    if (!shown && !strict) return;
    std::string text =
        fmt::format("regression: {:+.1f} points [{:+.1f}, {:+.1f}], {}{}", 100 * paired.difference,
                    100 * paired.difference95.low, 100 * paired.difference95.high,
                    report::p_text(paired.p), shown ? "" : " (not shown; --no-regression)");
    if (!out.compared->broken.empty()) text += "; broken: " + list_some(out.compared->broken, 12);
    out.failures.push_back(std::move(text));
  }

  [[nodiscard]] int exit_code() const {
    for (const auto& skill : report_.skills)
      if (skill.error) return exit_code_of(skill.error->code);
    if (options_.settings.get<"exit_zero">()) return 0;
    return report_.count("fail") > 0 ? 1 : 0;
  }

  const Invocation& invocation_;
  const CiOptions& options_;
  Git git_;
  Measurer measurer_;
  CiReport report_;
  std::optional<Error> stopped_;  ///< what no further evaluation can be begun after
  SystemClock clock_;
  SteadyTime started_ = clock_.now();
};

/// One after the other, so that the comment is there although an annotation could not be written.
Result<> write_outputs(const Invocation& invocation, const CiReport& report) {
  std::vector<Validated> validated;
  for (const auto& skill : report.skills)
    if (skill.validated) validated.push_back(*skill.validated);
  const std::string markdown = without_secrets(ci_markdown(report));
  if (invocation.has("comment"))
    SKILLGRAD_CHECK(write_file_atomic(invocation.value("comment"), markdown));
  if (invocation.has("junit"))
    SKILLGRAD_CHECK(
        write_file_atomic(invocation.value("junit"), without_secrets(ci_junit(report))));
  if (invocation.has("sarif"))
    SKILLGRAD_CHECK(
        write_file_atomic(invocation.value("sarif"),
                          without_secrets(dump_json(sarif_log(validated, report.top), 1) + "\n")));
  if (!invocation.has("github")) return {};
  std::string lines;
  std::error_code ignored;
  for (auto skill : validated) {
    // GitHub knows files by their path from the top of the repository.
    skill.path = fs::path(skill.path).lexically_relative(report.top).string();
    lines += github_lines(skill);
  }
  print_err(lines + ci_github_lines(report));
  const std::string summary = environment_value("GITHUB_STEP_SUMMARY");
  return summary.empty() ? Result<>{} : append_file(summary, markdown + "\n");
}

}  // namespace

Result<int> cmd_ci(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto options, read_options(invocation));
  const bool json = options.settings.get<"json">();
  SKILLGRAD_CHECK(check_output_files(invocation, {"comment", "junit", "sarif"}));
  SKILLGRAD_TRY(auto git, Git::open(options.dir, invocation.stop));
  SKILLGRAD_TRY(auto measurer, Measurer::create(invocation, options.settings));
  SKILLGRAD_TRY(const auto report,
                Ci(invocation, options, std::move(git), std::move(measurer)).run());
  for (const auto& skill : report.skills)
    if (skill.error) {
      print_error(*skill.error);
      break;
    }
  SKILLGRAD_CHECK(write_outputs(invocation, report));
  if (json)
    print_out(dump_json(ci_json(report), 1) + "\n");
  else
    print_out(invocation.has("comment") ? ci_text(report) : ci_markdown(report));
  return report.exit_code;
}

}  // namespace skillgrad::cli
