// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace skillgrad {

/// Runs work(0) ... work(count - 1), at most `jobs` at once, one of them on the calling thread, in
/// index order of start, and waits for all. An exception of a work item ends the start of further
/// items and is rethrown here.
inline void parallel_for(std::size_t count, unsigned jobs,
                         const std::function<void(std::size_t)>& work) {
  const std::size_t threads = jobs < 1 ? 1 : (jobs < count ? jobs : count);
  if (threads <= 1) {
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto loop = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    pool.reserve(threads - 1);
    for (std::size_t i = 1; i < threads; ++i) pool.emplace_back(loop);
    loop();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace skillgrad
