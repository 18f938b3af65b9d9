// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// A flag that only one command has.
struct LocalFlag {
  const char* name;
  const char* value;  ///< placeholder, or "" for a switch
  const char* help;
  const char* choices = "";  ///< "a|b|c" for completion, or ""
};

struct CommandSpec {
  const char* name;
  const char* summary;
  const char* argument;  ///< placeholder of the positional argument, or ""
  int min_arguments, max_arguments;
  unsigned groups;  ///< rows of the option table it takes
  std::vector<LocalFlag> local;
  const char* examples;
  const char* exit_codes;
};

[[nodiscard]] const std::vector<CommandSpec>& command_table();
/// Null for an unknown name.
[[nodiscard]] const CommandSpec* find_command(const std::string& name);

}  // namespace skillgrad::cli
