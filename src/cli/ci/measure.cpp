// SPDX-License-Identifier: MIT
#include "cli/ci/measure.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "cli/run/evaluate_run.hpp"
#include "cli/run/open_run.hpp"
#include "cli/screen/console.hpp"
#include "cli/settings/durations.hpp"

namespace skillgrad::cli {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(500);

using Opened = Result<std::unique_ptr<RunSetup>>;

/// Another job that measures the same does the work for both.
Opened open_or_wait(const Invocation& invocation, const RunRequest& request) {
  bool said = false;
  while (true) {
    auto setup = open_run(invocation, request);
    if (setup || setup.error().code != ErrorCode::locked) return setup;
    if (invocation.stop.stop_requested())
      return fail(ErrorCode::cancelled, "stopped on request", setup.error().where,
                  "give the same command again");
    if (!said) print_err("note: another process measures this, too: waiting for it\n");
    said = true;
    std::this_thread::sleep_for(kPoll);
  }
}

Paid spent_between(const llm::LedgerTotals& before, const llm::LedgerTotals& after) {
  Paid out;
  out.calls = after.usage.calls - after.cached_calls - before.usage.calls + before.cached_calls;
  out.tokens = after.usage.input_tokens + after.usage.output_tokens + after.unsettled_tokens -
               before.usage.input_tokens - before.usage.output_tokens - before.unsettled_tokens;
  if (out.calls == 0 && out.tokens == 0) return out;
  out.usd = after.cost_usd && before.cost_usd ? std::optional(*after.cost_usd - *before.cost_usd)
                                              : std::nullopt;
  return out;
}

}  // namespace

Measurer::Measurer(const Invocation& invocation, const Settings& settings,
                   std::chrono::milliseconds time)
    : invocation_(invocation), settings_(settings), time_(time), started_(clock_.now()) {}

Result<Measurer> Measurer::create(const Invocation& invocation, const Settings& settings) {
  SKILLGRAD_TRY(const auto time,
                parse_duration(settings.get<"max_time">(), settings.origin<"max_time">()));
  return Measurer(invocation, settings, time);
}

/// Options of one evaluation: what is left of the limits of this command.
Result<Invocation> Measurer::evaluation(const MeasureRequest& request) const {
  Invocation out = invocation_;
  auto& flags = out.given.flags;
  for (const auto& [key, text] : request.options) flags[key] = text;
  flags["benchmark"] = request.tasks;
  flags.erase("hard_max_time");  // it was armed when this command began
  const auto spent = [&](const char* flag) {
    return fail(ErrorCode::budget, std::string("the limit of --") + flag + " is reached",
                std::string("--") + flag,
                "raise it and give the same command again: what was measured is kept");
  };
  if (const double most = settings_.get<"max_usd">(); most > 0) {
    const double left = most - paid_.usd.value_or(0);
    if (left <= 0) return spent("max-usd");
    flags["max_usd"] = format_double(left);
  }
  if (const auto most = settings_.get<"max_tokens">(); most > 0) {
    if (paid_.tokens >= most) return spent("max-tokens");
    flags["max_tokens"] = std::to_string(most - paid_.tokens);
  }
  if (const auto most = settings_.get<"max_calls">(); most > 0) {
    if (paid_.calls >= most) return spent("max-calls");
    flags["max_calls"] = std::to_string(most - paid_.calls);
  }
  if (time_.count() > 0) {
    const double left = std::chrono::duration<double>(started_ + time_ - clock_.now()).count();
    if (left <= 0)
      return fail(ErrorCode::deadline, "the time limit has passed", "--max-time",
                  "raise it and give the same command again: what was measured is kept");
    flags["max_time"] = fmt::format("{}s", static_cast<std::int64_t>(std::ceil(left)));
  }
  return out;
}

Result<Measurement> Measurer::measure(const MeasureRequest& request) {
  SKILLGRAD_TRY(const auto invocation, evaluation(request));
  RunRequest run{RunCommand::eval, request.skill, Json::object()};
  run.extra = {{"split", request.split}, {"trials", request.trials}, {"baseline", ""}};
  run.runs = request.runs;
  run.limits_from_now = true;
  SKILLGRAD_TRY(const auto setup, open_or_wait(invocation, run));
  const auto before = setup->models->accountant().totals();
  auto scored = evaluate(*setup, invocation, run);
  Measurement out;
  out.measured.paid = spent_between(before, setup->models->accountant().totals());
  paid_.add(out.measured.paid);
  if (!scored) return tl::unexpected(std::move(scored).error());
  if (scored->error) return tl::unexpected(std::move(*scored->error));
  out.measured.run = setup->store->dir().string();
  out.measured.summary = std::move(scored->summary);
  out.measured.kept = scored->idle;
  out.model = setup->models->model();
  out.simulated = setup->models->simulated();
  return out;
}

Result<> hide_from_git(const fs::path& cache) {
  std::error_code ignored;
  const fs::path file = cache / ".gitignore";
  return fs::exists(file, ignored) ? Result<>{} : write_file_atomic(file, "*\n");
}

std::string tasks_of(const Settings& settings, const fs::path& skill) {
  if (const std::string named = settings.get<"benchmark">(); !named.empty()) return named;
  std::error_code ignored;
  if (!fs::exists(skill / "SKILL.md", ignored) && !skill::skill_folders(skill).empty())
    return skill.string();  // the tasks of all of them
  return fs::is_directory(skill / "evals", ignored) ? (skill / "evals").string() : std::string();
}

Compared compare(const optim::EvalSummary& before, const optim::EvalSummary& after) {
  std::vector<std::string> ids;
  for (const auto& record : after.records)
    if (std::find(ids.begin(), ids.end(), record.task_id) == ids.end())
      ids.push_back(record.task_id);
  Compared out;
  out.paired = optim::compare_tasks(ids, before, after);
  const auto scores_before = optim::task_scores(before.records);
  const auto scores_after = optim::task_scores(after.records);
  for (const auto& id : ids) {
    const auto was = scores_before.find(id), is = scores_after.find(id);
    if (was == scores_before.end() || is == scores_after.end()) continue;
    if (was->second < 1 && is->second >= 1) out.fixed.push_back(id);
    if (was->second >= 1 && is->second < 1) out.broken.push_back(id);
  }
  std::sort(out.fixed.begin(), out.fixed.end());
  std::sort(out.broken.begin(), out.broken.end());
  return out;
}

}  // namespace skillgrad::cli
