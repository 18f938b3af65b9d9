// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/untrusted_tree.hpp>

namespace skillgrad {
namespace {

class UntrustedTree : public testing::Test {
 protected:
  [[nodiscard]] fs::path from(const std::string& name = "") const {
    return dir_.path() / "from" / name;
  }
  [[nodiscard]] fs::path to(const std::string& name = "") const {
    return dir_.path() / "to" / name;
  }
  void SetUp() override { ASSERT_TRUE(make_directories(from())); }
  [[nodiscard]] TreeCopy copy(const TreeLimits& limits = {}) const {
    auto out = copy_untrusted_tree(from(), to(), limits);
    EXPECT_TRUE(out) << (out ? "" : out.error().to_text());
    return out.value_or(TreeCopy{});
  }

  TempDir dir_ = TempDir::create("sg-tree-").value();
};

TEST_F(UntrustedTree, FilesAndFoldersAreCopiedAndTheRestIsLeftOut) {
  ASSERT_TRUE(write_file_atomic(from("b.txt"), "b"));
  ASSERT_TRUE(write_file_atomic(from("d/e/a.sh"), "a", 0700));
  ASSERT_TRUE(make_directories(from("empty")));
  fs::create_symlink("/etc/passwd", from("link"));
  fs::create_directory_symlink("/etc", from("d/etc"));
  ASSERT_EQ(::mkfifo(from("pipe").c_str(), 0600), 0);
  const TreeCopy done = copy();
  EXPECT_EQ(done.refused, "");
  EXPECT_EQ(done.files, (std::vector<std::string>{"b.txt", "d/e/a.sh"}));
  EXPECT_EQ(list_files(to()).value(), done.files);
  EXPECT_EQ(read_file(to("d/e/a.sh")).value(), "a");
  EXPECT_EQ(::access(to("d/e/a.sh").c_str(), X_OK), 0);
  EXPECT_TRUE(fs::is_directory(to("empty")));
  EXPECT_FALSE(fs::exists(fs::symlink_status(to("link"))));
  TreeLimits with_links;
  with_links.links = Links::copy;
  ASSERT_TRUE(remove_tree(to()));
  static_cast<void>(copy(with_links));
  EXPECT_EQ(fs::read_symlink(to("link")), "/etc/passwd");
}

TEST_F(UntrustedTree, SetIdBitsAreDropped) {
  ASSERT_TRUE(write_file_atomic(from("s"), "x", 0755));
  ASSERT_EQ(::chmod(from("s").c_str(), 06755), 0);
  static_cast<void>(copy());
  struct stat info {};
  ASSERT_EQ(::stat(to("s").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07000U, 0U);
}

TEST_F(UntrustedTree, HolesTakeNoRoom) {
  constexpr off_t kSize = off_t{1} << 31;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "s" + std::to_string(i);
    const Descriptor fd(::open(from(name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::ftruncate(fd.get(), kSize), 0);
    ASSERT_EQ(::pwrite(fd.get(), "mid", 3, kSize / 2), 3);
  }
  TreeLimits limits;
  limits.bytes = 1 << 20;
  EXPECT_EQ(copy(limits).refused, "");
  struct stat info {};
  ASSERT_EQ(::stat(to("s19").c_str(), &info), 0);
  EXPECT_EQ(info.st_size, kSize);
  EXPECT_LT(info.st_blocks * 512, 1 << 20);
  const Descriptor fd(::open(to("s19").c_str(), O_RDONLY | O_CLOEXEC));
  char text[4] = {};
  EXPECT_EQ(::pread(fd.get(), text, 3, kSize / 2), 3);
  EXPECT_STREQ(text, "mid");
}

TEST_F(UntrustedTree, WhatIsMoreThanTheLimitsIsRefusedAndNotCopiedToTheEnd) {
  for (const char* name : {"a", "b", "c"})
    ASSERT_TRUE(write_file_atomic(from(name), std::string(3 << 20, 'x')));
  ASSERT_TRUE(write_file_atomic(from("1/2/3/4/f"), "x"));
  struct Case {
    TreeLimits limits;
    const char* why;
  };
  TreeLimits bytes, entries, depth, time;
  bytes.bytes = 4 << 20;
  entries.entries = 5;
  depth.depth = 3;
  time.time = std::chrono::milliseconds(-1);
  for (const Case& wanted :
       {Case{bytes, "more than 4 MiB"}, Case{entries, "more than 5 files and folders"},
        Case{depth, "more than 3 folders in each other"},
        Case{time, "copying it takes too long"}}) {
    EXPECT_EQ(copy(wanted.limits).refused, wanted.why);
    ASSERT_TRUE(remove_tree(to()));
  }
  EXPECT_EQ(copy().refused, "");
}

TEST_F(UntrustedTree, WhatItsOwnerMayNotReadIsRefusedWhoeverCopies) {
  ASSERT_TRUE(write_file_atomic(from("d/f"), "x"));
  struct Case {
    const char* path;
    mode_t mode;
    const char* why;
  };
  for (const Case& closed : {Case{"d/f", 0000, "\"d/f\" cannot be read"},
                             Case{"d", 0000, "the folder \"d/\" cannot be read"},
                             Case{"d", 0300, "the folder \"d/\" cannot be read"},
                             Case{"d", 0600, "the folder \"d/\" cannot be read"},
                             Case{"", 0000, "the folder \".\" cannot be read"}}) {
    ASSERT_EQ(::chmod(from(closed.path).c_str(), closed.mode), 0);
    EXPECT_EQ(copy().refused, closed.why);
    ASSERT_EQ(::chmod(from(closed.path).c_str(), 0700), 0);
    ASSERT_TRUE(remove_tree(to()));
  }
}

TEST_F(UntrustedTree, DeepNestingAndLongNamesAreRefusedByTheirNumberAlone) {
  int folder = ::open(from().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::string name(255, 'n');
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(::mkdirat(folder, name.c_str(), 0700), 0);
    const int next = ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(folder);
    folder = next;
  }
  ::close(folder);
  EXPECT_EQ(copy().refused, "more than 48 folders in each other");
  TreeLimits deeper;
  deeper.depth = 300;
  ASSERT_TRUE(remove_tree(to()));
  EXPECT_EQ(copy(deeper).refused, "more than 300 folders in each other");
}

TEST_F(UntrustedTree, AFullDestinationIsAnErrorAndNoRefusal) {
  if (::geteuid() == 0) GTEST_SKIP() << "root writes everywhere";
  ASSERT_TRUE(write_file_atomic(from("f"), "x"));
  ASSERT_TRUE(make_directories(to()));
  ASSERT_EQ(::chmod(to().c_str(), 0500), 0);
  const auto done = copy_untrusted_tree(from(), to());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::io);
}

TEST_F(UntrustedTree, AMissingFolderIsAnError) {
  const auto done = copy_untrusted_tree(dir_.path() / "none", to());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::input);
}

}  // namespace
}  // namespace skillgrad
