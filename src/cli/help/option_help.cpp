// SPDX-License-Identifier: MIT
#include "cli/help/option_help.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad::cli {
namespace {

// What somebody types who uses the command for the first ten times.
constexpr std::array<std::string_view, 14> kOfOptimize = {
    "model", "base-url", "benchmark", "run",    "jobs",     "max-usd", "max-iters",
    "gate",  "rollouts", "seed",      "traces", "in-place", "json",    "require-improvement"};
constexpr std::array<std::string_view, 9> kOfEval = {
    "model", "base-url", "benchmark", "run", "jobs", "max-usd", "limit", "json", "min-score"};
constexpr std::array<std::string_view, 6> kOfCalibrate = {"model", "base-url", "benchmark",
                                                          "jobs",  "max-usd",  "json"};
constexpr std::array<std::string_view, 9> kOfEstimate = {
    "model", "base-url", "benchmark", "prices", "price", "max-iters", "gate", "rollouts", "json"};
constexpr std::array<std::string_view, 7> kOfResume = {
    "max-usd", "max-time", "max-calls", "max-iters", "jobs", "json", "quiet"};
constexpr std::array<std::string_view, 4> kOfGrade = {"benchmark", "mode", "recalc", "jobs"};
constexpr std::array<std::string_view, 5> kOfBenchmark = {"benchmark", "mode", "split-file",
                                                          "limit", "json"};
constexpr std::array<std::string_view, 4> kOfTraces = {"model", "base-url", "max-usd", "json"};
constexpr std::array<std::string_view, 6> kOfDemo = {"seed", "sim-seed",  "sim-noise",
                                                     "gate", "max-iters", "json"};
constexpr std::array<std::string_view, 6> kOfSelfcheck = {"model", "base-url", "max-usd",
                                                          "gate",  "jobs",     "json"};
constexpr std::array<std::string_view, 4> kOfDoctor = {"model", "base-url", "run", "json"};
constexpr std::array<std::string_view, 8> kOfCi = {"model",   "base-url",  "benchmark",     "jobs",
                                                   "max-usd", "min-score", "no-regression", "json"};
constexpr std::array<std::string_view, 6> kOfCompare = {"model", "base-url", "benchmark",
                                                        "jobs",  "max-usd",  "json"};
constexpr std::array<std::string_view, 6> kOfTriggers = {"model", "base-url", "with",
                                                         "jobs",  "max-usd",  "json"};
constexpr std::array<std::string_view, 2> kOfInit = {"json", "quiet"};
constexpr std::array<std::string_view, 2> kOfConfig = {"preset", "json"};

bool takes(const CommandSpec& command, const OptionSpec& spec) {
  return (spec.groups & command.groups) != 0;
}

}  // namespace

const char* group_title(unsigned groups) {
  if ((groups & kModel) != 0) return "Model and endpoint";
  if ((groups & (kBench | kGrading)) == kGrading) return "Run";
  if ((groups & (kBench | kSelect)) != 0) return "Benchmark";
  if ((groups & (kLoop | kTraces)) != 0) return "Optimizer";
  if ((groups & (kLimits | kStops)) != 0) return "Limits";
  if ((groups & (kJudge | kRollout)) == kJudge) return "Judge";
  if ((groups & kRollout) != 0) return "One task";
  if ((groups & (kVerdict | kRegression)) != 0) return "Verdict";
  if ((groups & kSim) != 0) return "Simulated endpoint";
  return "Run";
}

const char* value_name(const OptionSpec& spec) {
  if (spec.choices[0] != '\0') return "WORD";
  switch (spec.type) {
    case ValueType::boolean:
      return "";
    case ValueType::path:
      return "PATH";
    case ValueType::json:
      return "JSON";
    case ValueType::integer:
      return "N";
    case ValueType::number:
      return "NUMBER";
    case ValueType::text:
      break;
  }
  return "TEXT";
}

std::string describe(const OptionSpec& spec) {
  std::string out = spec.help;
  if (spec.type == ValueType::boolean) return out;
  if (spec.choices[0] != '\0') out += fmt::format(" ({})", replace_all(spec.choices, "|", ", "));
  const std::string fallback = spec.fallback;
  if (fallback != "null" && fallback != "\"\"" && fallback != "{}")
    out += " [" + replace_all(fallback, "\"", "") + "]";
  return out;
}

std::string positional_help(const CommandSpec& command) {
  const std::string_view argument = command.argument, name = command.name;
  if (argument == "SKILL") return "folder of a skill, or its SKILL.md";
  if (argument == "BEFORE")
    return "before and after: folders of runs, RUN:initial or RUN:baseline, folders of skills, "
           "none, "
           "or REV:SKILL of git";
  if (argument == "RUN") return "folder of a run";
  if (argument == "SCENARIO")
    return "name of a built-in scenario, or a scenario.json (default: demo)";
  if (argument == "DESCRIPTION") return "what the skill is for, in a sentence or two";
  if (argument == "NAME") return "of a schema";
  if (argument == "DIR")
    return name == "ci" ? "folder of skills in a git work tree (default: .)"
                        : "folder of a skill or of a repository (default: .)";
  if (argument == "SHELL") return "bash, zsh or fish";
  if (name == "traces") return "list or grade, and a folder of recordings, or one of them";
  if (name == "help") return "a command, or one of the topics that `skillgrad help` lists";
  return "what to do";
}

std::vector<const OptionSpec*> options_of(const CommandSpec& command) {
  std::vector<const OptionSpec*> out;
  for (const OptionSpec& spec : option_table())
    if (takes(command, spec)) out.push_back(&spec);
  return out;
}

std::span<const std::string_view> common_options(std::string_view command) {
  if (command == "optimize") return kOfOptimize;
  if (command == "eval") return kOfEval;
  if (command == "calibrate") return kOfCalibrate;
  if (command == "estimate") return kOfEstimate;
  if (command == "resume") return kOfResume;
  if (command == "grade") return kOfGrade;
  if (command == "benchmark") return kOfBenchmark;
  if (command == "traces") return kOfTraces;
  if (command == "demo") return kOfDemo;
  if (command == "selfcheck") return kOfSelfcheck;
  if (command == "doctor") return kOfDoctor;
  if (command == "ci") return kOfCi;
  if (command == "compare" || command == "synth" || command == "transfer") return kOfCompare;
  if (command == "triggers") return kOfTriggers;
  if (command == "init") return kOfInit;
  if (command == "config") return kOfConfig;
  return {};
}

bool is_common(const CommandSpec& command, const OptionSpec& spec) {
  const auto common = common_options(command.name);
  return common.empty() || std::find(common.begin(), common.end(), spec.flag) != common.end();
}

}  // namespace skillgrad::cli
