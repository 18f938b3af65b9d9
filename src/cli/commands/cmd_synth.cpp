// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/synthesize.hpp>
#include <skillgrad/report/comparison.hpp>

#include "cli/ci/measure.hpp"
#include "cli/commands/commands.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/workbench/load_settings.hpp"
#include "cli/workbench/open_workbench.hpp"
#include "cli/workbench/writing_model.hpp"

namespace skillgrad::cli {
namespace {

/// What came of it: a skill that did better than none, one that nobody measured, or a draft.
enum class SynthOutcome { better, not_measured, draft };

struct Made {
  optim::Synthesis synthesis;
  std::optional<report::SkillComparison> screen;
  SynthOutcome outcome = SynthOutcome::not_measured;
  fs::path place;
  std::size_t examples = 0;
  std::optional<double> writing_usd;
};

/// The training tasks: some to write from, all of them to keep out of the text.
Result<> add_tasks(const Settings& settings, optim::SynthesisInput& input) {
  SKILLGRAD_TRY(const Workbench bench, open_workbench(settings, "", Purpose::look));
  const auto& train = bench.splits.train;
  if (train.empty())
    return fail(ErrorCode::input, "the benchmark has no training tasks to write a skill from",
                settings.get<"benchmark">(),
                "give its tasks a split, or leave --benchmark out to write from the description");
  optim::add_training_tasks(*bench.benchmark, train, input);
  return {};
}

bool is_taken(const fs::path& place) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(place, ignored));
}

tl::unexpected<Error> taken_error(const fs::path& place) {
  return fail(ErrorCode::input, "there is something already, which is never overwritten",
              place.string(), "choose another name with --name, or another folder with --to");
}

Result<optim::Synthesis> write_skill(const Invocation& invocation, const Settings& settings,
                                     const optim::SynthesisInput& input,
                                     std::optional<double>& usd) {
  SKILLGRAD_TRY(const auto writer,
                open_writing_model(invocation, settings,
                                   {"synth", "synthesize", "a model writes the skill"}));
  print_err("skillgrad synth: " + strip_control(writer->models->model()) +
            " writes a first version\n");
  auto out =
      optim::synthesize(writer->models->role("patcher"), writer->prompt, input, writer->context);
  usd = writer->models->accountant().totals().cost_usd;
  return out;
}

/// None against the draft, on tasks that it was not written from.
Result<report::SkillComparison> screen(const Invocation& invocation, const Settings& settings,
                                       const fs::path& draft) {
  const fs::path cache = fs::absolute(invocation.value("cache", kEvaluationCache));
  SKILLGRAD_CHECK(hide_from_git(cache));
  SKILLGRAD_TRY(auto measurer, Measurer::create(invocation, settings));
  SKILLGRAD_TRY(const int trials, count_of(invocation, {"trials", 1, "1"}));
  const std::string split = invocation.value("split", "val");
  SKILLGRAD_CHECK(split_ids({}, split));
  std::vector<report::ScoredSkill> scored;
  for (const std::string& skill : {std::string("none"), draft.string()}) {
    print_err("skillgrad synth: " +
              std::string(skill == "none" ? "without a skill" : "with the draft") + "\n");
    const char* const kind = settings.get<"replay">().empty() ? "evals" : "replayed";
    SKILLGRAD_TRY(const auto done, measurer.measure({skill, settings.get<"benchmark">(),
                                                     cache / kind, split, trials}));
    SKILLGRAD_TRY(auto one, report::read_scored_skill(done.measured.run));
    one.skill = skill == "none" ? "none" : draft.filename().string();
    scored.push_back(std::move(one));
  }
  return report::compare_skills(std::move(scored[0]), std::move(scored[1]));
}

Json made_json(const Made& made, const std::string& description) {
  Json findings = Json::array();
  for (const skill::Finding& finding : made.synthesis.findings)
    findings.push_back({{"rule", finding.rule},
                        {"file", finding.file},
                        {"line", finding.line},
                        {"message", finding.message}});
  const char* const outcome = made.outcome == SynthOutcome::better  ? "skill"
                              : made.outcome == SynthOutcome::draft ? "draft"
                                                                    : "not measured";
  return {{"schema", "skillgrad.synth/1"},
          {"command", "synth"},
          {"description", description},
          {"name", made.synthesis.package.name()},
          {"outcome", outcome},
          {"path", made.place.string()},
          {"examples", made.examples},
          {"refused", made.synthesis.refused.size()},
          {"findings", std::move(findings)},
          {"writing_usd", made.writing_usd ? Json(*made.writing_usd) : Json()},
          {"screen", made.screen ? report::to_json(*made.screen) : Json()}};
}

std::string made_text(const Made& made) {
  const std::string place = shell_word(made.place.string());
  std::string out;
  switch (made.outcome) {
    case SynthOutcome::better:
      out =
          "skill: it scores higher than no skill; " + report::comparison_line(*made.screen) + "\n";
      break;
    case SynthOutcome::draft:
      out = "draft: it does not score higher than no skill; " +
            report::comparison_line(*made.screen) + "\n";
      break;
    case SynthOutcome::not_measured:
      out = "not measured: valid, and never tried; --benchmark FILE screens it against no skill\n";
  }
  out += "package: " + strip_control(made.place.string()) + "\n";
  if (!made.synthesis.findings.empty())
    out += fmt::format("advice: {}; `skillgrad validate {}` prints it\n",
                       counted(made.synthesis.findings.size(), "finding"), place);
  if (made.screen) out += "\n" + report::comparison_text(*made.screen);
  out += "\nnext: " +
         (made.outcome == SynthOutcome::not_measured
              ? "put tasks into " + place + "/evals, then `skillgrad optimize " + place + "`"
              : "`skillgrad optimize " + place + "` improves it from its failures") +
         "\n";
  return out;
}

}  // namespace

Result<int> cmd_synth(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  optim::SynthesisInput input;
  input.description = trim(invocation.arguments.front());
  if (input.description.empty())
    return fail(ErrorCode::usage, "the description is empty", "skillgrad synth",
                "say what the skill is for, as in: skillgrad synth \"Fills in travel expenses\"");
  input.name = invocation.value("name");
  const fs::path to = fs::absolute(invocation.value("to", ".")).lexically_normal();
  if (!input.name.empty() && is_taken(to / input.name)) return taken_error(to / input.name);
  input.is_taken = [&](const std::string& name) { return is_taken(to / name); };
  const bool measured = !settings.get<"benchmark">().empty();
  if (measured) SKILLGRAD_CHECK(add_tasks(settings, input));
  for (const char* flag : {"split", "trials", "cache"})
    if (!measured && invocation.has(flag))
      return fail(ErrorCode::usage,
                  std::string("--") + flag + " is about measuring, and there are no tasks",
                  std::string("--") + flag, "give --benchmark FILE, or leave it out");
  Made made;
  made.examples = input.tasks.size();
  SKILLGRAD_TRY(made.synthesis, write_skill(invocation, settings, input, made.writing_usd));
  const skill::SkillPackage& package = made.synthesis.package;
  made.place = to / package.name();
  if (measured) {
    // What was paid for is kept, whatever the screen says.
    const fs::path draft = fs::absolute(invocation.value("cache", kEvaluationCache)) / "drafts" /
                           package.hash().substr(0, 12) / package.name();
    if (!is_taken(draft)) SKILLGRAD_CHECK(package.save(draft));
    SKILLGRAD_TRY(made.screen, screen(invocation, settings, draft));
    if (made.screen->paired.n == 0)
      return fail(
          ErrorCode::infra, "no task could be scored with and without the draft, which is kept",
          draft.string(), "mend what the errors above say, and give the same command again");
    made.outcome = made.screen->paired.difference > 0 ? SynthOutcome::better : SynthOutcome::draft;
    if (made.outcome == SynthOutcome::draft) made.place = draft;
  }
  if (made.outcome != SynthOutcome::draft) {
    if (is_taken(made.place)) return taken_error(made.place);
    SKILLGRAD_CHECK(package.save(made.place));
  }
  print_out(settings.get<"json">() ? dump_json(made_json(made, input.description), 1) + "\n"
                                   : made_text(made));
  return made.outcome == SynthOutcome::draft ? 1 : 0;
}

}  // namespace skillgrad::cli
