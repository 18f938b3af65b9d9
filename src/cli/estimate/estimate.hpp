// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/optim/plan.hpp>

#include "cli/estimate/first_requests.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// At least, about, at most.
struct Span {
  double low = 0, expected = 0, high = 0;
  Span& operator+=(const Span& other);
};

/// What conversations of a role came to in an earlier run.
struct Measured {
  struct Talk {
    /// Means of one conversation; `written`: into the prompt cache.
    double calls = 0, input = 0, cached = 0, written = 0, output = 0;
    std::size_t conversations = 0;
  };
  /// How far staged decisions went (docs/deciding.md), by what they are about.
  struct Staged {
    double screen = 0;             ///< rollouts for each task of a batch
    double gate = 0;               ///< for each validation task and iteration
    double finalists = 0;          ///< for each validation task
    double prune = 0;              ///< for each validation task
    double before = 0, after = 0;  ///< for each test task
  };
  std::map<std::string, Talk> by_role;
  std::optional<Staged> staged;    ///< nullopt: it made no such decisions, or too few
  std::optional<double> failures;  ///< share of the evolution tasks
  std::string model;               ///< whose executor calls these were
  std::string run;
};
/// From RUN's ledger and plan. Errors: input (no run there, or one without a call).
[[nodiscard]] Result<Measured> measure_run(const fs::path& run_dir);

struct StageEstimate {
  std::string stage, role, model;
  std::string endpoint;  ///< the role whose endpoint is called: "executor@NAME" with --models
  Span conversations, calls, input, output;
  std::optional<Span> usd;  ///< nullopt: the price is not known
  bool exact = false;       ///< the number of conversations is
  bool measured = false;    ///< expected values come from an earlier run
};

struct Estimate {
  std::vector<StageEstimate> stages;
  Span calls, input, output;
  std::optional<Span> usd = Span{};
  bool loop = false;    ///< of an optimize command; the next two are of it
  double failures = 0;  ///< share of evolution tasks that is taken to fail
  Span iterations;
  std::vector<std::string> limited_by;  ///< limits that end the run before what is planned
  std::vector<std::string> uncounted;   ///< roles that a program plays
  /// At most: true where each number is a bound of tokens, too (the context length is known).
  bool bounded = true;
};

/// Three views of what is planned, stage by stage: as little, as much as expected, and all of it.
struct PlannedViews {
  std::vector<optim::PlannedWork> low, expected, high;
};
[[nodiscard]] Estimate estimate(const RunSetup& setup, const PlannedViews& plan,
                                const FirstRequests& first,
                                const std::optional<Measured>& measured);
/// Limits of the whole run end it before what is planned: totals are at most these.
void limit(Estimate& estimate, const Settings& settings);
[[nodiscard]] Json to_json(const Span& span);
[[nodiscard]] Json to_json(const Estimate& estimate);

/// What `eval` runs.
[[nodiscard]] PlannedViews evaluation_plan(const std::vector<std::string>& ids, int trials,
                                           bool baseline);
/// What is said about an estimate besides its numbers.
struct EstimateFacts {
  std::string command;
  std::size_t compared = 0;  ///< tasks on which two skills are compared; 0: none are
  std::optional<Measured> measured;
  /// Of an optimize command: who proposes, and what its search may cost.
  std::string optimizer = {};
  std::optional<std::size_t> rollouts_allowed = {};
};
/// On stdout: a table, prices and the first request, or with --json one object.
void print_estimate(const RunSetup& setup, const Estimate& estimate, const FirstRequests& first,
                    const EstimateFacts& facts);
/// --from, if given. Errors: as measure_run().
[[nodiscard]] Result<std::optional<Measured>> measured_of(const Invocation& invocation);
/// A flag that only an estimate reads is refused without one, since its user relies on it. Errors:
/// usage.
[[nodiscard]] Result<> refuse_estimate_flags(const Invocation& invocation);

}  // namespace skillgrad::cli
