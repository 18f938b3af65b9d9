// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/optim/optimizer.hpp>

namespace skillgrad::report {

/// What a run of several skills came to for each, and what became of their conflicts; "" for one.
[[nodiscard]] std::string skill_lines(const optim::OptimizeResult& result);

}  // namespace skillgrad::report
