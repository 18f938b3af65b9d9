// SPDX-License-Identifier: MIT
// What doctor says of a recording that is to be replayed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/llm/exchange_store.hpp>

#include "cli/doctor/doctor.hpp"

namespace skillgrad::cli {
namespace {

using testing::HasSubstr;
using State = DoctorRow::State;

class DoctorRecording : public testing::Test {
 protected:
  void record(const std::string& model) {
    const auto store =
        llm::ExchangeStore::open({dir_.path(), llm::StoreUse::record}, clock_, nullptr).value();
    llm::StoredCall call;
    call.request = "{}";
    call.stage = "executor";
    call.model = model;
    call.endpoint = "http://host/v1";
    call.made = {{llm::AttemptOutcome::ok, 200, {}, std::nullopt}};
    call.replies = {{200, {}, "{}", "", 0, ""}};
    ASSERT_TRUE(store->put(std::string(62, 'a') + std::to_string(10 + calls_++), call));
  }
  /// The rows, each as it was shown.
  std::vector<DoctorRow> rows(const std::string& model, const fs::path& dir) {
    GivenOptions given;
    given.flags = {{"replay", dir.string()}};
    if (!model.empty()) given.flags["model"] = model;
    std::vector<std::string> warnings;
    std::vector<DoctorRow> shown;
    DoctorRows rows([&](const DoctorRow& row) { shown.push_back(row); }, {});
    report_ = check_recording(merge_settings(given, warnings).value(), rows);
    EXPECT_EQ(shown.size(), rows.all().size()) << "each is shown as soon as it is there";
    return shown;
  }

  SystemClock clock_;
  TempDir dir_ = TempDir::create("recording-test").value();
  int calls_ = 0;
  EndpointReport report_;
};

TEST_F(DoctorRecording, CountsItsCallsByModelAndEndpoint) {
  record("m");
  record("m");
  const auto found = rows("m", dir_.path());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].state, State::ok);
  EXPECT_EQ(found[0].found, "2 calls: 2 of m at http://host/v1");
  EXPECT_EQ(report_.recording["calls"], 2);
  EXPECT_EQ(report_.recording["endpoints"][0]["model"], "m");
}

TEST_F(DoctorRecording, SaysThatTheModelOfTheCommandIsNotInIt) {
  record("m");
  const auto found = rows("other", dir_.path());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].state, State::weak);
  EXPECT_EQ(found[1].found, "no call of other is recorded");
  EXPECT_EQ(found[1].mend, "--model m");
  for (const char* model : {"", "m", "sim:demo"}) EXPECT_EQ(rows(model, dir_.path()).size(), 1U);
}

TEST_F(DoctorRecording, IsBadWhereNothingCanBePlayed) {
  const auto empty = rows("m", dir_.path());
  ASSERT_EQ(empty.size(), 1U);
  EXPECT_EQ(empty[0].state, State::bad);
  EXPECT_THAT(empty[0].found, HasSubstr("no call is recorded"));
  EXPECT_THAT(empty[0].mend, HasSubstr("--record"));

  const auto missing = rows("m", dir_.path() / "nowhere");
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0].state, State::bad);
  EXPECT_FALSE(missing[0].mend.empty());

  record("m");
  ASSERT_TRUE(
      write_file_atomic(dir_.path() / "aa" / (std::string(62, 'b') + ".json"), "{\"no\":1}"));
  const auto damaged = rows("m", dir_.path());
  EXPECT_EQ(damaged[0].state, State::bad);
  EXPECT_THAT(damaged[0].found, HasSubstr("1 of its files cannot be played"));
  EXPECT_EQ(report_.recording["damaged"].size(), 1U);
}

TEST_F(DoctorRecording, WithAnOutcomeThatNobodyKnowsCannotBePlayed) {
  record("m");
  const auto file = dir_.path() / "aa" / (std::string(60, 'a') + "10.json");
  auto json = read_json(file).value();
  json["made"][0]["outcome"] = "vanished";
  ASSERT_TRUE(write_json(file, json));
  EXPECT_THAT(rows("m", dir_.path())[0].found,
              HasSubstr("\"outcome\" is not the name of an outcome, got \"vanished\""));
}

}  // namespace
}  // namespace skillgrad::cli
