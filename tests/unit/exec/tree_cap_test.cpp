// SPDX-License-Identifier: MIT
#include "exec/process/tree_cap.hpp"

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

ResourceLimits limits(unsigned processes) {
  ResourceLimits out;
  out.processes = processes;
  out.memory_bytes = 0;
  return out;
}

TEST(TreeCap, BoundsTheMemoryAndIsRemoved) {
  if (!can_cap_memory()) GTEST_SKIP() << "no writable memory controller here";
  std::vector<std::string> folders;
  {
    ResourceLimits wanted;
    const TreeCap cap(wanted);
    ASSERT_TRUE(cap.bounds_memory());
    EXPECT_NE(read_file(cap.paths().memory_events).value().find("oom_kill "), std::string::npos);
    for (const std::string& folder : cap.paths().folders)
      if (!folder.empty()) folders.push_back(folder);
    EXPECT_GT(bearable_memory(wanted), wanted.memory_bytes);
  }
  EXPECT_FALSE(folders.empty());
  for (const std::string& folder : folders) EXPECT_FALSE(fs::exists(folder));
}

TEST(TreeCap, BoundsTheTasksAndIsRemoved) {
  if (!can_cap_processes()) GTEST_SKIP() << "no writable pids controller here";
  std::string folder;
  {
    const TreeCap cap(limits(10));
    ASSERT_TRUE(cap.bounds_processes());
    folder = cap.paths().folders[0];
    EXPECT_EQ(read_file(folder + "/pids.max").value(), std::to_string(bearable_tasks(10)) + "\n");
    EXPECT_TRUE(fs::exists(cap.paths().join_files[0]));
    EXPECT_NE(TreeCap(limits(10)).paths().folders[0], folder);
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

TEST(TreeCap, BindsRootToo) {
  if (!can_cap_processes()) GTEST_SKIP() << "no writable pids controller here";
  const TreeCap cap(limits(1));
  const int bearable = static_cast<int>(bearable_tasks(1));
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor from(ends[0]);
  Descriptor to(ends[1]);
  const pid_t leader = ::_Fork();
  if (leader == 0) {
    ::setpgid(0, 0);
    const int started = start_children(cap.paths().join_files[0], bearable + 100);
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

TEST(TreeCap, NoLimitNeedsNoGroup) { EXPECT_FALSE(TreeCap(limits(0)).bounds_processes()); }

}  // namespace
}  // namespace skillgrad::exec
