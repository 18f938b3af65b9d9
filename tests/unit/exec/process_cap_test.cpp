// SPDX-License-Identifier: MIT
#include "exec/process_cap.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
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

/// Joins the group and starts at most `most` children that only wait; returns how many it got.
int start_children(const std::string& join_file, int most) {
  if (!write_all(::open(join_file.c_str(), O_WRONLY | O_CLOEXEC), "0")) return -1;
  int started = 0;
  for (; started < most; ++started) {
    const pid_t pid = ::_Fork();
    if (pid < 0) break;
    if (pid == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  return started;
}

TEST(ProcessCap, BindsRootToo) {
  if (!can_cap_processes()) GTEST_SKIP() << "no writable pids controller here";
  const ProcessCap cap(1);
  const int bearable = static_cast<int>(bearable_tasks(1));
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor from(ends[0]);
  Descriptor to(ends[1]);
  const pid_t leader = ::_Fork();
  if (leader == 0) {
    ::setpgid(0, 0);
    const int started = start_children(cap.join_file(), bearable + 100);
    const ssize_t sent = ::write(to.get(), &started, sizeof started);
    static_cast<void>(sent);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    ::signal(SIGTERM, SIG_IGN);
    ::kill(0, SIGTERM);  // the children, who have the default action
    while (::wait(nullptr) > 0) {
    }
    ::_exit(0);
  }
  to.reset();
  int started = -1;
  ASSERT_EQ(::read(from.get(), &started, sizeof started), static_cast<ssize_t>(sizeof started));
  EXPECT_EQ(::waitpid(leader, nullptr, 0), leader);
  EXPECT_EQ(started, bearable - 1);
}

TEST(ProcessCap, NoLimitNeedsNoGroup) { EXPECT_FALSE(ProcessCap(0).active()); }

}  // namespace
}  // namespace skillgrad::exec
