// SPDX-License-Identifier: MIT
#include <limits>

#include <skillgrad/stats/passes.hpp>

namespace skillgrad::stats {

double pass_at_k(std::size_t trials, std::size_t passed, std::size_t k) {
  if (k == 0 || k > trials || passed > trials) return std::numeric_limits<double>::quiet_NaN();
  double all_fail = 1;
  for (std::size_t i = 0; i < k; ++i) {
    if (trials - passed <= i) return 1;
    all_fail *= static_cast<double>(trials - passed - i) / static_cast<double>(trials - i);
  }
  return 1 - all_fail;
}

double pass_hat_k(std::size_t trials, std::size_t passed, std::size_t k) {
  if (k == 0 || k > trials || passed > trials) return std::numeric_limits<double>::quiet_NaN();
  double all_pass = 1;
  for (std::size_t i = 0; i < k; ++i) {
    if (passed <= i) return 0;
    all_pass *= static_cast<double>(passed - i) / static_cast<double>(trials - i);
  }
  return all_pass;
}

}  // namespace skillgrad::stats
