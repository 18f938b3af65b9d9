// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/optim/evaluate.hpp>

namespace skillgrad::optim {

/// A sign that the measurement itself is broken, or cannot show what the run is for.
struct Tripwire {
  std::string what;      ///< with numbers, in one clause
  std::string mend;      ///< what helps, without the option that goes on
  bool refuses = false;  ///< else it is a note
};

/// `what` names the measurement: "base run". Looks at a first measurement with the initial skill,
/// before more is spent (docs/deciding.md).
[[nodiscard]] std::vector<Tripwire> tripwires(const EvalSummary& measured, const std::string& what);

}  // namespace skillgrad::optim
