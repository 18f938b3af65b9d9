// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/report/run_report.hpp>

#include "report/run/run_files.hpp"

namespace skillgrad::report {

// The parts of a report, each from the files that hold it. `result` is run.json, or null.

/// Facts, verdict, scores of base run and test, calibration, finalists, costs, notes.
void read_result(const RunFiles& files, const Json& result, const std::vector<Json>& events,
                 RunReport& report);
/// What each of several models came to.
void read_models(const Json& result, RunReport& report);
/// The packages that were decided on, by everything that may weigh in the loss.
void read_tradeoffs(const Json& result, RunReport& report);
/// Iterations with their gates, batches and diagnoses; `waiting`: one more, without a decision.
void read_steps(const RunFiles& files, const Json& result, const std::vector<Json>& events,
                std::optional<int> waiting, RunReport& report);
/// What each patch changed, and why; what the best package, or that of `iteration`, changed in all,
/// or what the patch of the one that waits changes. After read_steps().
void read_changes(const RunFiles& files, const ReadOptions& options, RunReport& report);
/// The memory after each iteration. After read_steps().
void read_patterns(const RunFiles& files, RunReport& report);
/// Every rollout with its files, by task. After read_steps().
void read_tasks(const RunFiles& files, const Json& result, RunReport& report);
/// Scores of candidates on the batch that they were made from. After read_tasks().
void add_screen_scores(RunReport& report);
/// Trajectories of each task before and after, as many as fit. After read_tasks().
void read_traces(const RunFiles& files, std::size_t most_bytes, RunReport& report);

}  // namespace skillgrad::report
