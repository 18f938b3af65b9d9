// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/random.hpp>
#include <skillgrad/optim/schedule.hpp>

namespace skillgrad::optim {
namespace {

using Ids = std::vector<std::string>;

std::vector<Ids> cut(const Ids& order, std::size_t size) {
  std::vector<Ids> out;
  for (std::size_t i = 0; i < order.size(); i += size)
    out.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(i),
                     order.begin() + static_cast<std::ptrdiff_t>(std::min(i + size, order.size())));
  return out;
}

/// Where a batch straddles two epochs, items not yet in the batch come first.
void defer_members(Ids& order, const Ids& batch) {
  std::stable_partition(order.begin(), order.end(), [&](const std::string& id) {
    return std::find(batch.begin(), batch.end(), id) == batch.end();
  });
}

std::vector<Ids> full_batches(const Ids& first_epoch, std::size_t size, std::size_t count,
                              std::uint64_t seed) {
  PyRandom random(seed);
  std::vector<Ids> out;
  Ids queue = first_epoch;
  while (out.size() < count) {
    Ids batch;
    while (batch.size() < size) {
      if (queue.empty()) {
        queue = first_epoch;
        random.shuffle(queue);
        defer_members(queue, batch);
      }
      batch.push_back(queue.front());
      queue.erase(queue.begin());
    }
    out.push_back(std::move(batch));
  }
  return out;
}

}  // namespace

std::vector<Ids> make_batches(Ids failure_pool, const ScheduleOptions& options) {
  if (failure_pool.empty() || options.batch == 0) return {};
  PyRandom random(options.seed);
  random.shuffle(failure_pool);
  if (failure_pool.size() > options.train_tasks) failure_pool.resize(options.train_tasks);
  random.shuffle(failure_pool);
  if (options.fixed_updates == 0) return cut(failure_pool, options.batch);
  return full_batches(failure_pool, options.batch, options.fixed_updates,
                      options.batch_seed.value_or(options.seed));
}

}  // namespace skillgrad::optim
