// SPDX-License-Identifier: MIT
#include <atomic>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include <skillgrad/core/parallel.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/rollouts.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/cluster/cluster.hpp"
#include "cli/run/ending.hpp"
#include "cli/run/open_run.hpp"
#include "cli/run/optimize_settings.hpp"
#include "cli/run/spread_models.hpp"
#include "cli/run/stage_set.hpp"
#include "cli/settings/durations.hpp"

namespace skillgrad::cli {
namespace {

/// So many rollouts in a row that no endpoint served: this machine does not reach it.
constexpr int kUnserved = 3;

/// Waits for the run to begin, if it is asked to.
Result<> await_run(const Invocation& invocation, const fs::path& run) {
  SKILLGRAD_TRY(const auto wait, parse_duration(invocation.value("wait"), "--wait"));
  SystemClock clock;
  const auto until = clock.now() + wait;
  std::error_code ignored;
  while (!fs::exists(run / "config.json", ignored) ||
         !fs::exists(run / "shared" / "session.json", ignored)) {
    if (clock.now() >= until)
      return fail(ErrorCode::input,
                  wait.count() > 0 ? "the run has not begun to share its rollouts in this time"
                                   : "no run shares its rollouts here",
                  run.string(),
                  "begin it with `--workers shared`, as in `skillgrad eval SKILL --workers "
                  "shared`, or wait for it with --wait 10m");
    if (!clock.sleep_for(std::chrono::milliseconds(200), invocation.stop))
      return fail(ErrorCode::cancelled, "stopped before the run began", run.string());
  }
  return {};
}

/// The threads of one worker.
class Worker {
 public:
  Worker(RunSetup& setup, const StageSet& stages, llm::CallContext call)
      : setup_(setup),
        call_(std::move(call)),
        runner_({setup.bench.benchmark.get(), stages.executor.get(), stages.loss.get(),
                 setup.store.get(), setup.observer.get(), rollout_limits(setup.settings),
                 static_cast<unsigned>(setup.settings.get<"jobs">()), &setup.models->accountant(),
                 nullptr, setup.sharing->run()}) {}

  void run() {
    const auto jobs = static_cast<unsigned>(setup_.settings.get<"jobs">());
    parallel_for(jobs, jobs, [this](std::size_t /*thread*/) {
      while (!over_ && !call_.stop.stop_requested()) {
        if (auto done = step(); !done) end(std::move(done).error());
      }
    });
    if (!error_ && call_.stop.stop_requested())
      error_ = Error{ErrorCode::cancelled,
                     "stopped on request",
                     setup_.store->dir().string(),
                     "give the same command again to go on",
                     {}};
    if (!error_ && alone_)
      error_ = Error{ErrorCode::infra,
                     "the process that coordinates the run gives no sign of life any more",
                     setup_.sharing->run()->options().run.string(),
                     "go on with `skillgrad resume RUN`, and start the workers again",
                     {}};
    if (error_)
      error_ = optim::end_of_run(
          std::move(*error_),
          {call_, setup_.clock.now(), setup_.models->accountant().totals().last_failure});
  }

  [[nodiscard]] std::size_t made() const { return made_; }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  void end(Error error) {
    const std::lock_guard lock(mutex_);
    over_ = true;
    if (!error_) error_ = std::move(error);
  }

  Result<> step() {
    optim::SharedRun& shared = *setup_.sharing->run();
    SKILLGRAD_CHECK(shared.check());
    SKILLGRAD_TRY(auto next, shared.next());
    if (next.work) return make(next);
    if (next.over) {
      alone_ = next.alone;
      over_ = true;
    } else {
      shared.pause(call_.stop);
    }
    return {};
  }

  Result<> make(const optim::SharedRun::Work& next) {
    auto record = run_one(next);
    if (record) {
      unserved_ = 0;
      next.work->finished(next.turn.item);
      setup_.observer->progress(next.work->batch().label, ++made_, 0);
      return {};
    }
    Error error = std::move(record).error();
    const bool away = error.code == ErrorCode::transient || error.code == ErrorCode::rate_limit;
    SKILLGRAD_CHECK(next.work->leave(next.turn.item, !away));
    if (!away || ++unserved_ >= kUnserved) return tl::unexpected(std::move(error));
    setup_.observer->notice(next.work->batch().items[next.turn.item].task_id +
                            ": left to another process: " + error.message);
    return {};
  }

  Result<optim::LossRecord> run_one(const optim::SharedRun::Work& next) {
    const optim::SharedBatch& batch = next.work->batch();
    const optim::SharedItem& item = batch.items[next.turn.item];
    SKILLGRAD_TRY(const skill::SkillPackage* skill, skill_of(batch, item.skill));
    optim::RolloutRunner::Orders orders;
    orders.label = batch.label;
    orders.again = item.again;
    // The folder of the order is what stands before "rollouts" in that of the rollout.
    const std::string dir = item.dir.substr(0, item.dir.rfind("/rollouts/"));
    orders.items.push_back({skill, item.task_id, item.sample, dir, &item.objective});
    optim::StageContext context;
    context.scope = batch.scope;
    context.iteration = batch.iteration;
    context.call = call_;
    context.clock = &setup_.clock;
    context.objective = item.objective;
    return runner_.make(orders, next.turn.from, context);
  }

  /// Null for no skill.
  Result<const skill::SkillPackage*> skill_of(const optim::SharedBatch& batch,
                                              const std::string& hash) {
    if (hash == "none") return nullptr;
    const std::lock_guard lock(mutex_);
    if (const auto known = skills_.find(hash); known != skills_.end()) return known->second.get();
    SKILLGRAD_TRY(auto package, setup_.sharing->run()->skill_of(batch, hash));
    return skills_.emplace(hash, std::make_unique<skill::SkillPackage>(std::move(package)))
        .first->second.get();
  }

  RunSetup& setup_;
  llm::CallContext call_;
  optim::RolloutRunner runner_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<skill::SkillPackage>> skills_;
  std::atomic<bool> over_ = false, alone_ = false;
  std::atomic<std::size_t> made_ = 0;
  std::atomic<int> unserved_ = 0;
  std::optional<Error> error_;
};

Json work_json(const RunSetup& setup, const Worker& worker, const fs::path& run) {
  const auto totals = setup.models->accountant().totals();
  return {{"schema", "skillgrad.work/1"},
          {"command", "work"},
          {"run", run.string()},
          {"worker", setup.store->dir().string()},
          {"rollouts", worker.made()},
          {"calls", totals.usage.calls},
          {"cost_usd", totals.cost_usd ? Json(*totals.cost_usd) : Json()},
          {"stop_reason", worker.error() ? worker.error()->message : "the run has come to its end"},
          {"error", optim::error_json(worker.error())}};
}

Result<int> run_worker(RunSetup& setup, const Invocation& invocation, const RunRequest& request,
                       const fs::path& run) {
  SKILLGRAD_CHECK(spread_models(setup));
  SKILLGRAD_TRY(const auto stages, make_executor_stages(setup, invocation.stop));
  SKILLGRAD_TRY(const auto call, call_context(setup, invocation));
  SKILLGRAD_CHECK(start_run(setup));
  SKILLGRAD_CHECK(share_run(setup, request, invocation.stop));
  Worker worker(setup, *stages, call);
  worker.run();
  setup.sharing.reset();
  const Json json = work_json(setup, worker, run);
  close_run(setup, json);
  if (worker.error()) print_error(*worker.error());
  print_result(setup, json,
               fmt::format("made       {}\nusage      {}, {}\nstopped    {}\n",
                           counted(worker.made(), "rollout"),
                           counted(json["calls"].get<std::size_t>(), "call"),
                           report::money(setup.models->accountant().totals().cost_usd),
                           strip_control(json["stop_reason"].get<std::string>())));
  return worker.error() ? exit_code_of(worker.error()->code) : 0;
}

}  // namespace

Result<int> cmd_work(const Invocation& invocation) {
  fs::path run = fs::absolute(invocation.arguments.at(0)).lexically_normal();
  if (!run.has_filename()) run = run.parent_path();
  if (invocation.given.flags.contains("run"))
    return fail(ErrorCode::usage, "the run directory is the argument of `work`", "--run",
                "leave --run out");
  SKILLGRAD_CHECK(await_run(invocation, run));
  RunRequest request;
  request.worker = store::process_name();
  SKILLGRAD_TRY(const auto setup, reopen_run(invocation, run.string(), request));
  auto code = run_worker(*setup, invocation, request, run);
  return code ? std::move(code) : end_run_with_error(std::move(code).error(), invocation, *setup);
}

}  // namespace skillgrad::cli
