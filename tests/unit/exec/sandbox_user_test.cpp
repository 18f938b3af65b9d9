// SPDX-License-Identifier: MIT
#include "exec/process/sandbox_user.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/exec/as_user.hpp"

namespace skillgrad::exec {
namespace {

TEST(UnusedIds, AreAboveAllOthersOrTheLastOfASmallMap) {
  struct Case {
    const char* map;
    std::uint64_t first, count;
  };
  const Case cases[] = {
      {"         0          0 4294967295\n", 2'100'000'000, 40'000'000},
      {"         0     100000      65536\n", 65021, 512},
      {"         0       1000          1\n         1     100000      65536\n", 65022, 512},
      {"         0       1000          1\n", 0, 0},
      {"         0       1000       1000\n", 0, 0},
      {"", 0, 0},
      {"nonsense\n", 0, 0}};
  for (const Case& wanted : cases) {
    const auto got = unused_ids(wanted.map);
    ASSERT_EQ(got.has_value(), wanted.count > 0) << wanted.map;
    if (!got) continue;
    EXPECT_EQ(got->first, wanted.first) << wanted.map;
    EXPECT_EQ(got->count, wanted.count) << wanted.map;
    const bool holds_nobody = got->first <= 65534 && 65534 < got->first + got->count;
    EXPECT_FALSE(holds_nobody);
  }
}

TEST(SandboxUsers, OfAnOrdinaryUserAreHimself) {
  const auto facts = [] {
    SandboxUsers users;
    const auto work = TempDir::create("sg-adopt-").value();
    const auto user = users.adopt(work.path());
    return std::string(users.active() ? "active " : "") +
           (user && !user->active ? "same" : "other");
  };
  EXPECT_EQ(::geteuid() == 0 ? as_ordinary_user(facts) : facts(), "same");
}

TEST(SandboxUsers, AFolderKeepsItsUserAndEverythingInItIsTheirs) {
  SandboxUsers users;
  if (!users.active()) GTEST_SKIP() << "only root can become another user";
  const auto work = TempDir::create("sg-adopt-").value();
  ASSERT_TRUE(write_file_atomic(work.path() / "d" / "f", "x"));
  fs::create_symlink("/etc/passwd", work.path() / "link");
  const SandboxUser first = users.adopt(work.path()).value();
  const SandboxUser again = users.adopt(work.path()).value();
  EXPECT_TRUE(first.active);
  EXPECT_EQ(first.uid, again.uid);
  for (const char* name : {"", "d", "d/f", "link"}) {
    struct stat info {};
    ASSERT_EQ(::lstat((work.path() / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, first.uid) << name;
  }
  struct stat info {};
  ASSERT_EQ(::stat("/etc/passwd", &info), 0);
  EXPECT_EQ(info.st_uid, 0U) << "a link is changed, not what it leads to";
  const auto other = TempDir::create("sg-adopt-").value();
  EXPECT_NE(users.adopt(other.path()).value().uid, first.uid);
}

TEST(SandboxUsers, WhatOthersMayReadIsShownAndTheRestCopied) {
  SandboxUsers users;
  if (!users.active()) GTEST_SKIP() << "only root can become another user";
  const auto open = TempDir::create("sg-open-").value();
  ASSERT_TRUE(write_file_atomic(open.path() / "d" / "f", "x", 0644));
  for (const fs::path& folder : {open.path(), open.path() / "d"}) ::chmod(folder.c_str(), 0755);
  const auto shown = users.readable(open.path());
  ASSERT_TRUE(shown) << shown.error().to_text();
  EXPECT_EQ(*shown, open.path());
  const auto closed = TempDir::create("sg-closed-").value();
  ASSERT_TRUE(write_file_atomic(closed.path() / "f", "x", 0600));
  const fs::path copy = users.readable(closed.path()).value();
  EXPECT_NE(copy, closed.path());
  EXPECT_EQ(users.readable(closed.path()).value(), copy) << "made once";
  struct stat info {};
  ASSERT_EQ(::stat((copy / "f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0644U);
}

}  // namespace
}  // namespace skillgrad::exec
