// SPDX-License-Identifier: MIT
// Runs whole decision processes on invented populations: `scripts/study decisions` builds and calls
// it.
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "study/study.hpp"

namespace {

using namespace skillgrad;
using namespace skillgrad::study;

constexpr const char* kUsage =
    "usage: decision_study --population FILE... [--rules A,B] [--runs N] [--seed N] [--jobs N] "
    "[--json]\n"
    "Rules: default, strict, balanced, loose, careful, single, stored, fresh, none; with @equal "
    "(stored@equal)\n"
    "a rule iterates until it has made the rollouts of default in the same run.\n";

struct Arguments {
  std::vector<std::string> populations;
  std::string rules = "default,strict,loose,stored,fresh,none";
  StudyOptions options;
  bool json = false;
};

Result<std::size_t> number(const std::string& text, const std::string& flag, std::size_t low) {
  std::size_t value = 0;
  const bool digits = !text.empty() && text.size() <= 9 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  if (digits) value = std::stoul(text);
  if (!digits || value < low)
    return fail(ErrorCode::usage,
                fmt::format("got \"{}\", expected a whole number from {}", text, low), flag,
                fmt::format("write {} {}", flag, low + 1));
  return value;
}

Result<Arguments> parse(const std::vector<std::string>& words) {
  Arguments out;
  out.options.jobs = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--json") {
      out.json = true;
      continue;
    }
    const bool value = i + 1 < words.size() && !words[i + 1].starts_with("--");
    if (word == "--population") {
      while (i + 1 < words.size() && !words[i + 1].starts_with("--"))
        out.populations.push_back(words[++i]);
      continue;
    }
    if (word != "--rules" && word != "--runs" && word != "--seed" && word != "--jobs")
      return fail(ErrorCode::usage, "got \"" + word + "\", expected a flag of decision_study",
                  "command line", "read the usage with --help");
    if (!value)
      return fail(ErrorCode::usage, "got no value", word, "write the value behind " + word);
    const std::string& text = words[++i];
    if (word == "--rules") out.rules = text;
    if (word == "--runs") {
      SKILLGRAD_TRY(out.options.runs, number(text, word, 1));
    }
    if (word == "--seed") {
      SKILLGRAD_TRY(out.options.seed, number(text, word, 0));
    }
    if (word == "--jobs") {
      SKILLGRAD_TRY(const auto jobs, number(text, word, 1));
      out.options.jobs = static_cast<unsigned>(jobs);
    }
  }
  if (out.populations.empty())
    return fail(ErrorCode::usage, "got no population, expected at least one file", "--population",
                "name one, as in --population configs/populations/noisy-12.json");
  return out;
}

void print_row(const Summary& row) {
  fmt::print(
      "{:<16} {:<14} {:>6} {:>+6.2f} {:>+6.2f} {:>6.1f} {:>6.1f} {:>6.1f} {:>6.1f} {:>8.0f} {:>8} "
      "{:>6.1f} {:>6.1f}\n",
      row.population, row.rule, row.runs, 100 * row.gain, 100 * row.gain_p10,
      100 * row.worse_by_a_point, 100 * row.worse, 100 * row.good_kept, 100 * row.false_kept,
      row.rollouts, row.optimism ? fmt::format("{:+.1f}", 100 * *row.optimism) : "-",
      100 * row.released, 100 * row.false_release);
}

Result<> run(const std::vector<std::string>& words) {
  SKILLGRAD_TRY(const Arguments arguments, parse(words));
  std::vector<Rule> rules;
  for (const auto& name : split(arguments.rules, ',')) {
    SKILLGRAD_TRY(auto rule, rule_named(std::string(name)));
    rules.push_back(std::move(rule));
  }
  std::vector<Population> populations;
  for (const auto& file : arguments.populations) {
    SKILLGRAD_TRY(auto population, load_population(file));
    populations.push_back(std::move(population));
  }
  if (!arguments.json)
    fmt::print("{:<16} {:<14} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>8} {:>8} {:>6} {:>6}\n",
               "population", "rule", "runs", "gain", "p10", "w>1pt", "worse", "good", "false",
               "rollouts", "optimism", "rel.", "false");
  for (const auto& population : populations) {
    for (const auto& row : run_study(population, rules, arguments.options)) {
      if (arguments.json)
        fmt::print("{}\n", dump_json(to_json(row)));
      else
        print_row(row);
      std::fflush(stdout);
    }
  }
  return {};
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> words(values + 1, values + count);
  if (words.size() == 1 && words[0] == "--help") {
    fmt::print("{}", kUsage);
    return 0;
  }
  const auto done = run(words);
  if (done) return 0;
  fmt::print(stderr, "{}\n", done.error().to_text());
  return exit_code_of(done.error().code);
}
