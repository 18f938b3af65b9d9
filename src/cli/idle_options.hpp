// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"

namespace skillgrad::cli {

/// What decides which options have a part in a command.
struct OptionUse {
  std::string command;       ///< optimize or eval
  std::string benchmark;     ///< name: spreadsheetbench, wikitablequestions, records
  std::string split_origin;  ///< Splits::origin
};

/// A sentence for each option that was given for this command and has no part in it: by a flag,
/// --set or the environment. A config file may be shared by several commands and may hold more.
[[nodiscard]] std::vector<std::string> idle_options(const Settings& settings, const OptionUse& use);

}  // namespace skillgrad::cli
