// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skillgrad::optim {

/// How training batches are drawn from the failure pool (docs/algorithm.md section 2.3).
struct ScheduleOptions {
  std::size_t train_tasks = 40;  ///< taken from the failure pool
  std::size_t batch = 4;
  std::uint64_t seed = 0;
  /// 0: one epoch. Else exactly this many full batches, with further epochs as needed.
  std::size_t fixed_updates = 0;
  std::optional<std::uint64_t> batch_seed = {};  ///< for further epochs; default `seed`
};

/// Ids of each batch, in order. Equal to the published loop for equal seeds. An empty pool gives no
/// batch. The last batch of a single epoch may be short.
[[nodiscard]] std::vector<std::vector<std::string>> make_batches(
    std::vector<std::string> failure_pool, const ScheduleOptions& options);

}  // namespace skillgrad::optim
