// SPDX-License-Identifier: MIT
#include "optim/scoring/gate.hpp"

#include <cmath>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/stats/stats.hpp>

#include "optim/stages/stage_options.hpp"

namespace skillgrad::optim {
namespace {

/// Below this share of the planned tasks a comparison decides nothing (docs/algorithm.md, "Gate").
constexpr double kMinCoverage = 0.6;

class NoGate final : public Gate {
 public:
  bool needs_scores() const override { return false; }
  Result<GateDecision> decide(const GateInput&, const StageContext&) override {
    GateDecision out;
    out.decision = Decision::accepted;
    out.mode = "none";
    out.reason = "no gate: every valid patch is kept";
    return out;
  }
};

class ScoreGate final : public Gate {
 public:
  explicit ScoreGate(GateRule rule) : rule_(rule) {}
  bool needs_scores() const override { return true; }
  Result<GateDecision> decide(const GateInput& input, const StageContext&) override {
    return decide_gate(rule_, input);
  }

 private:
  GateRule rule_;
};

void judge(const GateRule& rule, GateDecision& out) {
  const double d = out.difference;
  switch (rule.mode) {
    case GateRule::Mode::stored:
      out.decision = d > 0 ? Decision::accepted : Decision::rejected;
      out.reason = fmt::format("mean {} ({:+.4f})", d > 0 ? "rose" : "did not rise", d);
      return;
    case GateRule::Mode::no_regression:
      out.decision = d < -rule.tolerance ? Decision::rejected : Decision::accepted;
      out.reason = fmt::format("difference {:+.4f}, tolerance {:.4f}", d, rule.tolerance);
      return;
    case GateRule::Mode::paired: {
      const double bar = rule.k * out.standard_error;
      out.decision = d > bar ? Decision::accepted : Decision::rejected;
      out.reason = fmt::format("difference {:+.4f} {} {} x SE {:.4f}", d,
                               d > bar ? ">" : "<=", format_double(rule.k), out.standard_error);
      if (out.standard_error == 0) out.reason += " (SE is 0: all paired differences are equal)";
      return;
    }
  }
}

}  // namespace

GateDecision compare_samples(const GateInput& input) {
  GateDecision out;
  out.planned = input.planned;
  std::vector<double> before, after;
  for (const auto& sample : input.samples) {
    if (!sample.graded) continue;
    before.push_back(sample.before);
    after.push_back(sample.after);
  }
  const auto paired = stats::compare_paired(before, after);
  out.n = paired.n;
  out.before = paired.before;
  out.after = paired.after;
  out.difference = paired.difference;
  out.standard_error = paired.standard_error;
  out.low = paired.difference95.low;
  out.high = paired.difference95.high;
  out.fixed = paired.fixed;
  out.broken = paired.broken;
  if (paired.n > 0) out.p = paired.p;
  return out;
}

GateDecision decide_gate(const GateRule& rule, const GateInput& input) {
  GateDecision out = compare_samples(input);
  out.mode = name_of(rule.mode);
  if (input.planned == 0 ||
      static_cast<double>(out.n) < kMinCoverage * static_cast<double>(input.planned)) {
    out.decision = Decision::undecided;
    out.reason = fmt::format("only {} of {} planned validation tasks could be graded (60 % needed)",
                             out.n, input.planned);
    return out;
  }
  judge(rule, out);
  return out;
}

Result<std::unique_ptr<Gate>> make_no_gate(const Json& options) {
  StrictReader reader(options, "gate options");
  reader.ignore("name");
  SKILLGRAD_CHECK(finish_options(reader));
  return std::make_unique<NoGate>();
}

Result<std::unique_ptr<Gate>> make_score_gate(GateRule::Mode mode, const Json& options) {
  StrictReader reader(options, "gate options");
  reader.ignore("name");
  GateRule rule;
  rule.mode = mode;
  if (mode == GateRule::Mode::paired) rule.k = reader.number("k", 0.0, 0, 10);
  if (mode == GateRule::Mode::no_regression) rule.tolerance = reader.number("tolerance", 0.0, 0, 1);
  SKILLGRAD_CHECK(finish_options(reader));
  return std::make_unique<ScoreGate>(rule);
}

}  // namespace skillgrad::optim
