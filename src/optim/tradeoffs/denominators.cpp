// SPDX-License-Identifier: MIT
#include "optim/tradeoffs/denominators.hpp"

#include <string>

#include <skillgrad/stats/intervals.hpp>

namespace skillgrad::optim {
namespace {

tl::unexpected<Error> no_denominator(const std::string& what, const std::string& more) {
  return fail(
      ErrorCode::config,
      what +
          " weighs in the loss, and the rollouts of the base run had none: there is nothing "
          "to measure it against",
      "--loss", "start another run without \"" + what + "\" in --loss" + more);
}

}  // namespace

Result<> set_denominators(const LossWeights& weights, const std::vector<LossRecord>& base,
                          ObjectiveFacts& out) {
  std::vector<double> costs, seconds;
  for (const LossRecord& record : base) {
    if (!record.graded()) continue;
    if (record.cost_usd) costs.push_back(*record.cost_usd);
    if (record.timed) seconds.push_back(record.seconds);
  }
  out.cost0 = stats::mean_of(costs).value;
  out.time0 = stats::mean_of(seconds).value;
  if (weights.cost > 0 && out.cost0 <= 0)
    return no_denominator("cost", ", or with a --price above 0");
  if (weights.time > 0 && out.time0 <= 0) return no_denominator("time", "");
  return {};
}

}  // namespace skillgrad::optim
