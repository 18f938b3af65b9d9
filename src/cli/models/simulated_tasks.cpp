// SPDX-License-Identifier: MIT
#include "cli/models/simulated_tasks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/sim/server.hpp>

#include "cli/models/credentials.hpp"
#include "cli/models/models.hpp"
#include "cli/screen/console.hpp"
#include "cli/settings/roles.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kMend =
    "a simulation plays its own tasks only: `skillgrad demo` shows one; for your own tasks give "
    "--model NAME and --base-url URL of a real endpoint (a small local model will do)";

/// The scenario that plays the agent; "" where a model does.
std::string scenario_of_executor(const Settings& settings) {
  const Json role = role_of(settings, "executor");
  if (!text_of(role, "model", "").empty() || !text_of(role, "base_url", "").empty()) return {};
  return scenario_of(settings);
}

std::optional<bench::Splits> split_of(const sim::ScenarioTasks& tasks, const std::string& scenario,
                                      const bench::Benchmark& benchmark) {
  bench::Splits out{tasks.train, tasks.val, tasks.test, "split of the simulation " + scenario};
  if (out.train.empty() && out.val.empty() && out.test.empty()) return std::nullopt;
  for (const auto* ids : {&out.train, &out.val, &out.test})
    for (const auto& id : *ids)
      if (benchmark.find(id) == nullptr) return std::nullopt;
  return out;
}

}  // namespace

Result<std::optional<SimulatedTasks>> SimulatedTasks::open(const Settings& settings,
                                                           const bench::Benchmark& benchmark) {
  SimulatedTasks out;
  out.scenario_ = scenario_of_executor(settings);
  if (out.scenario_.empty()) return std::nullopt;
  SKILLGRAD_TRY(const auto tasks, sim::scenario_tasks(out.scenario_));
  out.benchmark_ = &benchmark;
  out.plays_ = tasks.plays;
  const auto& all = benchmark.tasks();
  out.played_ = static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const bench::Task& task) { return tasks.plays(task.prompt); }));
  if (out.played_ == 0)
    return fail(ErrorCode::config,
                fmt::format("the simulation {} has no script for any of the {}", out.scenario_,
                            counted(all.size(), "task")),
                "--model sim:" + out.scenario_, kMend);
  // Where it plays everything, the split of the tasks themselves is as good as any.
  if (out.played_ < all.size()) out.split_ = split_of(tasks, out.scenario_, benchmark);
  return std::optional<SimulatedTasks>(std::move(out));
}

Result<std::string> SimulatedTasks::keep_played(bench::Splits& splits) const {
  std::size_t before = 0, after = 0;
  for (auto* ids : {&splits.train, &splits.val, &splits.test}) {
    before += ids->size();
    std::erase_if(*ids, [&](const std::string& id) {
      const bench::Task* task = benchmark_->find(id);
      return task == nullptr || !plays_(task->prompt);
    });
    after += ids->size();
  }
  if (after == 0 && before > 0)
    return fail(ErrorCode::config,
                fmt::format("the simulation {} has no script for any of the {}", scenario_,
                            counted(before, "selected task")),
                "--model sim:" + scenario_, kMend);
  if (after == before && played_ == benchmark_->tasks().size()) return std::string();
  if (after < before) splits.origin += "; only tasks that the simulation plays";
  return fmt::format("the simulation {} has scripts for {} of the {} tasks; the run keeps to these",
                     scenario_, played_, benchmark_->tasks().size());
}

}  // namespace skillgrad::cli
