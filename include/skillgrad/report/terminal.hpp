// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/clock.hpp>
#include <skillgrad/llm/client.hpp>
#include <skillgrad/optim/optimizer.hpp>

namespace skillgrad::report {

struct TerminalOptions {
  bool status_line = false;  ///< one rewritten line; otherwise rows and a heartbeat every 30 s
  bool quiet = false;        ///< notes alone
  double max_usd = 0;
  std::string run;  ///< folder of the run, named before the first progress; "": none
  /// What follows the present stage, in words, "" where that is not known; asked at most once a
  /// second, by one thread at a time. Empty: nothing is said of it.
  std::function<std::string()> next;
  std::function<void(const std::string& text)> write;                      ///< to stderr
  std::function<std::size_t()> columns = [] { return std::size_t{100}; };  ///< of the status line
};

/// Progress on a terminal or in a log. Thread-safe; sees everything and changes nothing.
[[nodiscard]] std::unique_ptr<optim::Observer> make_terminal_observer(
    TerminalOptions options, const llm::Accountant& accountant, const Clock& clock);

struct SummaryFacts {
  std::string next_command;
  bool simulated = false;  ///< the text says so first
  std::string notes;       ///< a section of its own before the last lines, or ""
};
/// Lines that stand before every result of the simulated endpoint.
[[nodiscard]] std::string simulation_banner();
/// What the sentence of a verdict is made of, in a result or in one that was saved.
struct VerdictFacts {
  optim::decisions::ReleaseResult test;
  bool ended_early = false;  ///< the run was stopped by an error or a limit
  bool patch_kept = true;
  std::size_t planned = 0;  ///< tasks of the test split
  /// The skill was not changed (the optimizer "rerun"): both sides are passes of one package.
  bool unchanged = false;
  /// What the test took those two passes for.
  std::optional<optim::decisions::ReleaseVerdict> test_said = std::nullopt;
  bool at_work = false;  ///< the run has not come to its end
  /// Learned from recorded sessions, and nothing was run with any patch.
  bool proposed = false;
};
/// What the run may claim, in one sentence: "improved: +12.5 points ...".
[[nodiscard]] std::string verdict_line(const VerdictFacts& facts);
[[nodiscard]] std::string verdict_line(const optim::OptimizeResult& result);
/// What that sentence rests on and what so many tasks could have shown, for somebody who meets it
/// for the first time.
[[nodiscard]] std::string verdict_explanation(const VerdictFacts& facts);
/// The final text of an optimize run: the verdict, table of iterations, scores, cost by stage, the
/// best iteration, where the package lies, why it stopped, the next command.
[[nodiscard]] std::string optimize_summary(const optim::OptimizeResult& result,
                                           const SummaryFacts& facts);

struct EvalFacts {
  std::string skill, benchmark, split, model;
  bool simulated = false;
};
[[nodiscard]] std::string eval_summary(const optim::EvalSummary& summary, const EvalFacts& facts);

/// Calls, tokens and USD of each stage and of all.
[[nodiscard]] std::string cost_by_stage(const llm::LedgerTotals& totals);
/// Which share of the input the endpoint's own cache served; "" where prompts are too short for
/// one.
[[nodiscard]] std::string prompt_cache_line(const llm::LedgerTotals& totals);
/// How many calls a cache or recording answered; "" when none.
[[nodiscard]] std::string cached_line(const llm::LedgerTotals& totals);

/// Hard and soft score of tasks with several cases, in one line.
[[nodiscard]] std::string group_line(const bench::GroupScores& scores);

[[nodiscard]] std::string percent(double share);  ///< "72.5 %"
/// "p = 0.012", "p < 0.001": a chance is never 0.
[[nodiscard]] std::string p_text(double p);
[[nodiscard]] std::string percent_ci(double share, const stats::Interval& interval);
[[nodiscard]] std::string money(const std::optional<double>& usd);

}  // namespace skillgrad::report
