// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/settings/command_table.hpp"

namespace skillgrad::cli {

/// Under which heading options of these groups stand in help.
[[nodiscard]] const char* group_title(unsigned groups);
/// What stands for a value in help: "N", "PATH"; "" for a switch.
[[nodiscard]] const char* value_name(const OptionSpec& spec);
/// What an option does, with its words to choose from and its default: "tasks at once [8]".
[[nodiscard]] std::string describe(const OptionSpec& spec);
[[nodiscard]] std::string positional_help(const CommandSpec& command);
/// Rows of the option table that a command takes, in the order of the table.
[[nodiscard]] std::vector<const OptionSpec*> options_of(const CommandSpec& command);

/// Long names, without dashes, of the flags that the short help of a command shows. Empty: it has
/// few enough to show all.
[[nodiscard]] std::span<const std::string_view> common_options(std::string_view command);
/// Whether the short help shows a row.
[[nodiscard]] bool is_common(const CommandSpec& command, const OptionSpec& spec);

}  // namespace skillgrad::cli
