// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// What the words of a command line come to: a command to run, a text to show or an error.
struct CommandLine {
  Invocation invocation;  ///< of an error as far as it is known: the command, --json
  std::string text;       ///< of --help and --version; "" for a command
  std::optional<Error> error = std::nullopt;
};

/// `words` without the name of the program. Errors: usage.
[[nodiscard]] CommandLine parse_command_line(const std::vector<std::string>& words);

}  // namespace skillgrad::cli
