// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include <skillgrad/core/clock.hpp>

#include "cli/ci/ci_report.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// Where evaluations are kept, so that none is paid for twice.
constexpr const char* kEvaluationCache = ".skillgrad-cache";

/// What a package is measured with.
struct MeasureRequest {
  std::string skill;           ///< a folder, or "none"
  std::string tasks;           ///< as --benchmark names them
  std::filesystem::path runs;  ///< a folder of evaluations, which jobs may share
  std::string split;
  int trials = 1;
  /// Options of this measurement alone: key of the option table -> text, as a flag gives it.
  std::map<std::string, std::string> options = {};
};

struct Measurement {
  MeasuredSkill measured;
  std::string model;
  bool simulated = false;
};

/// Evaluations of one command, which share its limits. Not for two threads at once.
class Measurer {
 public:
  /// Errors: config (a limit that cannot be read).
  [[nodiscard]] static Result<Measurer> create(const Invocation& invocation,
                                               const Settings& settings);

  /// An evaluation in `runs`, named after all that decides its result: what was measured there
  /// before is not paid for again, and one that another process works on is waited for. Errors:
  /// those of an evaluation; budget and deadline where nothing is left of a limit.
  [[nodiscard]] Result<Measurement> measure(const MeasureRequest& request);
  /// The command with the options of a request and with what is left of its limits. Errors: budget,
  /// deadline.
  [[nodiscard]] Result<Invocation> evaluation(const MeasureRequest& request) const;

  /// What was spent until now, failed evaluations too.
  [[nodiscard]] const Paid& paid() const { return paid_; }

 private:
  Measurer(const Invocation& invocation, const Settings& settings, std::chrono::milliseconds time);

  const Invocation& invocation_;
  const Settings& settings_;
  std::chrono::milliseconds time_;  ///< 0: no limit
  Paid paid_;
  SystemClock clock_;
  SteadyTime started_;
};

/// Writes the file that keeps the evaluations of `cache` out of git. Errors: io.
[[nodiscard]] Result<> hide_from_git(const std::filesystem::path& cache);
/// The tasks of --benchmark, else those that lie in the skill's folder; "" where there are none.
[[nodiscard]] std::string tasks_of(const Settings& settings, const std::filesystem::path& skill);

/// Task by task.
[[nodiscard]] Compared compare(const optim::EvalSummary& before, const optim::EvalSummary& after);

}  // namespace skillgrad::cli
