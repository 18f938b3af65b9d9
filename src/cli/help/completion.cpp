// SPDX-License-Identifier: MIT
#include "cli/help/completion.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/help/option_help.hpp"
#include "cli/help/rule_book.hpp"
#include "cli/help/topics.hpp"
#include "cli/settings/command_table.hpp"

namespace skillgrad::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostCandidates = 2000;

struct Candidate {
  std::string word, what;
};

/// What may stand at the cursor.
struct Offer {
  std::vector<Candidate> candidates;
  std::string paths;  ///< "", ":files" or ":dirs"

  void add(std::string word, std::string what = {}) {
    candidates.push_back({std::move(word), std::move(what)});
  }
  void add_words(const std::vector<std::string>& words) {
    for (const auto& word : words) add(word);
  }
  void add_choices(std::string_view choices) { add_words(split(choices, '|')); }
};

/// What the words before the cursor say.
struct Line {
  const CommandSpec* command = nullptr;
  std::vector<std::string> words;  ///< behind the command, before the cursor
  std::string cursor;

  /// The value that an option has on the line, or "".
  [[nodiscard]] std::string value_of(const std::vector<std::string>& names) const {
    for (std::size_t i = 0; i < words.size(); ++i) {
      for (const auto& name : names) {
        if (words[i] == name && i + 1 < words.size()) return words[i + 1];
        if (words[i].starts_with(name + "=")) return words[i].substr(name.size() + 1);
      }
    }
    return {};
  }
};

const OptionSpec* row_of(const Line& line, const std::string& word) {
  for (const OptionSpec* spec : options_of(*line.command)) {
    if (word == std::string("--") + spec->flag) return spec;
    if (spec->short_flag[0] != '\0' && word == std::string("-") + spec->short_flag) return spec;
  }
  return nullptr;
}

const LocalFlag* local_of(const Line& line, const std::string& word) {
  for (const LocalFlag& flag : line.command->local)
    if (word == std::string("--") + flag.name) return &flag;
  return nullptr;
}

/// Whether a word is an option whose value is the next word.
bool wants_value(const Line& line, const std::string& word) {
  if (word == "--config" || word == "--set") return true;
  if (const OptionSpec* spec = row_of(line, word)) return spec->type != ValueType::boolean;
  const LocalFlag* flag = local_of(line, word);
  return flag != nullptr && flag->value[0] != '\0';
}

/// Arguments that are no options and no values of one.
std::vector<std::string> arguments_of(const Line& line) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < line.words.size(); ++i) {
    if (!line.words[i].starts_with("-") || line.words[i] == "-")
      out.push_back(line.words[i]);
    else if (wants_value(line, line.words[i]))
      ++i;
  }
  return out;
}

bool is_run(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "config.json", ignored) &&
         fs::exists(folder / "events.jsonl", ignored);
}

/// Runs in the usual place and in the current folder, the youngest first.
void offer_runs(Offer& offer) {
  std::vector<std::pair<fs::file_time_type, std::string>> runs;
  for (const char* place : {"skillgrad-runs", "."}) {
    std::error_code ended;
    for (fs::directory_iterator at(place, ended), end; !ended && at != end; at.increment(ended)) {
      if (runs.size() >= kMostCandidates || !is_run(at->path())) continue;
      std::error_code ignored;
      runs.emplace_back(at->last_write_time(ignored), at->path().lexically_normal().string());
    }
  }
  std::sort(runs.rbegin(), runs.rend());
  for (const auto& [time, path] : runs) offer.add(path, "run");
  offer.paths = ":dirs";
}

void offer_models(Offer& offer) {
  std::set<std::string> scenarios;
  for (const auto& [path, text] : resources_below("configs/sim/")) {
    const auto parts = split(path, '/');
    if (parts.size() > 3 && parts.back() == "scenario.json") scenarios.insert(parts[2]);
  }
  for (const auto& name : scenarios) offer.add("sim:" + name, "simulated endpoint");
  const auto prices = resource("configs/prices.json");
  const Json table = prices ? Json::parse(*prices, nullptr, false) : Json();
  if (!table.is_object() || !table.contains("models") || !table["models"].is_array()) return;
  for (const Json& model : table["models"])
    if (model.is_object() && model.contains("id") && model["id"].is_string() &&
        !model.value("prefix", false))
      offer.add(model["id"].get<std::string>());
}

/// Ids of the benchmark that the line names, by option or by its skill.
void offer_tasks(const Line& line, Offer& offer) {
  std::string source = line.value_of({"-b", "--benchmark"});
  if (source.empty()) {
    const auto arguments = arguments_of(line);
    if (!arguments.empty()) source = arguments.front() + "/evals";
  }
  if (source.empty()) return;
  const auto benchmark = bench::load_benchmark(source, {});
  if (!benchmark) return;
  for (const auto& id : (*benchmark)->ids()) {
    if (offer.candidates.size() >= kMostCandidates) return;
    offer.add(id);
  }
}

void offer_value(const Line& line, const OptionSpec& spec, Offer& offer) {
  const std::string_view flag = spec.flag;
  if (spec.choices[0] != '\0') return offer.add_choices(spec.choices);
  if (flag == "model") return offer_models(offer);
  if (flag == "ids") return offer_tasks(line, offer);
  if (flag == "run") return offer_runs(offer);
  if (flag == "benchmark")
    for (const auto& name : bench::benchmark_names()) offer.add(name + ":");
  if (spec.type == ValueType::path) offer.paths = ":files";
}

void offer_local_value(const LocalFlag& flag, Offer& offer) {
  const std::string_view value = flag.value, name = flag.name;
  if (flag.choices[0] != '\0') return offer.add_choices(flag.choices);
  if (name == "explain") return offer.add_words(rule_ids());
  if (name == "baseline") offer.add("none", "no skill");
  if (value == "RUN" || name == "baseline") return offer_runs(offer);
  if (value == "FILE") offer.paths = ":files";
  if (value == "DIR") offer.paths = ":dirs";
}

void offer_keys(Offer& offer) {
  for (const OptionSpec& spec : option_table()) offer.add(std::string(spec.key) + "=", spec.help);
}

void offer_flags(const CommandSpec& command, Offer& offer) {
  for (const LocalFlag& flag : command.local) offer.add(std::string("--") + flag.name, flag.help);
  // What people use most comes first; shells that sort do so by themselves.
  for (const bool common : {true, false}) {
    for (const OptionSpec* spec : options_of(command)) {
      if (is_common(command, *spec) != common) continue;
      offer.add(std::string("--") + spec->flag, spec->help);
      if (spec->type == ValueType::boolean && std::string_view(spec->fallback) == "true")
        offer.add(std::string("--no-") + spec->flag, "not: " + std::string(spec->help));
    }
  }
  offer.add("--config", "JSON file with comments");
  offer.add("--set", "any key: --set batch_size=2");
  offer.add("--help", "options, examples and exit codes");
  offer.add("--help-all", "all options by what they are about");
}

void offer_arguments(const Line& line, Offer& offer) {
  const std::string_view argument = line.command->argument, name = line.command->name;
  const auto given = arguments_of(line);
  if (static_cast<int>(given.size()) >= line.command->max_arguments) return;
  if (argument == "RUN" || argument == "BEFORE") offer_runs(offer);
  if (argument == "RUN") return;
  if (argument == "SHELL") return offer.add_words({"bash", "zsh", "fish"});
  if (name == "benchmark") return offer.add_words({"list", "show", "check", "split", "import"});
  if (name == "config") return offer.add("show");
  if (name == "help") {
    offer.add_words(topic_names());
    for (const CommandSpec& command : command_table()) offer.add(command.name, command.summary);
    return;
  }
  if (name == "schema") {
    for (const auto& [path, text] : resources_below("configs/schemas/"))
      offer.add(fs::path(path).stem().string());
    return;
  }
  if (argument != "")
    offer.paths = argument == "SKILL" || argument == "BEFORE" ? ":dirs" : ":files";
}

Offer offer_at(const Line& line) {
  Offer offer;
  const std::string before = line.words.empty() ? "" : line.words.back();
  if (wants_value(line, before)) {
    if (before == "--set")
      offer_keys(offer);
    else if (before == "--config")
      offer.paths = ":files";
    else if (const OptionSpec* spec = row_of(line, before))
      offer_value(line, *spec, offer);
    else
      offer_local_value(*local_of(line, before), offer);
  } else if (line.cursor.starts_with("-")) {
    offer_flags(*line.command, offer);
  } else {
    offer_arguments(line, offer);
  }
  return offer;
}

std::string first_sentence(const std::string& what) {
  const std::string text = strip_control(what.substr(0, what.find(". ")));
  return text.size() > 90 ? text.substr(0, text.rfind(' ', 88)) + " ..." : text;
}

std::string listed(const Offer& offer, const std::string& cursor, const std::string& before) {
  std::string out;
  for (const auto& [word, what] : offer.candidates) {
    if (!word.starts_with(cursor) || word.find_first_of("\n\t") != std::string::npos) continue;
    out += before + word + (what.empty() ? "" : "\t" + first_sentence(what)) + "\n";
  }
  return out + offer.paths;
}

}  // namespace

std::string completions(const std::vector<std::string>& words) {
  const std::string cursor = words.empty() ? "" : words.back();
  if (words.size() < 2) {
    Offer offer;
    for (const CommandSpec& command : command_table()) offer.add(command.name, command.summary);
    offer.add("--help", "the commands");
    offer.add("--version", "the version of the program");
    return listed(offer, cursor, "");
  }
  Line line{find_command(words.front()), {words.begin() + 1, words.end() - 1}, cursor};
  if (line.command == nullptr) return {};
  // "--gate=st" is "--gate" and "st".
  const std::size_t equals = cursor.find('=');
  if (cursor.starts_with("--") && equals != std::string::npos) {
    line.words.push_back(cursor.substr(0, equals));
    line.cursor = cursor.substr(equals + 1);
    return listed(offer_at(line), line.cursor, cursor.substr(0, equals + 1));
  }
  return listed(offer_at(line), cursor, "");
}

Result<std::string> completion_script(const std::string& shell) {
  if (const auto text = resource("configs/completions/skillgrad." + shell))
    return std::string(*text);
  return fail(ErrorCode::usage, "no completion for the shell \"" + shell + "\"",
              "skillgrad completion", "use bash, zsh or fish");
}

}  // namespace skillgrad::cli
