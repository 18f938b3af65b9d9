// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <skillgrad/bench/benchmark.hpp>

namespace skillgrad::bench {

/// Why nobody can win this task of the published sets in this mode, if it is one of the documented
/// ones (docs/rules-grading.md 2, Expected). The position must be the published one: a mended copy
/// of the data has no flaw.
[[nodiscard]] std::optional<std::string> published_flaw(const std::string& id,
                                                        const std::string& position,
                                                        GradingMode mode);

}  // namespace skillgrad::bench
