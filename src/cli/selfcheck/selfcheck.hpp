// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/optim/optimizer.hpp>

#include "cli/screen/invocation.hpp"
#include "cli/selfcheck/world.hpp"

namespace skillgrad::cli {

/// One answer that is known beforehand.
struct SelfcheckRow {
  std::string name;
  std::optional<bool> ok;  ///< none: this model cannot be asked that
  std::string found;
};

struct SelfcheckResult {
  std::vector<SelfcheckRow> rows;
  std::string model;
  bool simulated = false;
  std::int64_t calls = 0, tokens = 0;
  std::optional<double> cost_usd = 0.0;
  [[nodiscard]] bool ok() const;
};

/// Plays all checks below the world's folder with the options of the invocation; `show` gets each
/// row as soon as it is there. What --max-usd, --max-tokens and --max-calls allow is for all of
/// them together. Errors: those that end a run.
[[nodiscard]] Result<SelfcheckResult> selfcheck(
    const Invocation& invocation, const SelfcheckWorld& world,
    const std::function<void(const SelfcheckRow&)>& show);

}  // namespace skillgrad::cli
