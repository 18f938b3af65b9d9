// SPDX-License-Identifier: MIT
#include "exec/process_cap.hpp"

#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>

namespace skillgrad::exec {
namespace {

TEST(ProcessCap, BoundsTheTasksAndIsRemoved) {
  if (!can_cap_processes()) GTEST_SKIP() << "no writable pids controller here";
  std::string folder;
  {
    const ProcessCap cap(10);
    ASSERT_TRUE(cap.active());
    folder = cap.folder();
    EXPECT_EQ(read_file(folder + "/pids.max").value(), std::to_string(bearable_tasks(10)) + "\n");
    EXPECT_TRUE(fs::exists(cap.join_file()));
    EXPECT_NE(ProcessCap(10).folder(), folder);
  }
  EXPECT_FALSE(fs::exists(folder));
}

TEST(ProcessCap, NoLimitNeedsNoGroup) { EXPECT_FALSE(ProcessCap(0).active()); }

}  // namespace
}  // namespace skillgrad::exec
