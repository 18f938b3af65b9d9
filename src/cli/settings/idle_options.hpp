// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// What decides which options have a part in a command.
struct OptionUse {
  std::string command;       ///< optimize, eval, grade, "benchmark show", ...
  std::string benchmark;     ///< name: spreadsheetbench, wikitablequestions, records
  std::string split_origin;  ///< Splits::origin
  bool judged = true;        ///< a model judges a task
  bool recalculates = true;  ///< a verdict may depend on the values of formulas
};

/// A sentence for each option that was given for this command and has no part in it: by a flag,
/// --set or the environment. A config file may be shared by several commands and may hold more.
[[nodiscard]] std::vector<std::string> idle_options(const Settings& settings, const OptionUse& use);

/// The same for options of other commands, which no flag of this one can give; the environment is
/// there for all commands. `groups`: the rows
/// of the option table that the command takes.
[[nodiscard]] std::vector<std::string> foreign_options(const Settings& settings,
                                                       const std::string& command, unsigned groups);

}  // namespace skillgrad::cli
