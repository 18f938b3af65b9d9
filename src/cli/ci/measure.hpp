// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "cli/ci/ci_report.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// What a package is measured with.
struct MeasureRequest {
  std::filesystem::path skill;
  std::filesystem::path runs;  ///< a folder of evaluations, which jobs may share
  std::string split;
  int trials = 1;
};

struct Measurement {
  MeasuredSkill measured;
  std::string model;
  bool simulated = false;
};

/// An evaluation in `runs`, named after all that decides its result: what was measured there before
/// is not paid for again, and one that another process works on is waited for. Errors: those of an
/// evaluation; `paid` has what was spent all the same.
[[nodiscard]] Result<Measurement> measure(const Invocation& invocation,
                                          const MeasureRequest& request, Paid& paid);

/// Task by task.
[[nodiscard]] Compared compare(const optim::EvalSummary& before, const optim::EvalSummary& after);

}  // namespace skillgrad::cli
