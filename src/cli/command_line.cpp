// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <algorithm>
#include <array>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "cli/settings/command_table.hpp"

namespace skillgrad::cli {
namespace {

/// Where CLI11 puts what it parsed for one command.
struct Parsed {
  CLI::App* app = nullptr;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> values;  ///< by config key
  std::map<std::string, bool> switches;
  std::map<std::string, std::string> local_values;
  std::map<std::string, bool> local_switches;
  std::vector<std::string> sets;
  std::string config_file;
};

const char* group_title(unsigned groups) {
  if ((groups & kModel) != 0) return "Model and endpoint";
  if ((groups & (kBench | kGrading)) == kGrading) return "Run";
  if ((groups & (kBench | kSelect)) != 0) return "Benchmark";
  if ((groups & kLoop) != 0) return "Optimizer";
  if ((groups & (kLimits | kStops)) != 0) return "Limits";
  if ((groups & (kJudge | kRollout)) == kJudge) return "Judge";
  if ((groups & kRollout) != 0) return "One task";
  if ((groups & kVerdict) != 0) return "Verdict";
  if ((groups & kSim) != 0) return "Simulated endpoint";
  return "Run";
}

constexpr std::size_t kHelpColumn = 34;  ///< where descriptions begin
constexpr std::size_t kHelpWidth = 100;

/// Words, and of one that is longer than a line the parts behind its commas.
std::vector<std::string> pieces_of(const std::string& text, std::size_t width) {
  std::vector<std::string> out;
  for (const std::string& word : split(text, ' ')) {
    std::size_t from = 0;
    for (std::size_t at = 0; word.size() > width && at + 1 < word.size(); ++at) {
      if (word[at] != ',') continue;
      out.push_back(word.substr(from, at + 1 - from));
      from = at + 1;
    }
    out.push_back(word.substr(from) + " ");
  }
  return out;
}

/// In lines; CLI11 indents each behind a line break.
std::string wrapped(const std::string& text, std::size_t width) {
  std::string out, line;
  for (const std::string& piece : pieces_of(text, width)) {
    if (!line.empty() && line.size() + trim(piece).size() > width) {
      out += std::string(trim(line)) + "\n";
      line.clear();
    }
    line += piece;
  }
  return out + std::string(trim(line));
}

/// CLI11 writes the value of a negated flag behind its name; "--no-test" needs none.
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(CLI::Formatter::make_option_desc(option), kHelpWidth - kHelpColumn);
  }
  std::string make_option_name(const CLI::Option* option, bool positional) const override {
    return replace_all(CLI::Formatter::make_option_name(option, positional), "{false}", "");
  }
};

/// What stands for a value in help.
const char* value_name(const OptionSpec& spec) {
  if (spec.choices[0] != '\0') return "WORD";
  switch (spec.type) {
    case ValueType::path:
      return "PATH";
    case ValueType::json:
      return "JSON";
    case ValueType::integer:
      return "N";
    case ValueType::number:
      return "NUMBER";
    default:
      return "TEXT";
  }
}

void add_table_options(const CommandSpec& command, Parsed& parsed) {
  for (const auto& spec : option_table()) {
    if ((spec.groups & command.groups) == 0) continue;
    std::string names = std::string("--") + spec.flag;
    if (spec.short_flag[0] != '\0') names = std::string("-") + spec.short_flag + "," + names;
    CLI::Option* option = nullptr;
    if (spec.type == ValueType::boolean) {
      names += std::string(",!--no-") + spec.flag;
      option = parsed.app->add_flag(names, parsed.switches[spec.key], spec.help);
    } else {
      const std::string fallback = spec.fallback;
      const bool shown = fallback != "null" && fallback != "\"\"" && fallback != "{}";
      std::string help = spec.help;
      if (spec.choices[0] != '\0')
        help += fmt::format(" ({})", replace_all(spec.choices, "|", ", "));
      if (shown) help += " [" + replace_all(fallback, "\"", "") + "]";
      option = parsed.app->add_option(names, parsed.values[spec.key], help);
      option->type_name(value_name(spec))->take_last();
    }
    option->group(group_title(spec.groups & command.groups));
  }
}

void add_local_flags(const CommandSpec& command, Parsed& parsed) {
  for (const auto& flag : command.local) {
    const std::string name = std::string("--") + flag.name;
    if (flag.value[0] == '\0')
      parsed.app->add_flag(name, parsed.local_switches[flag.name], flag.help);
    else
      parsed.app->add_option(name, parsed.local_values[flag.name], flag.help)
          ->type_name(flag.value);
  }
}

std::string positional_help(const CommandSpec& command) {
  const std::string_view argument = command.argument;
  if (argument == "SKILL") return "folder of a skill, or its SKILL.md";
  if (argument == "RUN") return "folder of a run";
  if (argument == "SCENARIO")
    return "name of a built-in scenario, or a scenario.json (default: demo)";
  if (argument == "NAME") return "of a schema";
  return "what to do";
}

void add_options(const CommandSpec& command, Parsed& parsed) {
  const auto formatter = std::make_shared<HelpFormatter>();
  formatter->column_width(kHelpColumn);
  parsed.app->formatter(formatter);
  if (command.argument[0] != '\0') {
    auto* option =
        parsed.app->add_option(command.argument, parsed.arguments, positional_help(command));
    option->type_name("")->expected(command.min_arguments, command.max_arguments);
    if (command.min_arguments > 0) option->required();
  }
  add_local_flags(command, parsed);
  add_table_options(command, parsed);
  parsed.app
      ->add_option("--config", parsed.config_file,
                   "JSON file with comments (default: ./skillgrad.json)")
      ->type_name("FILE");
  parsed.app->add_option("--set", parsed.sets, "any key: --set batch_size=2")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  parsed.app->footer(
      fmt::format("Examples:\n{}\n\nExit codes:\n{}", command.examples, command.exit_codes));
}

Invocation to_invocation(const CommandSpec& command, const Parsed& parsed) {
  Invocation out;
  out.command = command.name;
  out.arguments = parsed.arguments;
  out.given.config_file = parsed.config_file;
  out.given.sets = parsed.sets;
  for (const auto& spec : option_table()) {
    if ((spec.groups & command.groups) == 0) continue;
    if (parsed.app->count(std::string("--") + spec.flag) == 0) continue;
    out.given.flags[spec.key] = spec.type == ValueType::boolean
                                    ? (parsed.switches.at(spec.key) ? "true" : "false")
                                    : parsed.values.at(spec.key);
  }
  for (const auto& flag : command.local) {
    if (parsed.app->count(std::string("--") + flag.name) == 0) continue;
    out.local[flag.name] = flag.value[0] == '\0' ? "true" : parsed.local_values.at(flag.name);
  }
  return out;
}

/// A path that a script left empty is a mistake, not a default.
Result<> check_paths(const CommandSpec& command, const Parsed& parsed) {
  const auto refuse = [&](const std::string& flag) {
    return fail(ErrorCode::usage, "got \"\" for --" + flag + ", expected a path",
                std::string("skillgrad ") + command.name, "name it, or leave --" + flag + " out");
  };
  if (parsed.app->count("--config") > 0 && trim(parsed.config_file).empty())
    return refuse("config");
  for (const auto& flag : command.local) {
    const std::string kind = flag.value;
    const bool is_path = kind == "FILE" || kind == "DIR" || kind == "RUN";
    if (is_path && parsed.app->count(std::string("--") + flag.name) > 0 &&
        trim(parsed.local_values.at(flag.name)).empty())
      return refuse(flag.name);
  }
  return {};
}

/// What people try when they want to give the key itself.
constexpr std::array<std::string_view, 6> kKeyFlags = {
    "--api-key", "--api_key", "--apikey", "--key", "--token", "--openai-api-key"};

/// CLI11 says which flag it does not know; we add the nearest one this command has.
Error unknown_flag(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  const std::string flag = word.substr(0, word.find('='));
  const auto near = nearest_match(flag, names);
  const bool key = std::any_of(kKeyFlags.begin(), kKeyFlags.end(),
                               [&](std::string_view name) { return flag == name; });
  return {ErrorCode::usage,
          "unknown argument \"" + flag + "\"",
          "skillgrad " + app.get_name(),
          key ? "keys never stand on a command line, where others can read them: put the key into "
                "an environment variable and give its name with --api-key-env NAME"
          : near ? "did you mean " + *near + "?"
                 : "`skillgrad " + app.get_name() + " --help` lists all flags",
          {}};
}

CommandLine refused(const CLI::App& root, const CLI::ParseError& error,
                    const std::vector<std::string>& words) {
  CommandLine out;
  // What could not be parsed says at least whether its answer is to be JSON.
  if (std::find(words.begin(), words.end(), "--json") != words.end())
    out.invocation.given.flags["json"] = "true";
  const auto used = root.get_subcommands();
  if (used.empty()) {
    std::vector<std::string> names;
    for (const auto& command : command_table()) names.emplace_back(command.name);
    const std::string word = words.empty() ? "" : words.front();
    const auto near = nearest_match(word, names);
    out.error = Error{ErrorCode::usage,
                      word.empty() ? "no command is named" : "unknown command \"" + word + "\"",
                      "skillgrad",
                      near ? "did you mean \"" + *near + "\"?" : "use one of " + join(names, ", "),
                      {}};
    return out;
  }
  const CLI::App& app = *used.front();
  out.invocation.command = app.get_name();
  const auto extras = app.remaining(true);
  out.error = !extras.empty()
                  ? unknown_flag(app, extras.front())
                  : Error{ErrorCode::usage,
                          error.what(),
                          "skillgrad " + app.get_name(),
                          "`skillgrad " + app.get_name() + " --help` shows how it is used",
                          {}};
  return out;
}

CommandLine text(std::string shown) {
  CommandLine out;
  out.text = std::move(shown);
  return out;
}

/// "help", "help COMMAND" and "version" as the flags that they stand for.
std::vector<std::string> as_flags(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "version") return {"--version"};
  if (words.size() == 1 && words[0] == "help") return {"--help"};
  if (words.size() == 2 && words[0] == "help") return {words[1], "--help"};
  return words;
}

CommandLine parse(const std::vector<std::string>& words) {
  CLI::App root("Improves agent skills the way gradient descent improves parameters.", "skillgrad");
  root.set_version_flag("-V,--version", std::string("skillgrad ") + SKILLGRAD_VERSION);
  root.require_subcommand(1);
  root.footer(
      "`skillgrad COMMAND --help` shows flags, examples and exit codes.\n"
      "Start with: skillgrad demo");
  std::vector<Parsed> parsed(command_table().size());
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    const CommandSpec& command = command_table()[i];
    parsed[i].app = root.add_subcommand(command.name, command.summary);
    // The options of all commands would take longer than the shortest commands themselves.
    if (std::find(words.begin(), words.end(), command.name) != words.end())
      add_options(command, parsed[i]);
  }
  try {
    std::vector<std::string> reversed = words;
    std::reverse(reversed.begin(), reversed.end());
    root.parse(reversed);
  } catch (const CLI::CallForHelp& help) {
    const auto used = root.get_subcommands();
    return text(used.empty() ? root.help() : used.front()->help("skillgrad"));
  } catch (const CLI::CallForVersion& version) {
    return text(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return refused(root, error, words);
  }
  CommandLine out;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    if (!parsed[i].app->parsed()) continue;
    out.invocation = to_invocation(command_table()[i], parsed[i]);
    if (auto checked = check_paths(command_table()[i], parsed[i]); !checked)
      out.error = std::move(checked).error();
  }
  return out;
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& words) {
  return parse(as_flags(words));
}

}  // namespace skillgrad::cli
