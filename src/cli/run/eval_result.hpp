// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <skillgrad/optim/costs.hpp>
#include <skillgrad/optim/evaluate.hpp>

#include "cli/run/run_setup.hpp"

namespace skillgrad::cli {

/// What an evaluation came to, whether it ended or was stopped.
struct Scored {
  optim::EvalSummary summary;
  std::optional<optim::EvalSummary> baseline;
  std::optional<stats::PairedResult> paired;  ///< with a baseline, once both were scored
  std::optional<Error> error;                 ///< set when it was stopped; it can be resumed
  llm::LedgerTotals totals;
  optim::CostParts parts;
  double seconds = 0;
  std::size_t fresh = 0;    ///< rollouts done by this process
  bool idle = false;        ///< an earlier process had done all of them
  std::string finished_at;  ///< UTC; of the process that did the last of them
  std::string verdict;      ///< pass, fail, none
};

/// run.json and the object of `--json`.
[[nodiscard]] Json eval_json(const RunSetup& setup, const RunRequest& request,
                             const Scored& scored);
/// The short form for events.jsonl.
[[nodiscard]] Json eval_event(const Scored& scored);
[[nodiscard]] std::string eval_text(const RunSetup& setup, const RunRequest& request,
                                    const Scored& scored);

}  // namespace skillgrad::cli
