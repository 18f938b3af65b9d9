// SPDX-License-Identifier: MIT
#include "sim/scenario/choosing.hpp"

#include <gtest/gtest.h>

#include "unit/sim/sim_fixture.hpp"

namespace skillgrad::sim {
namespace {

const Json kRules = Json::parse(R"({"queries":[
  {"match":"report","skill":"reports","chance":0.25},
  {"match":"monthly report","skill":"reports","chance":0.1,"words":["every  Month"],"chance_with_words":0.9},
  {"match":"cat","skill":"art","chance":1}]})");

TEST(Choosing, ReadsEveryEntryOfACatalogue) {
  const auto entries = read_catalogue(
      "Use `available_skills`.\n<available_skills>\n<skill>\n<name>\na\n</name>\n<description>\nx\n"
      "</description>\n</skill>\n<skill>\n<name>\nb\n</name>\n<description>\ny z\n</description>\n"
      "</skill>\n</available_skills>");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[1].name + ":" + entries[1].description, "b:y z");
  EXPECT_TRUE(read_catalogue("no catalogue").empty());
  EXPECT_TRUE(read_catalogue("<available_skills>\n</available_skills>").empty());
}

TEST(Choosing, GoesByTheLongestRuleTheDescriptionAndTheName) {
  const auto read = Choosing::read(kRules, "scenario.json/choosing");
  ASSERT_TRUE(read) << read.error().to_text();
  const std::vector<CatalogueEntry> plain = {{"reports", "Writes reports."}};
  const std::vector<CatalogueEntry> worded = {{"reports", "Those of\nevery month, too."}};
  EXPECT_EQ(read->choice("A report", plain).chance, 0.25);
  EXPECT_EQ(read->choice("A monthly report", plain).chance, 0.1);
  EXPECT_EQ(read->choice("A monthly report", worded).chance, 0.9);
  EXPECT_EQ(read->choice("Use the skill reports.", plain).chance, 1);
  EXPECT_EQ(read->choice("Draw a cat", plain).skill, "") << "the skill is not in the catalogue";
  EXPECT_EQ(read->choice("Else", plain).skill, "");
  EXPECT_EQ(read->choice("A report", {}).skill, "");
}

TEST(Choosing, RefusesWhatIsNoRule) {
  for (const char* bad :
       {R"({"queries":{}})", R"({"queries":[{"match":"x","skill":"s","chance":2}]})",
        R"({"queries":[{"match":"","skill":"s","chance":1}]})", R"({"blinds":true})"})
    EXPECT_FALSE(Choosing::read(Json::parse(bad), "c")) << bad;
}

TEST(Choosing, ABlindAgentActivatesNothing) {
  Json scenario = small_scenario();
  scenario["choosing"] = {{"blind", true}};
  const Scenario loaded = ScenarioFolder(scenario).scenario();
  ASSERT_TRUE(loaded.choosing);
  EXPECT_EQ(loaded.choosing->choice("Use the skill reports.", {{"reports", "d"}}).skill, "");
}

}  // namespace
}  // namespace skillgrad::sim
