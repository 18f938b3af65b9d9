// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/help/option_help.hpp"
#include "cli/help/topics.hpp"

namespace skillgrad::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;

TEST(CommandLine, GivesCommandArgumentsOptionsAndOwnFlags) {
  const auto line =
      parse_command_line({"eval", "skill", "-j", "3", "--model=m", "--json", "--trials", "2",
                          "--set", "seed=1", "--set", "limit=2", "--config", "c.json"});
  ASSERT_FALSE(line.error) << line.error->to_text();
  EXPECT_EQ(line.text, "");
  EXPECT_EQ(line.invocation.command, "eval");
  EXPECT_THAT(line.invocation.arguments, ElementsAre("skill"));
  EXPECT_THAT(line.invocation.given.flags,
              UnorderedElementsAre(Pair("jobs", "3"), Pair("model", "m"), Pair("json", "true")));
  EXPECT_THAT(line.invocation.given.sets, ElementsAre("seed=1", "limit=2"));
  EXPECT_EQ(line.invocation.given.config_file, "c.json");
  EXPECT_THAT(line.invocation.local, ElementsAre(Pair("trials", "2")));
}

TEST(CommandLine, KeepsApartWhatIsGivenAsFalseAndWhatIsNotGiven) {
  const auto off = parse_command_line({"optimize", "skill", "--no-momentum"});
  EXPECT_THAT(off.invocation.given.flags, ElementsAre(Pair("momentum", "false")));
  EXPECT_THAT(parse_command_line({"optimize", "skill"}).invocation.given.flags, IsEmpty());
}

TEST(CommandLine, TakesTheLastOfAValueThatIsGivenTwice) {
  const auto line = parse_command_line({"optimize", "s", "--seed", "1", "--seed", "2"});
  EXPECT_THAT(line.invocation.given.flags, ElementsAre(Pair("seed", "2")));
}

TEST(CommandLine, RefusesWithWhatToWriteInstead) {
  struct Case {
    std::vector<std::string> words;
    const char* message;
    const char* mend;
  };
  const std::vector<Case> cases = {
      {{}, "no command is named", "use one of optimize"},
      {{"optimise"}, "unknown command \"optimise\"", "did you mean \"optimize\"?"},
      {{"eval", "s", "--modle", "m"}, "unknown argument \"--modle\"", "did you mean --model?"},
      {{"eval", "s", "--api-key=sk-1"}, "unknown argument \"--api-key\"", "--api-key-env NAME"},
      {{"grade", "--batch", "3"}, "unknown argument \"--batch\"", "lists all flags"},
      {{"optimize"}, "is required", "`skillgrad optimize --help`"},
      {{"eval", "s", "--config", ""}, "got \"\" for --config", "leave --config out"},
      {{"eval", "s", "--config", " "}, "got \"\" for --config", "leave --config out"}};
  for (const auto& given : cases) {
    const auto line = parse_command_line(given.words);
    ASSERT_TRUE(line.error) << given.message;
    EXPECT_EQ(line.error->code, ErrorCode::usage) << given.message;
    EXPECT_THAT(line.error->message, HasSubstr(given.message));
    EXPECT_THAT(line.error->mend, HasSubstr(given.mend)) << given.message;
    EXPECT_EQ(line.error->to_text().find("sk-1"), std::string::npos) << "a key is not repeated";
  }
}

TEST(CommandLine, OfWhatCannotBeParsedStillKnowsThatJsonIsWanted) {
  const auto line = parse_command_line({"eval", "--json", "s", "--nonsense"});
  ASSERT_TRUE(line.error);
  EXPECT_EQ(line.invocation.command, "eval");
  EXPECT_THAT(line.invocation.given.flags, ElementsAre(Pair("json", "true")));
  EXPECT_THAT(parse_command_line({"eval", "s", "--nonsense"}).invocation.given.flags, IsEmpty());
}

TEST(CommandLine, HelpAndVersionAreTextsHoweverTheyAreAskedFor) {
  const auto help = [](const std::vector<std::string>& words) {
    return parse_command_line(words).text;
  };
  EXPECT_EQ(help({"help"}), help({"--help"}));
  EXPECT_EQ(help({"help", "eval"}), help({"eval", "--help"}));
  EXPECT_NE(help({"help", "eval"}), help({"help"}));
  EXPECT_THAT(help({"eval", "--help"}), HasSubstr("Exit codes:"));
  EXPECT_THAT(help({"version"}), StartsWith(std::string("skillgrad ") + SKILLGRAD_VERSION + "\n"));
  EXPECT_EQ(help({"version"}), help({"-V"}));
  EXPECT_EQ(help({"eval", "s"}), "");
}

TEST(CommandLine, ShortHelpShowsFewOptionsAndSaysWhereTheOthersAre) {
  const auto help = [](const std::vector<std::string>& words) {
    return parse_command_line(words).text;
  };
  const std::string few = help({"optimize", "--help"}), all = help({"optimize", "--help-all"});
  EXPECT_THAT(few, HasSubstr("--max-usd"));
  EXPECT_THAT(few, Not(HasSubstr("--retry-budget")));
  EXPECT_THAT(few, HasSubstr("more options: skillgrad optimize --help-all"));
  for (const char* part : {"--max-usd", "--retry-budget", "--sim-weak", "One task:", "Examples:"})
    EXPECT_THAT(all, HasSubstr(part));
  EXPECT_LT(std::count(few.begin(), few.end(), '\n'), 50);
  // An option that is not shown is parsed all the same.
  EXPECT_THAT(parse_command_line({"optimize", "s", "--retry-budget", "1"}).invocation.given.flags,
              ElementsAre(Pair("retry_budget", "1")));
}

TEST(CommandLine, EveryCommonOptionIsOneOfItsCommand) {
  for (const CommandSpec& command : command_table()) {
    for (const std::string_view flag : common_options(command.name)) {
      const auto rows = options_of(command);
      EXPECT_TRUE(std::any_of(rows.begin(), rows.end(),
                              [&](const OptionSpec* row) { return flag == row->flag; }))
          << command.name << " --" << flag;
    }
  }
}

TEST(CommandLine, TopicsAreExplainedAndUnknownOnesNameTheNearest) {
  for (const std::string& name : topic_names()) EXPECT_TRUE(topic_text(name)) << name;
  const auto wrong = topic_text("gate");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().mend, HasSubstr("skillgrad help gates"));
}

}  // namespace
}  // namespace skillgrad::cli
