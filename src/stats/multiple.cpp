// SPDX-License-Identifier: MIT
#include <algorithm>
#include <numeric>

#include <skillgrad/stats/multiple.hpp>

namespace skillgrad::stats {

std::vector<double> holm_adjusted(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> out(p.size());
  double highest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const auto tests = static_cast<double>(p.size() - rank);
    highest = std::max(highest, std::min(1.0, tests * p[order[rank]]));
    out[order[rank]] = highest;
  }
  return out;
}

}  // namespace skillgrad::stats
