// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cli/estimate/estimate.hpp"

namespace skillgrad::cli {

/// One measurement of several that a command would make.
struct PreviewPart {
  std::string name;
  std::size_t rollouts = 0;
  Estimate estimate;
};
struct Preview {
  std::string command;
  std::vector<PreviewPart> parts;
  Estimate all;  ///< totals, within the limits
};

/// What scoring `skill` on this split would take: nothing is called, and no run directory is made.
/// `invocation`: with the tasks. Errors: those of the set-up; dataset (a split without tasks).
struct PreviewRequest {
  std::string name, skill, split;
  int trials = 1;
};
[[nodiscard]] Result<PreviewPart> preview_part(const Invocation& invocation,
                                               const PreviewRequest& request);
/// The totals. `settings`: with the limits.
[[nodiscard]] Preview sum_up(std::string command, std::vector<PreviewPart> parts,
                             const Settings& settings);
[[nodiscard]] std::string preview_text(const Preview& preview);
/// `skillgrad.preview/1`
[[nodiscard]] Json to_json(const Preview& preview);

}  // namespace skillgrad::cli
