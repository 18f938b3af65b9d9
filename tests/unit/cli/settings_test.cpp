// SPDX-License-Identifier: MIT
// The layers of settings: which wins, how each is read, what a run keeps of them.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

static_assert(std::is_same_v<decltype(option<"jobs">), const Key<std::int64_t>>);
static_assert(std::is_same_v<decltype(option<"max_usd">), const Key<double>>);
static_assert(
    std::is_same_v<decltype(option<"batch_seed">), const Key<std::optional<std::int64_t>>>);
static_assert(std::is_same_v<decltype(option<"record">), const Key<std::string>>);
static_assert(std::is_same_v<decltype(option<"roles">), const Key<Json>>);
static_assert(std::is_same_v<decltype(option<"recalc">), const Key<bench::RecalcMode>>);

/// A variable of the environment, for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

class SettingsTest : public testing::Test {
 protected:
  void write_config(const std::string& json) {
    given_.config_file = (dir_.path() / "c.json").string();
    ASSERT_TRUE(write_file_atomic(given_.config_file, json));
  }
  Result<Settings> merge() {
    warnings_.clear();
    return merge_settings(given_, warnings_);
  }
  Settings merged() {
    auto settings = merge();
    EXPECT_TRUE(settings) << settings.error().to_text();
    return settings ? *settings : Settings();
  }

  TempDir dir_ = TempDir::create("settings-test").value();
  GivenOptions given_;
  std::vector<std::string> warnings_;
};

TEST_F(SettingsTest, EachLayerWinsOverThoseBelowAndIsNamedAsTheOrigin) {
  const auto expect = [&](GateChoice gate, const char* origin, bool by_user) {
    const Settings settings = merged();
    EXPECT_EQ(settings.get<"gate">(), gate) << origin;
    EXPECT_THAT(settings.origin<"gate">(), HasSubstr(origin));
    EXPECT_EQ(settings.given<"gate">(), by_user) << origin;
  };
  expect(GateChoice::balanced, "preset default", false);
  given_.flags["preset"] = "paper";
  expect(GateChoice::none, "preset paper", false);
  write_config(R"({"gate":"strict"})");
  expect(GateChoice::strict, "file ", true);
  const Variable variable("SKILLGRAD_GATE", "no-regression");
  expect(GateChoice::no_regression, "environment SKILLGRAD_GATE", true);
  given_.flags["gate"] = "paired";
  expect(GateChoice::paired, "flag --gate", true);
  given_.sets = {"gate=none"};
  expect(GateChoice::none, "--set", true);
}

TEST_F(SettingsTest, APresetLiesBelowTheUsersLayersWhereverItIsAskedFor) {
  write_config(R"({"preset":"paper","keep":"best"})");
  const Settings settings = merged();
  EXPECT_EQ(settings.get<"gate">(), GateChoice::none) << "of the preset";
  EXPECT_EQ(settings.get<"keep">(), KeptSkill::best) << "of the file that asks for it";
}

TEST_F(SettingsTest, WhatNobodySetsIsTheDefaultOfTheTableInTheTypeOfItsRow) {
  const Settings settings = merged();
  EXPECT_EQ(settings.get<"jobs">(), std::int64_t{8});
  EXPECT_EQ(settings.get<"retry_budget">(), 0.2);
  EXPECT_EQ(settings.get<"preflight">(), true);
  EXPECT_EQ(settings.get<"model">(), "");
  EXPECT_EQ(settings.get<"temperature">(), std::nullopt);
  EXPECT_EQ(settings.get<"sandbox">(), exec::SandboxMode::automatic);
  EXPECT_EQ(settings.get<"stages.loss">(), Json({{"name", "grader"}}));
  EXPECT_EQ(settings.origin<"jobs">(), "default");
}

TEST_F(SettingsTest, TextsOfFlagsAreReadByTheTypeOfTheirOption) {
  given_.flags = {{"jobs", "3"},       {"max_usd", "0.5"}, {"temperature", "1"}, {"quiet", "yes"},
                  {"momentum", "off"}, {"seed", "7"},      {"headers", "{}"},    {"model", "7"}};
  const Settings settings = merged();
  EXPECT_EQ(settings.get<"jobs">(), 3);
  EXPECT_EQ(settings.get<"max_usd">(), 0.5);
  EXPECT_EQ(settings.get<"temperature">(), 1.0);
  EXPECT_TRUE(settings.get<"quiet">());
  EXPECT_FALSE(settings.get<"momentum">());
  EXPECT_EQ(settings.get<"headers">(), Json::object());
  EXPECT_EQ(settings.get<"model">(), "7") << "a text stays one, whatever it looks like";
}

TEST_F(SettingsTest, ObjectsOfAFileAreKeysWithDotsUnlessTheKeyItselfTakesAnObject) {
  write_config(R"({"sim":{"slip":0.5},"stages":{"patcher":"command"},
                   "roles":{"judge":{"model":"j"}} /* with comments */})");
  const Settings settings = merged();
  EXPECT_EQ(settings.get<"sim.slip">(), 0.5);
  EXPECT_EQ(settings.get<"stages.patcher">(), Json({{"name", "command"}}))
      << "a name alone will do";
  EXPECT_EQ(settings.get<"roles">(), Json::parse(R"({"judge":{"model":"j"}})"));
}

TEST_F(SettingsTest, ASetReachesIntoAJsonOption) {
  given_.sets = {"roles.judge.model=j", "roles.judge.temperature=0.5",
                 "roles.patcher.model={not json"};
  const Json roles = merged().get<"roles">();
  EXPECT_EQ(roles, (Json{{"judge", {{"model", "j"}, {"temperature", 0.5}}},
                         {"patcher", {{"model", "{not json"}}}}));
}

TEST_F(SettingsTest, WhatCannotBeReadIsRefusedWithWhereAndWhatWasExpected) {
  struct Case {
    const char* what;
    std::map<std::string, std::string> flags;
    std::vector<std::string> sets;
    const char* config;
    const char* says;
    const char* where;
    const char* mend;
  };
  const std::vector<Case> cases = {
      {"type", {{"jobs", "many"}}, {}, "", "expected a whole number", "flag --jobs", "--jobs is:"},
      {"part of a number", {{"seed", "1.5"}}, {}, "", "expected a whole number", "flag --seed", ""},
      {"range", {{"jobs", "0"}}, {}, "", "a value from 1 to 4096", "flag --jobs", ""},
      {"choice",
       {{"gate", "pairde"}},
       {},
       "",
       "one of none, loose, balanced, strict",
       "flag --gate",
       "did you mean \"paired\"?"},
      {"empty path", {{"record", " "}}, {}, "", "a path; leave it out", "flag --record", ""},
      {"key in a file", {}, {}, R"({"max_uds":1})", "unknown key \"max_uds\"", "file ", "max_usd"},
      {"part of a key",
       {},
       {},
       R"({"sim":{"slap":1}})",
       "unknown key \"sim.slap\"",
       "file ",
       "sim.slip"},
      {"null where there must be a value",
       {},
       {},
       R"({"jobs":null})",
       "expected a whole number",
       "file ",
       ""},
      {"set without a value", {}, {"seed"}, "", "expected --set key=value", "--set", ""},
      {"set of an unknown key", {}, {"sede=1"}, "", "unknown key \"sede\"", "--set", "seed"},
      {"set below no object",
       {},
       {"roles.judge=1", "roles.judge.model=j"},
       "",
       "lies below a JSON number",
       "--set",
       "roles.diagnoser.model=NAME"},
      {"empty name", {}, {"roles..model=j"}, "", "an empty name", "--set", ""}};
  for (const auto& given : cases) {
    given_ = {given.flags, given.sets, ""};
    if (given.config[0] != '\0') write_config(given.config);
    const auto settings = merge();
    ASSERT_FALSE(settings) << given.what;
    EXPECT_THAT(settings.error().message, HasSubstr(given.says)) << given.what;
    EXPECT_THAT(settings.error().where, HasSubstr(given.where)) << given.what;
    EXPECT_THAT(settings.error().mend, HasSubstr(given.mend)) << given.what;
  }
}

TEST_F(SettingsTest, AKeyInPlaceOfItsVariableIsRefusedAndNotRepeated) {
  given_.flags["api_key_env"] = "sk-proj-0123456789";
  const auto settings = merge();
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().to_text(), Not(HasSubstr("0123456789")));
  EXPECT_THAT(settings.error().message, HasSubstr("api_key_env"));
}

TEST_F(SettingsTest, AnUnknownVariableIsAWarningWithTheNearestOne) {
  const Variable variable("SKILLGRAD_JOBZ", "3");
  EXPECT_EQ(merged().get<"jobs">(), 8);
  EXPECT_THAT(warnings_, Contains(HasSubstr("SKILLGRAD_JOBZ is ignored; did you mean "
                                            "SKILLGRAD_JOBS?")));
}

TEST_F(SettingsTest, ShowNeitherHeadersNorWhatLooksLikeAKey) {
  given_.flags = {{"headers", R"({"X-Team":"blue","X-Key":{"env":"KEY"}})"},
                  {"extra_body", R"({"api_key":"sk-proj-0123456789abcdef","n":1})"},
                  {"base_url", "https://user:word@host/v1?api-key=secret"}};
  const Settings settings = merged();
  EXPECT_EQ(settings.shown(option<"headers">),
            Json::parse(R"({"X-Team":null,"X-Key":{"env":"KEY"}})"));
  EXPECT_THAT(dump_json(settings.to_json()), Not(HasSubstr("0123456789abcdef")));
  EXPECT_THAT(dump_json(settings.to_json()), Not(HasSubstr("secret")));
  EXPECT_EQ(settings.shown(option<"extra_body">)["n"], 1) << "the rest is shown";
  EXPECT_EQ(settings.get<"extra_body">()["api_key"], "sk-proj-0123456789abcdef") << "and sent";
}

/// A run's configuration as it is kept, with `given` on top when it goes on.
class RestoredSettings : public SettingsTest {
 protected:
  Result<Settings> restore(const GivenOptions& given) {
    const Settings settings = merged();
    SavedSettings saved{settings.to_json(), Json::array(), settings.not_kept()};
    for (const auto& spec : option_table())
      if (settings.given(spec)) saved.chosen.push_back(spec.key);
    return restore_settings(saved, given, [](Settings&) {});
  }
};

TEST_F(RestoredSettings, KeepValuesAndWhoChoseThem) {
  given_.flags = {{"seed", "5"}, {"gate", "strict"}};
  const auto settings = restore({});
  ASSERT_TRUE(settings) << settings.error().to_text();
  EXPECT_EQ(settings->get<"seed">(), 5);
  EXPECT_EQ(settings->get<"gate">(), GateChoice::strict);
  EXPECT_TRUE(settings->given<"seed">());
  EXPECT_FALSE(settings->given<"batch_size">());
}

TEST_F(RestoredSettings, LimitsMayChangeAndWhatDecidesTheResultMayNot) {
  given_.flags = {{"seed", "5"}, {"max_usd", "1"}};
  const auto more = restore({{{"max_usd", "2"}, {"jobs", "2"}}, {}, ""});
  ASSERT_TRUE(more) << more.error().to_text();
  EXPECT_EQ(more->get<"max_usd">(), 2.0);
  EXPECT_TRUE(restore({{{"seed", "5"}}, {}, ""})) << "the same again is no change";

  const auto other = restore({{{"seed", "6"}}, {}, ""});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "seed cannot change when a run goes on: it has 5, got 6");
  const auto file = restore({{}, {}, "c.json"});
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().where, "--config");
}

TEST_F(RestoredSettings, AskForWhatWasNotKept) {
  given_.flags = {{"extra_body", R"({"api_key":"sk-proj-0123456789abcdef"})"}};
  const auto without = restore({});
  ASSERT_FALSE(without);
  EXPECT_THAT(without.error().message, HasSubstr("\"extra_body\" is not known (/api_key)"));
  EXPECT_EQ(without.error().mend, "give --extra-body again");
  const auto again = restore({given_.flags, {}, ""});
  ASSERT_TRUE(again) << again.error().to_text();
  EXPECT_EQ(again->get<"extra_body">()["api_key"], "sk-proj-0123456789abcdef");
}

}  // namespace
}  // namespace skillgrad::cli
