// SPDX-License-Identifier: MIT
#include "cli/help/reference.hpp"

#include <map>
#include <vector>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "cli/help/option_help.hpp"
#include "cli/settings/command_table.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kSummary =
    "improves agent skills the way gradient descent improves parameters";

std::string usage_of(const CommandSpec& command) {
  std::string out = std::string("skillgrad ") + command.name;
  if (command.argument[0] == '\0') return out + " [OPTIONS]";
  std::string argument = command.argument;
  if (command.max_arguments > 1) argument += "...";
  return out + (command.min_arguments == 0 ? " [" + argument + "]" : " " + argument) + " [OPTIONS]";
}

/// "-j, --jobs N"; a switch that is on has the form that takes it back.
std::string flag_of(const OptionSpec& spec) {
  std::string out = spec.short_flag[0] == '\0' ? "" : fmt::format("-{}, ", spec.short_flag);
  out += std::string("--") + spec.flag;
  if (spec.type == ValueType::boolean) return out + ", --no-" + spec.flag;
  return out + " " + value_name(spec);
}

std::string flag_of(const LocalFlag& flag) {
  return std::string("--") + flag.name +
         (flag.value[0] == '\0' ? "" : " " + std::string(flag.value));
}

/// Examples or exit codes as they stand in the table, a line each, without their margin.
std::vector<std::string> lines_of(const char* text) {
  std::vector<std::string> out;
  for (const auto& line : split_lines(text))
    if (!trim(line).empty()) out.emplace_back(trim(line));
  return out;
}

/// Headings in the order of the table, each with its rows.
std::vector<std::pair<std::string, std::vector<const OptionSpec*>>> grouped(
    const CommandSpec& command) {
  std::vector<std::pair<std::string, std::vector<const OptionSpec*>>> out;
  for (const OptionSpec* spec : options_of(command)) {
    const std::string title = group_title(spec->groups & command.groups);
    std::size_t at = 0;
    while (at < out.size() && out[at].first != title) ++at;
    if (at == out.size()) out.push_back({title, {}});
    out[at].second.push_back(spec);
  }
  return out;
}

std::string cell(std::string text) {
  text = replace_all(std::move(text), "|", "\\|");
  return replace_all(std::move(text), "<", "\\<");
}

void write_command(const CommandSpec& command, std::string& out) {
  out += fmt::format("\n## {}\n{}.\n\n```\n{}\n```\n", command.name, command.summary,
                     usage_of(command));
  for (const LocalFlag& flag : command.local)
    out += fmt::format("\n- `{}`: {}", flag_of(flag), cell(flag.help));
  if (!command.local.empty()) out += "\n";
  for (const auto& [title, rows] : grouped(command)) {
    std::vector<std::string> flags;
    for (const OptionSpec* row : rows) flags.push_back(fmt::format("`--{}`", row->flag));
    out += fmt::format("\n{}: {}\n", title, join(flags, ", "));
  }
  out += "\n```\n" + join(lines_of(command.examples), "\n") + "\n```\n";
  out += "\nExit codes: " + join(lines_of(command.exit_codes), " · ") + "\n";
}

std::string roff(std::string text) {
  text = replace_all(std::move(text), "\\", "\\e");
  text = replace_all(std::move(text), "-", "\\-");
  if (text.starts_with(".") || text.starts_with("'")) text.insert(0, "\\&");
  return text;
}

void write_man_command(const CommandSpec& command, std::string& out) {
  out += fmt::format(".SS {}\n{}.\n.PP\n.B {}\n", roff(command.name), roff(command.summary),
                     roff(usage_of(command)));
  for (const LocalFlag& flag : command.local)
    out += fmt::format(".TP\n.B {}\n{}\n", roff(flag_of(flag)), roff(flag.help));
  std::vector<std::string> flags;
  for (const OptionSpec* row : options_of(command)) flags.push_back(fmt::format("--{}", row->flag));
  if (!flags.empty()) out += ".PP\nTakes " + roff(join(flags, ", ")) + ".\n";
  out += ".PP\nExamples:\n.PP\n.nf\n.RS\n";
  for (const auto& line : lines_of(command.examples)) out += roff(line) + "\n";
  out += ".RE\n.fi\n.PP\nExit codes: " + roff(join(lines_of(command.exit_codes), "; ")) + "\n";
}

}  // namespace

std::string reference_markdown() {
  std::string out =
      "# Reference of commands and options\n\n"
      "Written by `skillgrad help --format markdown` from the tables that the program parses its\n"
      "command line with. How to use them is in [usage.md](usage.md).\n";
  for (const CommandSpec& command : command_table()) write_command(command, out);
  out +=
      "\n## Options\n"
      "A value comes from the flag, else from the environment, else from the key in the file of "
      "`--config` (or\n`skillgrad.json`), else it is the default. `--set KEY=VALUE` comes before "
      "all of them; "
      "the second form of a switch takes it back.\n\n"
      "| flag | key | environment | default | what it does |\n|---|---|---|---|---|\n";
  for (const OptionSpec& spec : option_table()) {
    const std::string fallback = spec.fallback;
    out += fmt::format("| `{}` | `{}` | `{}` | {} | {} |\n", flag_of(spec), spec.key,
                       environment_name(spec),
                       fallback == "null" || fallback == "\"\"" ? "-" : "`" + fallback + "`",
                       cell(spec.help + (spec.choices[0] == '\0'
                                             ? std::string()
                                             : " (" + replace_all(spec.choices, "|", ", ") + ")")));
  }
  return out;
}

std::string reference_man() {
  std::string out =
      fmt::format(".TH SKILLGRAD 1 \"\" \"skillgrad {}\" \"User Commands\"\n", SKILLGRAD_VERSION);
  out += fmt::format(".ad l\n.SH NAME\nskillgrad \\- {}\n", kSummary);
  out += ".SH SYNOPSIS\n.B skillgrad\n.I COMMAND\n[\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n";
  out +=
      ".SH DESCRIPTION\nRuns tasks with a skill, grades them, diagnoses failures, keeps what "
      "recurs, patches "
      "the package and keeps a patch\nonly when it measurably helps.\n.SH COMMANDS\n";
  for (const CommandSpec& command : command_table()) write_man_command(command, out);
  out += ".SH OPTIONS\n";
  for (const OptionSpec& spec : option_table())
    out += fmt::format(".TP\n.B {}\n{}. Key {}, environment {}.\n", roff(flag_of(spec)),
                       roff(describe(spec)), roff(spec.key), roff(environment_name(spec)));
  out +=
      ".SH FILES\n.TP\n.I skillgrad.json\nConfiguration of the current folder: JSON with "
      "comments.\n"
      ".TP\n.I skillgrad\\-runs/\nRuns, unless \\-\\-run names another place.\n";
  return out;
}

}  // namespace skillgrad::cli
