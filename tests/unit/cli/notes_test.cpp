// SPDX-License-Identifier: MIT
#include "cli/screen/notes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>

namespace skillgrad::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Listener final : public optim::Observer {
 public:
  explicit Listener(std::vector<std::string>& heard) : heard_(heard) {}
  void progress(const std::string&, std::size_t, std::size_t) override {}
  void iteration(const optim::IterationRow&) override {}
  void notice(const std::string& text) override { heard_.push_back(text); }

 private:
  std::vector<std::string>& heard_;
};

/// "TEXT xCOUNT" of each.
std::vector<std::string> told(const std::vector<Note>& notes) {
  std::vector<std::string> out;
  for (const Note& note : notes) out.push_back(note.text + " x" + std::to_string(note.count));
  return out;
}

class NotesTest : public testing::Test {
 protected:
  void SetUp() override { notes().forget(); }
  void TearDown() override { notes().forget(); }
  std::unique_ptr<store::RunStore> open() {
    auto store = store::RunStore::open(dir_.path() / "run", clock_);
    EXPECT_TRUE(store) << store.error().to_text();
    return std::move(*store);
  }
  std::unique_ptr<optim::Observer> keep(store::RunStore& store) {
    auto kept = keep_notes(std::make_unique<Listener>(heard_), store);
    EXPECT_TRUE(kept) << kept.error().to_text();
    return std::move(*kept);
  }

  SystemClock clock_;
  TempDir dir_ = TempDir::create("notes-test").value();
  std::vector<std::string> heard_;
};

TEST_F(NotesTest, AreSaidOnceAndCounted) {
  testing::internal::CaptureStderr();
  notes().say("a key is not used");
  notes().say("another\nline \x1b[31mred");
  notes().say("a key is not used");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "note: a key is not used\nnote: another line red\n");
  EXPECT_THAT(told(notes().all()), ElementsAre("a key is not used x2", "another line red x1"));
}

TEST_F(NotesTest, OfAnOpenRunReachItsObserverAndItsEvents) {
  notes().say("before the run");
  const auto store = open();
  {
    const auto observer = keep(*store);
    notes().say("a warning of a client");
    observer->notice("a task is left out");
    observer->notice("a task is left out");
  }
  EXPECT_THAT(heard_,
              ElementsAre("a warning of a client", "a task is left out", "a task is left out"));
  const auto events = read_file(store->path("events.jsonl")).value();
  EXPECT_THAT(events, HasSubstr(R"("event":"notice","text":"before the run")"));
  EXPECT_THAT(events, HasSubstr(R"("event":"notice","text":"a warning of a client")"));
  testing::internal::CaptureStderr();
  notes().say("after the run");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "note: after the run\n");
}

TEST_F(NotesTest, OfEarlierProcessesAreTakenOverAndThoseOfEqualInputNotCountedTwice) {
  notes().say("line 3: a key is not used");
  {
    const auto store = open();
    const auto observer = keep(*store);
    observer->notice("t1: left out");
  }
  notes().forget();
  notes().say("line 3: a key is not used");
  notes().say("a note of this process");
  const auto store = open();
  const auto observer = keep(*store);
  observer->notice("t1: left out");
  EXPECT_THAT(told(notes().all()), ElementsAre("line 3: a key is not used x1", "t1: left out x2",
                                               "a note of this process x1"));
}

TEST(NotesText, NamesWhereTheOthersStand) {
  EXPECT_EQ(notes_text({}, "x"), "");
  EXPECT_EQ(notes_text({{"a", 1}, {"b", 3}, {"c", 1}}, "RUN/run.json", 2),
            "\nnotes\n- a\n- b (3 times)\n- and 1 more in RUN/run.json\n");
}

}  // namespace
}  // namespace skillgrad::cli
