// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// Acceptance rules (docs/algorithm.md section 3, "Gate").
struct GateRule {
  enum class Mode { stored, paired, no_regression };
  Mode mode = Mode::paired;
  double k = 0;          ///< paired: mean difference must exceed k standard errors
  double tolerance = 0;  ///< no-regression: largest drop that is still accepted
};

/// The numbers of a comparison, nothing decided: pairs with an ungraded side are left out.
[[nodiscard]] GateDecision compare_samples(const GateInput& input);
/// Pure decision; pairs with an ungraded side are left out, coverage below 60 % is undecided.
[[nodiscard]] GateDecision decide_gate(const GateRule& rule, const GateInput& input);

[[nodiscard]] Result<std::unique_ptr<Gate>> make_no_gate(const Json& options);
[[nodiscard]] Result<std::unique_ptr<Gate>> make_score_gate(GateRule::Mode mode,
                                                            const Json& options);

}  // namespace skillgrad::optim

namespace skillgrad {

/// As --gate names them.
template <>
struct EnumText<optim::GateRule::Mode> {
  using enum optim::GateRule::Mode;
  static constexpr EnumName<optim::GateRule::Mode> kTable[] = {
      {stored, "stored"}, {paired, "paired"}, {no_regression, "no-regression"}};
};

}  // namespace skillgrad
