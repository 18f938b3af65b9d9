// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include <skillgrad/optim/optimizer.hpp>

#include "cli/run/run_setup.hpp"

namespace skillgrad::cli {

/// Executor and stages of a run, made from the registries by the config's names.
struct StageSet {
  std::unique_ptr<exec::Sandbox>
      commands;  ///< what the executor runs commands in, if they are cached
  std::unique_ptr<agent::Executor> runner;  ///< what `executor` runs tasks with, beside recordings
  std::unique_ptr<agent::Executor> executor;
  std::unique_ptr<optim::LossCollector> loss;
  std::unique_ptr<optim::Diagnoser> diagnoser;
  std::unique_ptr<optim::Momentum> momentum;  ///< null with --no-momentum
  std::unique_ptr<optim::Patcher> patcher;
  std::unique_ptr<optim::Gate> gate;  ///< null where decisions are staged

  [[nodiscard]] optim::OptimizeParts parts(RunSetup& setup) const;
};

/// What a result says of the agent of another program that executed its tasks: agent_json() and the
/// walls around it.
[[nodiscard]] Json agent_facts(const RunSetup& setup);
/// The level of --gate, where it names one and no stage of the user's stands in its place.
[[nodiscard]] std::optional<optim::decisions::GateLevel> staged_level(const Settings& settings);
/// Only executor and loss (for eval). Errors: config.
[[nodiscard]] Result<std::unique_ptr<StageSet>> make_executor_stages(RunSetup& setup,
                                                                     std::stop_token stop);
[[nodiscard]] Result<std::unique_ptr<StageSet>> make_stages(RunSetup& setup, std::stop_token stop);

}  // namespace skillgrad::cli
