// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace skillgrad::stats {

/// p of several tests so that the chance of any false finding among them is at most the level it is
/// held against (Holm 1979), whatever the tests have to do with each other. In the order given;
/// each in [0, 1]. Pure.
[[nodiscard]] std::vector<double> holm_adjusted(const std::vector<double>& p);

}  // namespace skillgrad::stats
