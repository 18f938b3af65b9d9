// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>

#include "cli/shards/shard.hpp"

namespace skillgrad::cli {

/// Commands that make a run, which `resume` goes on with.
enum class RunCommand { optimize, eval, calibrate };
struct RunRequest {
  RunCommand command = RunCommand::optimize;
  std::string skill;  ///< path; "none" for eval without a skill
  Json extra =
      Json::object();  ///< command's own values that belong to the identity (split, trials)
  /// Where a folder named after the identity is made, whatever --run says; "": as --run says.
  fs::path runs = {};
  /// Limits of cost, tokens and calls are of this process: what earlier ones spent on the run comes
  /// on top.
  bool limits_from_now = false;
  /// Only these of its rollouts, in a folder of their own below the run's.
  std::optional<Shard> shard = std::nullopt;
  /// This process makes rollouts for the one that holds the run, under this name, in a folder of
  /// its own below it; "": it holds the run.
  std::string worker = {};
  /// Nothing is run: the result is made of what other processes left, and has their times.
  struct Found {
    double seconds = 0;       ///< of all of them
    std::string finished_at;  ///< UTC; of the last
  };
  std::optional<Found> found = std::nullopt;
};

}  // namespace skillgrad::cli

namespace skillgrad {

template <>
struct EnumText<cli::RunCommand> {
  using enum cli::RunCommand;
  static constexpr EnumName<cli::RunCommand> kTable[] = {
      {optimize, "optimize"}, {eval, "eval"}, {calibrate, "calibrate"}};
};

}  // namespace skillgrad
