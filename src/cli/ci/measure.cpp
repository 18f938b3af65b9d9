// SPDX-License-Identifier: MIT
#include "cli/ci/measure.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/run/evaluate_run.hpp"
#include "cli/screen/console.hpp"

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

Result<Measurement> measure(const Invocation& invocation, const MeasureRequest& request,
                            Paid& paid) {
  RunRequest run{RunCommand::eval, request.skill.string(), Json::object()};
  run.extra = {{"split", request.split}, {"trials", request.trials}, {"baseline", ""}};
  run.runs = request.runs;
  run.limits_from_now = true;
  SKILLGRAD_TRY(const auto setup, open_or_wait(invocation, run));
  const auto before = setup->models->accountant().totals();
  auto scored = evaluate(*setup, invocation, run);
  Measurement out;
  out.measured.paid = spent_between(before, setup->models->accountant().totals());
  paid.add(out.measured.paid);
  if (!scored) return tl::unexpected(std::move(scored).error());
  if (scored->error) return tl::unexpected(std::move(*scored->error));
  out.measured.run = setup->store->dir().string();
  out.measured.summary = std::move(scored->summary);
  out.measured.kept = scored->idle;
  out.model = setup->models->model();
  out.simulated = setup->models->simulated();
  return out;
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
