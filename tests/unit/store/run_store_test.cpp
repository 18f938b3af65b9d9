// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "unit/store/run_folder.hpp"

namespace skillgrad::store {
namespace {

using RunStoreTest = RunFolder;
using ::testing::HasSubstr;

TEST_F(RunStoreTest, FilesComeBackAndMissingOnesAreNone) {
  const auto store = open();
  EXPECT_EQ(store->read("iter_001/gate.json").value(), std::nullopt);
  ASSERT_TRUE(store->write("iter_001/gate.json", "one"));
  ASSERT_TRUE(store->write("iter_001/gate.json", "two"));
  EXPECT_EQ(store->read("iter_001/gate.json").value(), "two");
  EXPECT_EQ(store->path("iter_001/gate.json"), dir() / "iter_001/gate.json");
  EXPECT_THAT(list_files(dir() / "iter_001").value(), ::testing::ElementsAre("gate.json"));
}

TEST_F(RunStoreTest, FilesPutInPlaceAreCleanedAsWrittenOnesAndGivenBackSo) {
  const Redactor redactor({Secret("sk-run-0123456789")});
  const auto store = open();
  store->redact_with(redactor);
  fs::create_directories(dir() / "base");
  EXPECT_EQ(store->put("base/a.json", "key sk-run-0123456789, a longer text").value(),
            "key ***, a longer text");
  EXPECT_EQ(store->put("base/a.json", "short").value(), "short");
  EXPECT_EQ(store->read("base/a.json").value(), "short");
  EXPECT_TRUE(store->sync());
  EXPECT_FALSE(store->put("nowhere/a.json", "x")) << "the folder is the caller's to make";
  EXPECT_FALSE(store->put("../x", "x"));
}

TEST_F(RunStoreTest, NameThatLeavesTheRunIsRefused) {
  const auto store = open();
  for (const char* name : {"", "/etc/passwd", "../x", "..", "a/../../x", "a/..", "./../x"}) {
    EXPECT_FALSE(store->write(name, "x")) << name;
    EXPECT_FALSE(store->read(name)) << name;
  }
  EXPECT_FALSE(fs::exists(dir().parent_path() / "x"));
}

TEST_F(RunStoreTest, SecondOpenIsRefusedAndNamesTheHolder) {
  const auto store = open();
  const auto again = RunStore::open(dir(), clock_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::locked);
  EXPECT_THAT(again.error().to_line(), HasSubstr(std::to_string(::getpid())));
}

TEST_F(RunStoreTest, RunHeldByAnotherProcessIsFreeOnceThatIsKilled) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // ends by itself if this program is gone
    const auto held = RunStore::open(dir(), clock_);
    if (!held || ::write(pipe[1], "x", 1) != 1) ::_exit(3);
    for (;;) ::pause();
  }
  ::close(pipe[1]);
  char byte = 0;
  ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
  ::close(pipe[0]);
  const auto refused = RunStore::open(dir(), clock_);
  EXPECT_FALSE(refused);
  if (!refused) {
    EXPECT_EQ(refused.error().code, ErrorCode::locked);
    EXPECT_THAT(refused.error().to_line(), HasSubstr("process " + std::to_string(child)));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NE(open(), nullptr);
}

TEST_F(RunStoreTest, FolderOfOtherThingsIsRefusedAndLeftAsItIs) {
  ASSERT_TRUE(write_file_atomic(dir() / "thesis.txt", "precious"));
  const auto store = RunStore::open(dir(), clock_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::input);
  EXPECT_THAT(list_files(dir()).value(), ::testing::ElementsAre("thesis.txt"));
}

TEST_F(RunStoreTest, FileInPlaceOfTheFolderIsRefused) {
  ASSERT_TRUE(write_file_atomic(dir(), "a file"));
  const auto store = RunStore::open(dir(), clock_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::input);
  EXPECT_EQ(text_of(dir()), "a file");
}

TEST_F(RunStoreTest, EmptyFolderIsTaken) {
  ASSERT_TRUE(make_directories(dir()));
  EXPECT_NE(open(), nullptr);
}

TEST_F(RunStoreTest, EventsAreLinesOfJsonAndGoOnAfterOpeningAgain) {
  ASSERT_TRUE(open()->event("begin", R"({"n":1})"));
  ASSERT_TRUE(append_file(dir() / "events.jsonl", R"({"event":"to)"));
  ASSERT_TRUE(open()->event("end", R"({"n":2})"));
  const auto lines = split_lines(text_of(dir() / "events.jsonl"));
  ASSERT_EQ(lines.size(), 2U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto event = parse_json(lines[i], "event").value();
    EXPECT_EQ(event["event"], i == 0 ? "begin" : "end");
    EXPECT_EQ(event["n"], i + 1);
    EXPECT_EQ(event["schema"], "skillgrad.event/1");
    EXPECT_TRUE(event["time"].is_string());
  }
}

TEST_F(RunStoreTest, EventThatIsNotJsonIsRefused) {
  const auto store = open();
  EXPECT_FALSE(store->event("bad", "{"));
  EXPECT_EQ(text_of(dir() / "events.jsonl"), "");
}

}  // namespace
}  // namespace skillgrad::store
