// SPDX-License-Identifier: MIT
#include <skillgrad/skill/conflicts.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

using ::testing::HasSubstr;

std::string conflict_skill(const std::string& name, const std::string& description,
                           const std::string& body) {
  return "---\nname: " + name + "\ndescription: " + description + "\n---\n\n# T\n\n" + body + "\n";
}

std::vector<Conflict> conflicts_of(const std::string& first, const std::string& second) {
  auto set = SkillPackage::from_files(
      "skills", "",
      {{"invoices/SKILL.md", {conflict_skill("invoices", "Writes bills for the books.", first)}},
       {"letters/SKILL.md", {conflict_skill("letters", "Talks to customers by post.", second)}}});
  EXPECT_TRUE(set) << (set ? "" : set.error().to_text());
  return set ? conflicts_between(*set) : std::vector<Conflict>();
}

struct RulePair {
  const char *first, *second;
  const char* why;  ///< null: no conflict
};

TEST(Conflicts, AreRulesOnTheSameWordsThatSayDifferentThings) {
  const RulePair table[] = {
      {"- Write dates as `YYYY-MM-DD`.", "Write each date as `DD.MM.YYYY`.",
       "YYYY-MM-DD against DD.MM.YYYY"},
      {"Write dates as YYYY-MM-DD.", "Dates are written as DD.MM.YYYY.",
       "YYYY-MM-DD against DD.MM.YYYY"},
      {"Round every amount to 2 places.", "1. Round amounts to 0 places.", "2 against 0"},
      {"Sort the rows by the first column.", "Sort rows by the last column.", "first against last"},
      {"Keep the total rows of a table.", "Drop total rows of the table.", "keep against drop"},
      {"Print the name of the customer above the table.",
       "Never print the name of the customer above the table.", "the other says not to"},
      // The same in the same words, or of something else.
      {"Write dates as `YYYY-MM-DD`.", "Write each date as `YYYY-MM-DD`.", nullptr},
      {"Write dates as `YYYY-MM-DD`, not `DD.MM.YYYY`.", "Write dates as `YYYY-MM-DD`.", nullptr},
      {"Write dates as `YYYY-MM-DD`.", "Do not write dates as `DD.MM.YYYY`.", nullptr},
      {"Never use the colour `#FF0000`.", "Never use the colour `#00FF00`.", nullptr},
      {"Round amounts to 2 places.", "Give percentages with 1 place behind the point.", nullptr},
      {"Keep the header row.", "Drop empty columns at the end.", nullptr},
      {"Say thank you.", "Write each date as `DD.MM.YYYY`.", nullptr},
      {"```\nwrite date as YYYY-MM-DD\n```", "Write each date as `DD.MM.YYYY`.", nullptr},
      {"## Write dates as YYYY-MM-DD", "Write each date as `DD.MM.YYYY`.", nullptr}};
  for (const RulePair& one : table) {
    const auto found = conflicts_of(one.first, one.second);
    ASSERT_EQ(found.size(), one.why == nullptr ? 0U : 1U) << one.first << " | " << one.second;
    if (one.why == nullptr) continue;
    EXPECT_EQ(found[0].kind, ConflictKind::rule);
    EXPECT_THAT(found[0].why, HasSubstr(one.why)) << one.first;
    EXPECT_EQ(found[0].first.skill, "invoices");
    EXPECT_EQ(found[0].second.skill, "letters");
  }
}

TEST(Conflicts, SayWhereBothSidesStandAndHaveANameOfTheirOwn) {
  const auto found = conflicts_of(
      "Be brief.\n\n- Write the\n  date as `YYYY-MM-DD`. It is short.\n- Write a date as 2024.",
      "Write each date as `DD.MM.YYYY`.");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].slug, "conflict-invoices-letters-date-write");
  EXPECT_EQ(found[1].slug, "conflict-invoices-letters-date-write-2");
  EXPECT_EQ(found[0].first.line, 10);
  EXPECT_EQ(found[0].first.text, "Write the date as `YYYY-MM-DD`.");
  EXPECT_EQ(found[0].second.line, 8);
  EXPECT_THAT(found[0].sentence(), HasSubstr("invoices/SKILL.md:10, letters/SKILL.md:8"));
  const Json json = to_json(found[0]);
  EXPECT_EQ(json["sides"][1]["text"], "Write each date as `DD.MM.YYYY`.");
  EXPECT_EQ(json["kind"], "rule");
}

TEST(Conflicts, AreDescriptionsOfMostlyTheSameWords) {
  const auto with = [](const std::string& first, const std::string& second) {
    auto set = SkillPackage::from_files("skills", "",
                                        {{"a/SKILL.md", {conflict_skill("a", first, "One.")}},
                                         {"b/SKILL.md", {conflict_skill("b", second, "Two.")}}});
    return conflicts_between(set.value());
  };
  const auto found = with("Fills in PDF forms and reads tables from PDF reports.",
                          "Use for PDF reports, their tables and forms that are to be filled.");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, ConflictKind::trigger);
  EXPECT_EQ(found[0].slug, "overlap-a-b");
  EXPECT_EQ(found[0].first.line, 3);
  EXPECT_THAT(found[0].sentence(), HasSubstr("the same requests"));
  EXPECT_TRUE(with("Fills in PDF forms.", "Adds up the columns of a workbook.").empty());
  // To say where the other one is right is how an overlap is mended.
  EXPECT_TRUE(with("Fills in PDF forms; for tables of reports use b.",
                   "Reads tables from reports. A form that is to be filled is for A.")
                  .empty());
}

TEST(Conflicts, OfOneSkillThereAreNone) {
  EXPECT_TRUE(
      conflicts_between(package_with_body("# T\n\nWrite dates as 2024.\n\nWrite dates as YYYY.\n"))
          .empty());
}

}  // namespace
}  // namespace skillgrad::skill
