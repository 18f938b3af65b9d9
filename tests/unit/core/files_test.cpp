// SPDX-License-Identifier: MIT
#include <csignal>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>

namespace skillgrad {
namespace {

class Files : public testing::Test {
 protected:
  [[nodiscard]] fs::path at(const std::string& name) const { return dir_.path() / name; }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator()));
  }
  TempDir dir_ = TempDir::create("sg-files-").value();
};

/// Runs `body` in a child with a file size limit, where writes fail with EFBIG; its value is the
/// exit code.
int with_file_limit(rlim_t bytes, int (*body)(const fs::path&), const fs::path& dir) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(99);
    ::_exit(body(dir));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(Files, AtomicWriteCreatesParentsAndReplaces) {
  const fs::path path = at("a/b/c.bin");
  const std::string bytes("x\0y\xFF", 4);
  ASSERT_TRUE(write_file_atomic(path, "old"));
  ASSERT_TRUE(write_file_atomic(path, bytes, 0755));
  EXPECT_EQ(read_file(path).value(), bytes);
  EXPECT_EQ(fs::status(path).permissions() & fs::perms::owner_all, fs::perms::owner_all);
  EXPECT_EQ(std::distance(fs::directory_iterator(path.parent_path()), fs::directory_iterator()), 1);
}

TEST_F(Files, FailedAtomicWriteKeepsTheOldFileAndLeavesNothingBehind) {
  ASSERT_TRUE(write_file_atomic(at("f"), "old content"));
  const int code = with_file_limit(
      1000,
      [](const fs::path& dir) {
        const auto result = write_file_atomic(dir / "f", std::string(5000, 'n'));
        if (result) return 1;
        return result.error().where == (dir / "f").string() ? 0 : 2;
      },
      dir_.path());
  EXPECT_EQ(code, 0);
  EXPECT_EQ(read_file(at("f")).value(), "old content");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(Files, WritingInPlaceReplacesTheBytesAndFollowsNoLink) {
  const fs::path folder = dir_.path() / "a/b";
  ASSERT_TRUE(make_fresh_directory(folder));
  ASSERT_TRUE(write_file_in_place(folder / "x", "a longer text"));
  ASSERT_TRUE(write_file_in_place(folder / "x", "short"));
  EXPECT_EQ(*read_file(folder / "x"), "short");
  fs::create_symlink(dir_.path() / "outside", folder / "link");
  EXPECT_FALSE(write_file_in_place(folder / "link", "x"));
  EXPECT_FALSE(fs::exists(dir_.path() / "outside"));
  EXPECT_FALSE(write_file_in_place(folder / "missing/x", "x"));
  EXPECT_TRUE(sync_file_system(folder));
  EXPECT_FALSE(sync_file_system(folder / "missing"));
  ASSERT_TRUE(make_fresh_directory(folder));
  EXPECT_TRUE(fs::is_empty(folder)) << "what was there is gone";
}

TEST_F(Files, FailedAppendCutsItsTornPartOff) {
  const int code = with_file_limit(
      1000,
      [](const fs::path& dir) {
        if (!append_file(dir / "log", std::string(600, 'a') + "\n")) return 1;
        if (append_file(dir / "log", std::string(600, 'b') + "\n")) return 2;
        return append_file(dir / "log", "tail\n") ? 0 : 3;
      },
      dir_.path());
  EXPECT_EQ(code, 0);
  EXPECT_EQ(read_file(at("log")).value(), std::string(600, 'a') + "\ntail\n");
}

TEST_F(Files, FullDiskIsReportedAsSuch) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "/dev/full is absent";
  const auto result = append_file("/dev/full", "x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::disk_full);
}

TEST_F(Files, ReadErrorsTellWhatIsWrong) {
  EXPECT_EQ(read_file(at("none")).error().code, ErrorCode::input);
  EXPECT_EQ(read_file(dir_.path()).error().code, ErrorCode::input);
  ASSERT_TRUE(write_file_atomic(at("f"), "12345"));
  EXPECT_EQ(read_file(at("f"), 5).value(), "12345");
  EXPECT_EQ(read_file(at("f"), 4).error().code, ErrorCode::input);
  EXPECT_EQ(read_file(at("f/below")).error().code, ErrorCode::input);
  EXPECT_EQ(read_file("/dev/zero", 100'000).error().code, ErrorCode::input);
}

TEST_F(Files, ReadsFilesThatReportNoSize) {
  EXPECT_FALSE(read_file("/proc/self/status").value().empty());
}

TEST_F(Files, AppendsFromManyThreadsKeepRecordsWhole) {
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        const std::string line(100, static_cast<char>('a' + t));
        for (int i = 0; i < 50; ++i) EXPECT_TRUE(append_file(at("log"), line + "\n"));
      });
    }
  }
  std::ifstream in(at("log"));
  std::size_t lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    EXPECT_EQ(line, std::string(100, line.at(0)));
  }
  EXPECT_EQ(lines, 200U);
}

TEST_F(Files, MakeDirectoriesRefusesAFileInTheWay) {
  ASSERT_TRUE(write_file_atomic(at("f"), ""));
  EXPECT_FALSE(make_directories(at("f")));
  EXPECT_FALSE(make_directories(at("f/sub")));
  EXPECT_TRUE(make_directories(at("d/e")));
  EXPECT_TRUE(make_directories(at("d/e")));
}

TEST_F(Files, CopyKeepsModesAndRefusesLinks) {
  ASSERT_TRUE(write_file_atomic(at("src/run.sh"), "#!", 0755));
  ASSERT_TRUE(write_file_atomic(at("src/ro/data"), "d", 0600));
  fs::permissions(at("src/ro"), fs::perms::owner_read | fs::perms::owner_exec);
  ASSERT_TRUE(copy_tree(at("src"), at("dst")));
  EXPECT_EQ(list_files(at("dst")).value(), (std::vector<std::string>{"ro/data", "run.sh"}));
  EXPECT_EQ(fs::status(at("dst/run.sh")).permissions(), fs::status(at("src/run.sh")).permissions());
  EXPECT_EQ(fs::status(at("dst/ro")).permissions(), fs::status(at("src/ro")).permissions());
  fs::create_symlink("/etc/passwd", at("src/link"));
  const auto linked = copy_tree(at("src"), at("dst2"));
  ASSERT_FALSE(linked);
  EXPECT_EQ(linked.error().code, ErrorCode::input);
  EXPECT_EQ(linked.error().where, at("src/link").string());
  EXPECT_EQ(copy_tree(at("none"), at("dst3")).error().code, ErrorCode::input);
  ASSERT_EQ(::mkfifo(at("dst/fifo").c_str(), 0600), 0);
  EXPECT_EQ(copy_tree(at("dst"), at("dst4")).error().code, ErrorCode::input);
}

TEST_F(Files, CopyIntoItselfIsRefused) {
  ASSERT_TRUE(write_file_atomic(at("src/f"), "1"));
  EXPECT_FALSE(copy_tree(at("src"), at("src/sub")));
  EXPECT_FALSE(copy_tree(at("src"), at("src")));
  EXPECT_TRUE(copy_tree(at("src"), at("src2")));
}

TEST_F(Files, RemoveTreeTakesReadOnlyFoldersAndMissingOnes) {
  ASSERT_TRUE(write_file_atomic(at("t/ro/f"), "1"));
  fs::permissions(at("t/ro"), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_TRUE(remove_tree(at("t")));
  EXPECT_FALSE(fs::exists(at("t")));
  EXPECT_TRUE(remove_tree(at("t")));
}

TEST_F(Files, RemoveTreeDoesNotFollowLinks) {
  ASSERT_TRUE(write_file_atomic(at("keep/f"), "1"));
  ASSERT_TRUE(make_directories(at("t")));
  fs::create_directory_symlink(at("keep"), at("t/link"));
  EXPECT_TRUE(remove_tree(at("t")));
  EXPECT_TRUE(fs::exists(at("keep/f")));
}

TEST_F(Files, SwapPutsTheFreshFolderInPlaceAndKeepsTheOldOne) {
  ASSERT_TRUE(write_file_atomic(at("live/f"), "old"));
  ASSERT_TRUE(write_file_atomic(at("fresh/f"), "new"));
  ASSERT_TRUE(swap_directory(at("fresh"), at("live"), at("kept/old")));
  EXPECT_EQ(read_file(at("live/f")).value(), "new");
  EXPECT_EQ(read_file(at("kept/old/f")).value(), "old");
  EXPECT_FALSE(fs::exists(at("fresh")));
  EXPECT_FALSE(swap_directory(at("fresh"), at("live"), at("kept/old2")));
  EXPECT_EQ(read_file(at("live/f")).value(), "new");
}

TEST_F(Files, SwapWithoutALiveFolderIsARename) {
  ASSERT_TRUE(write_file_atomic(at("fresh/f"), "new"));
  ASSERT_TRUE(swap_directory(at("fresh"), at("live"), at("old")));
  EXPECT_EQ(read_file(at("live/f")).value(), "new");
  EXPECT_FALSE(fs::exists(at("old")));
}

TEST_F(Files, SwapKeepsTheOldFolderOnAnotherFileSystem) {
  if (!fs::exists("/dev/shm")) GTEST_SKIP() << "/dev/shm is absent";
  const auto other = TempDir::create("sg-files-", "/dev/shm").value();
  ASSERT_TRUE(write_file_atomic(at("live/f"), "old"));
  ASSERT_TRUE(write_file_atomic(at("fresh/f"), "new"));
  ASSERT_TRUE(swap_directory(at("fresh"), at("live"), other.path() / "old"));
  EXPECT_EQ(read_file(at("live/f")).value(), "new");
  EXPECT_EQ(read_file(other.path() / "old/f").value(), "old");
}

TEST_F(Files, ListIsSortedByBytesAndNamesRegularFilesOnly) {
  for (const char* name : {"b", "a/z", "a.txt", "B"}) ASSERT_TRUE(write_file_atomic(at(name), ""));
  fs::create_symlink("b", at("link"));
  EXPECT_EQ(list_files(dir_.path()).value(), (std::vector<std::string>{"B", "a.txt", "a/z", "b"}));
  EXPECT_EQ(list_files(at("none")).error().code, ErrorCode::input);
}

TEST_F(Files, RemoveTreeTakesAnyDepthAndNamesOfAnyLength) {
  ASSERT_EQ(::mkdir(at("deep").c_str(), 0700), 0);
  int folder = ::open(at("deep").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::string name(255, 'n');
  for (int i = 0; i < 5000 && folder >= 0; ++i) {
    ASSERT_EQ(::mkdirat(folder, name.c_str(), 0700), 0);
    if (i % 1000 == 0) {
      ASSERT_EQ(::mkdirat(folder, ".sg-lifted-0", 0500), 0);
    }
    const int next = ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(folder);
    folder = next;
  }
  ::close(folder);
  const auto removed = remove_tree(at("deep"));
  EXPECT_TRUE(removed) << removed.error().to_text();
  EXPECT_FALSE(fs::exists(at("deep")));
}

TEST_F(Files, RemoveTreeTakesWhatItsOwnerClosed) {
  for (const char* name : {"t/a/b/c/f", "t/a/b2/f", "t/x/y/z/f"})
    ASSERT_TRUE(write_file_atomic(at(name), "1"));
  for (const char* name : {"t/a/b/c", "t/a/b", "t/a", "t/x/y", "t"}) ::chmod(at(name).c_str(), 0);
  EXPECT_TRUE(remove_tree(at("t")));
  EXPECT_FALSE(fs::exists(at("t")));
}

/// Fills the folder "left" of a process that is then killed; returns the process's folder.
std::string leave_behind(const fs::path& temporary) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("TMPDIR", temporary.c_str(), 1);
    const auto dir = TempDir::create("sg-left-");
    const std::string path = dir ? process_folder().value().string() : "";
    static_cast<void>(write_file_atomic(dir->path() / "f", "x"));
    static_cast<void>(::write(ends[1], path.data(), path.size()) + 1);
    ::raise(SIGKILL);
  }
  ::close(ends[1]);
  ::waitpid(child, nullptr, 0);
  char buffer[4096];
  const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
  ::close(ends[0]);
  return {buffer, static_cast<std::size_t>(std::max<ssize_t>(0, got))};
}

/// What a new process finds: it makes a temporary folder and looks for `path`.
bool is_there_after_a_start(const fs::path& temporary, const fs::path& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("TMPDIR", temporary.c_str(), 1);
    const bool made = TempDir::create("sg-next-").has_value();
    ::_exit(made && !fs::exists(path) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status) != 0;
}

TEST_F(Files, WhatAKilledProcessLeftIsRemovedAtTheNextStart) {
  const std::string left = leave_behind(dir_.path());
  ASSERT_TRUE(fs::exists(left)) << left;
  EXPECT_EQ(fs::path(left).filename().string().rfind("skillgrad-", 0), 0U);
  EXPECT_FALSE(is_there_after_a_start(dir_.path(), left));
}

TEST_F(Files, FoldersOfLivingProcessesAndOfOthersStay) {
  const std::string left = leave_behind(dir_.path());
  // Locked as by a process of another PID namespace, whose number says nothing here.
  for (const char* name : {"skillgrad-notes", "skillgrad-1-2-3", "skillgrad-1--abcdef", "other"})
    ASSERT_TRUE(write_file_atomic(at(name) / "f", "x"));
  const fs::path locked = at("skillgrad-4000000-1-abcdef");
  ASSERT_TRUE(write_file_atomic(locked / "f", "x"));
  const int lock = ::open(locked.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  EXPECT_FALSE(is_there_after_a_start(dir_.path(), left));
  EXPECT_TRUE(fs::exists(locked / "f"));
  for (const char* name : {"skillgrad-notes", "skillgrad-1-2-3", "skillgrad-1--abcdef", "other"})
    EXPECT_TRUE(fs::exists(at(name) / "f")) << name;
  ::close(lock);
  EXPECT_FALSE(is_there_after_a_start(dir_.path(), locked));
}

TEST(TempDirs, AreRemovedOnceEvenAfterMoves) {
  fs::path path;
  {
    TempDir first = TempDir::create("sg-temp-").value();
    path = first.path();
    EXPECT_TRUE(fs::is_directory(path));
    TempDir second = std::move(first);
    EXPECT_EQ(second.path(), path);
    EXPECT_TRUE(write_file_atomic(path / "f", "x"));
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace skillgrad
