// SPDX-License-Identifier: MIT
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include <skillgrad/core/parallel.hpp>

namespace skillgrad {
namespace {

TEST(ParallelFor, DoesEachOnceOnNoMoreThreadsThanJobs) {
  for (const unsigned jobs : {0U, 1U, 2U, 3U, 50U}) {
    std::mutex mutex;
    std::multiset<std::size_t> done;
    std::set<std::thread::id> threads;
    parallel_for(20, jobs, [&](std::size_t i) {
      const std::lock_guard lock(mutex);
      done.insert(i);
      threads.insert(std::this_thread::get_id());
    });
    ASSERT_EQ(done.size(), 20U) << jobs;
    EXPECT_EQ(*done.rbegin(), 19U) << jobs;
    EXPECT_EQ(std::set<std::size_t>(done.begin(), done.end()).size(), 20U) << jobs;
    EXPECT_LE(threads.size(), std::max(jobs, 1U));
  }
}

TEST(ParallelFor, AnExceptionEndsTheWorkAndComesToTheCaller) {
  for (const unsigned jobs : {1U, 3U})
    EXPECT_THROW(parallel_for(20, jobs, [](std::size_t) { throw std::runtime_error("no"); }),
                 std::runtime_error);
}

}  // namespace
}  // namespace skillgrad
