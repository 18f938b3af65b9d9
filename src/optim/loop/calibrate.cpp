// SPDX-License-Identifier: MIT
#include <skillgrad/optim/calibrate.hpp>

#include "optim/loop/calibration_run.hpp"
#include "optim/rollouts/tripwires.hpp"

namespace skillgrad::optim {

Result<decisions::Calibration> run_calibration(Bookkeeper& book,
                                               const decisions::CalibrationPlan& plan) {
  const BookPlace place{kCalibrationDir, "calibration", 0, {{plan.package, ""}}};
  SKILLGRAD_TRY(const auto found,
                book.drive(place, [&] { return decisions::calibrate(plan, book.book()); }));
  return found.result;
}

decisions::CalibrationPlan calibration_plan(const OptimizeSettings& settings,
                                            const bench::Splits& splits, std::string package) {
  decisions::CalibrationPlan out;
  out.package = std::move(package);
  out.tasks = splits.val;
  out.passes = std::max(out.passes, static_cast<std::size_t>(settings.rollouts));
  // Of several models a task's value is the mean: as many rollouts more of it.
  if (settings.score_test) out.test_tasks = splits.test.size() / settings.models;
  out.test_repeats = static_cast<std::size_t>(settings.rollouts) * settings.models;
  return out;
}

Result<CalibrationRun> calibrate(const OptimizeSettings& settings, const OptimizeParts& parts,
                                 std::size_t passes, const llm::CallContext& call) {
  RolloutRunner runner({parts.benchmark, parts.executor, parts.loss, parts.store, parts.observer,
                        parts.limits, parts.jobs, parts.accountant});
  LoopContext loop;
  loop.settings = &settings;
  loop.parts = &parts;
  loop.runner = &runner;
  loop.call = call;
  Bookkeeper book(loop);
  auto plan = calibration_plan(settings, parts.splits, book.know(parts.initial));
  plan.passes = std::max(plan.passes, passes);
  CalibrationRun out;
  auto found = run_calibration(book, plan);
  if (found) {
    out.found = std::move(*found);
    out.measured = summarize(book.records(plan.package, plan.tasks), static_cast<int>(plan.passes),
                             parts.benchmark);
    for (const Tripwire& wire : tripwires(out.measured, "validation")) {
      out.broken = out.broken || wire.refuses;
      out.tripwires.push_back(wire.what + (wire.mend.empty() ? "" : "; " + wire.mend));
    }
  } else {
    Error error = end_of_run(std::move(found).error(),
                             {call, parts.clock->now(), parts.accountant->totals().last_failure});
    if (!can_resume(error.code)) return tl::unexpected(std::move(error));
    out.error = std::move(error);
  }
  out.fresh = runner.fresh();
  out.totals = parts.accountant->totals();
  SKILLGRAD_TRY(out.parts, cost_parts(*parts.store));
  return out;
}

}  // namespace skillgrad::optim
