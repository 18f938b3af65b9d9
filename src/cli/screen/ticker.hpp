// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/optim/observer.hpp>

namespace skillgrad::cli {

/// Passes everything on to `next`, and ticks it about once a second until destroyed. The clock must
/// outlive it.
[[nodiscard]] std::unique_ptr<optim::Observer> with_ticks(std::unique_ptr<optim::Observer> next,
                                                          Clock& clock);

}  // namespace skillgrad::cli
