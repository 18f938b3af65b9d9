// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "optim/loop/bookkeeper.hpp"

namespace skillgrad::optim {

/// The initial package so many times over the tasks, beside what the book holds already; the last
/// pass is the fresh one. Errors: those that end a run, io.
[[nodiscard]] Result<Reruns> run_again(const LoopContext& loop,
                                       const std::vector<std::string>& tasks, std::size_t passes);
[[nodiscard]] Json to_json(const Reruns& value);

}  // namespace skillgrad::optim
