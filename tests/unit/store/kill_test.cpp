// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <skillgrad/core/random.hpp>

#include "unit/store/run_folder.hpp"

namespace skillgrad::store {
namespace {

using KilledWriter = RunFolder;
using FullDisk = RunFolder;

/// What a child reported through the pipe as finished, one key a line.
std::vector<std::string> lines_of(int fd) {
  std::string text;
  char block[4096];
  for (ssize_t n = 0; (n = ::read(fd, block, sizeof block)) > 0;)
    text.append(block, static_cast<std::size_t>(n));
  std::vector<std::string> out;
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    out.push_back(text.substr(begin, end - begin));
  return out;
}

TEST_F(KilledWriter, EveryCallThatWasReportedAsFinishedIsThereAndBookedOnce) {
  constexpr int kRounds = 20;
  std::vector<std::string> finished;
  PyRandom random(7);
  for (int round = 0; round < kRounds; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(20);  // ends by itself if this program is gone
      const auto store = RunStore::open(dir(), clock_);
      if (!store) ::_exit(3);
      for (int i = 0;; ++i) {
        const std::string key = std::to_string(round) + "-" + std::to_string(i);
        record(**store, key);
        const std::string line = key + "\n";
        if (::write(pipe[1], line.data(), line.size()) < 0) ::_exit(4);
      }
    }
    ::close(pipe[1]);
    // The moment is drawn; the first byte says that the child is at work.
    char first = 0;
    ASSERT_EQ(::read(pipe[0], &first, 1), 1) << "round " << round;
    ::usleep(static_cast<useconds_t>(random.random() * 10'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    auto lines = lines_of(pipe[0]);
    ::close(pipe[0]);
    ASSERT_FALSE(lines.empty());
    lines[0].insert(lines[0].begin(), first);
    finished.insert(finished.end(), lines.begin(), lines.end());
    const auto store = open();
    ASSERT_NE(store, nullptr);
    for (const auto& key : finished) ASSERT_EQ(store->calls().find(key).value(), reply_to(key));
    const auto rows = store->ledger().value();
    std::set<std::string> keys;
    for (const auto& row : rows) EXPECT_TRUE(keys.insert(row.key).second) << row.key;
    for (const auto& key : finished) EXPECT_TRUE(keys.contains(key)) << key;
    // At most one call a round was under way: finished but not yet reported, or unsettled.
    const auto rounds = static_cast<std::size_t>(round) + 1;
    EXPECT_LE(rows.size(), finished.size() + rounds);
    EXPECT_LE(store->unsettled().value().size(), rounds);
  }
}

TEST_F(FullDisk, CallThatCannotBeKeptIsAnErrorAndEarlierOnesStay) {
  {
    const auto store = open();
    record(*store, "first");
  }
  const int status = in_child([this] {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto store = RunStore::open(dir(), clock_);
    if (!store) return 3;
    const rlimit limit{8'192, 8'192};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 4;
    for (int i = 0; i < 1'000; ++i) {
      const std::string key = "more-" + std::to_string(i);
      auto result = (*store)->calls().begin(key, row(key), 1.0);
      if (result) result = (*store)->calls().finish(row(key), "{}", reply_to(key));
      if (result) continue;
      if (result.error().code != ErrorCode::disk_full && result.error().code != ErrorCode::io)
        return 5;
      return (*store)->calls().find("first").value() == reply_to("first") ? 0 : 6;
    }
    return 7;
  });
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0);
  const auto store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->calls().find("first").value(), reply_to("first"));
  EXPECT_GT(store->ledger().value().size(), 5U);
  EXPECT_EQ(text_of(replies()).back(), '\n');
  EXPECT_EQ(text_of(ledger()).back(), '\n');
  record(*store, "last");
}

TEST_F(FullDisk, StateFileKeepsItsOldContent) {
  const std::string old_text(1'000, 'o'), new_text(20'000, 'n');
  {
    const auto store = open();
    ASSERT_TRUE(store->write("state.json", old_text));
  }
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto store = RunStore::open(dir(), clock_);
    const rlimit limit{8'192, 8'192};
    if (!store || ::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 3;
    return (*store)->write("state.json", new_text) ? 4 : 0;
  });
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(open()->read("state.json").value(), old_text);
}

}  // namespace
}  // namespace skillgrad::store
