// SPDX-License-Identifier: MIT
#include "bench/spreadsheetbench/published_split.hpp"

#include <algorithm>

#include <skillgrad/core/random.hpp>

namespace skillgrad::bench {
namespace {

constexpr std::size_t kTasks = 400;
constexpr std::size_t kHeldOut = 200;
constexpr std::size_t kEvolution = 200;
constexpr std::size_t kValidation = 20;
constexpr std::uint64_t kPoolSeed = 0;
constexpr std::uint64_t kHeldOutSeed = 42;

}  // namespace

std::optional<Splits> published_split(const std::vector<Task>& tasks,
                                      const std::vector<bool>& valid) {
  if (tasks.size() != kTasks) return std::nullopt;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < kTasks; ++i) {
    if (valid[i]) indices.push_back(i);
  }
  // With fewer usable tasks the shuffle gives other sets, which must not bear the published name.
  if (indices.size() != kTasks) return std::nullopt;
  PyRandom(kPoolSeed).shuffle(indices);
  std::vector<std::size_t> held_out(indices.begin(), indices.begin() + kHeldOut);
  std::vector<std::size_t> evolution(indices.begin() + kHeldOut,
                                     indices.begin() + kHeldOut + kEvolution);
  std::sort(evolution.begin(), evolution.end());
  PyRandom(kHeldOutSeed).shuffle(held_out);
  Splits splits;
  for (const std::size_t i : evolution) splits.train.push_back(tasks[i].id);
  for (std::size_t i = 0; i < kHeldOut; ++i) {
    (i < kValidation ? splits.val : splits.test).push_back(tasks[held_out[i]].id);
  }
  splits.origin =
      "published split of SpreadsheetBench Verified (seeds 0 and 42): 200 evolution, 20 "
      "validation, "
      "180 test tasks";
  return splits;
}

}  // namespace skillgrad::bench
