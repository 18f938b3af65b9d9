// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "cli/help/completion.hpp"
#include "cli/help/option_help.hpp"
#include "cli/help/topics.hpp"
#include "cli/help/version.hpp"
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

/// Of the options of the table those that are common, or with `all` each under its heading. An
/// option without a heading is parsed and not shown.
void add_table_options(const CommandSpec& command, bool all, Parsed& parsed) {
  const bool few = common_options(command.name).empty();
  for (const OptionSpec* row : options_of(command)) {
    const OptionSpec& spec = *row;
    std::string names = std::string("--") + spec.flag;
    if (spec.short_flag[0] != '\0') names = std::string("-") + spec.short_flag + "," + names;
    CLI::Option* option = nullptr;
    if (spec.type == ValueType::boolean) {
      names += std::string(",!--no-") + spec.flag;
      option = parsed.app->add_flag(names, parsed.switches[spec.key], describe(spec));
    } else {
      option = parsed.app->add_option(names, parsed.values[spec.key], describe(spec));
      option->type_name(value_name(spec))->take_last();
    }
    if (all || few)
      option->group(group_title(spec.groups & command.groups));
    else
      option->group(is_common(command, spec) ? "Options" : "");
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

/// What stands below the options.
std::string footer_of(const CommandSpec& command, bool all) {
  std::string out =
      fmt::format("Examples:\n{}\n\nExit codes:\n{}", command.examples, command.exit_codes);
  const auto common = common_options(command.name);
  if (!all && !common.empty())
    out += fmt::format("\n\n{} more options: skillgrad {} --help-all",
                       options_of(command).size() - common.size(), command.name);
  return out;
}

void add_options(const CommandSpec& command, bool all, Parsed& parsed) {
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
  add_table_options(command, all, parsed);
  parsed.app
      ->add_option("--config", parsed.config_file,
                   "JSON file with comments (default: ./skillgrad.json)")
      ->type_name("FILE");
  parsed.app->add_option("--set", parsed.sets, "any key: --set batch_size=2")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  parsed.app->set_help_all_flag("--help-all", "Print all options by what they are about, and exit");
  parsed.app->footer(footer_of(command, all));
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
  if (const auto otlp = parsed.values.find("otlp");
      otlp != parsed.values.end() && parsed.app->count("--otlp") > 0 && trim(otlp->second).empty())
    return fail(ErrorCode::usage, "got \"\" for --otlp, expected the address of a collector",
                std::string("skillgrad ") + command.name,
                "name it, or leave --otlp out; `--set otlp=` sends nothing");
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

/// What other tools of the field call it, and what it is here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kOtherNames = {{
    {"iterations", "--max-iters"},
    {"max-iterations", "--max-iters"},
    {"epochs", "--updates"},
    {"steps", "--updates"},
    {"budget", "--max-usd"},
    {"budget-usd", "--max-usd"},
    {"max-budget-usd", "--max-usd"},
    {"max-cost", "--max-usd"},
    {"parallel", "--jobs"},
    {"threads", "--jobs"},
    {"num-threads", "--jobs"},
    {"concurrency", "--jobs"},
    {"dataset", "--benchmark"},
    {"tasks", "--benchmark"},
    {"output", "--run"},
    {"out", "--run"},
    {"repeats", "--trials"},
}};

/// CLI11 says which flag it does not know; we add the one of this command that is meant, or is
/// nearest.
Error unknown_flag(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  const std::string flag = word.substr(0, word.find('='));
  auto near = nearest_match(flag, names);
  for (const auto& [theirs, ours] : kOtherNames)
    if (flag == "--" + std::string(theirs) &&
        std::find(names.begin(), names.end(), ours) != names.end())
      near = ours;
  const bool key = std::any_of(kKeyFlags.begin(), kKeyFlags.end(),
                               [&](std::string_view name) { return flag == name; });
  return {ErrorCode::usage,
          "unknown argument \"" + flag + "\"",
          "skillgrad " + app.get_name(),
          key ? "keys never stand on a command line, where others can read them: put the key into "
                "an environment variable and give its name with --api-key-env NAME"
          : near ? "did you mean " + *near + "?"
                 : "`skillgrad " + app.get_name() + " --help-all` lists all flags",
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

CommandLine help_of(const CLI::App& root) {
  const auto used = root.get_subcommands();
  return text(used.empty() ? root.help() : used.front()->help("skillgrad"));
}

/// "help", "help COMMAND" and "version" as the flags that they stand for.
std::vector<std::string> as_flags(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "version") return {"--version"};
  if (words.size() == 1 && words[0] == "help") return {"--help"};
  if (words.size() == 2 && words[0] == "help" && find_command(words[1]) != nullptr)
    return {words[1], "--help"};
  return words;
}

CommandLine parse(const std::vector<std::string>& words) {
  CLI::App root("Improves agent skills the way gradient descent improves parameters.", "skillgrad");
  root.set_version_flag("-V,--version", version_text,
                        "Print the version and with what it was built");
  root.require_subcommand(1);
  root.footer(
      "`skillgrad COMMAND --help` shows flags, examples and exit codes; `skillgrad help TOPIC` "
      "explains:\n  " +
      join(topic_names(), ", ") + "\nStart with: skillgrad demo");
  const bool all = std::find(words.begin(), words.end(), "--help-all") != words.end();
  std::vector<Parsed> parsed(command_table().size());
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    const CommandSpec& command = command_table()[i];
    parsed[i].app = root.add_subcommand(command.name, command.summary);
    // The options of all commands would take longer than the shortest commands themselves.
    if (std::find(words.begin(), words.end(), command.name) != words.end())
      add_options(command, all, parsed[i]);
  }
  try {
    std::vector<std::string> reversed = words;
    std::reverse(reversed.begin(), reversed.end());
    root.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return help_of(root);
  } catch (const CLI::CallForAllHelp&) {
    return help_of(root);
  } catch (const CLI::CallForVersion& version) {
    return text(version.what());
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
  if (!words.empty() && words.front() == kCompletionWord)
    return text(completions({words.begin() + 1, words.end()}) + "\n");
  return parse(as_flags(words));
}

}  // namespace skillgrad::cli
