// SPDX-License-Identifier: MIT
#include "cli/help/completion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

/// The candidates without what they are.
std::vector<std::string> offered(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const auto& line : split_lines(completions(words)))
    out.push_back(line.substr(0, line.find('\t')));
  return out;
}

TEST(Completion, OffersCommandsThenTheirOptionsAndTheirWords) {
  EXPECT_THAT(offered({"ca"}), ElementsAre("calibrate"));
  EXPECT_THAT(offered({"optimize", "--gate-"}),
              ElementsAre("--gate-k", "--gate-tolerance", "--gate-stage"));
  EXPECT_THAT(offered({"optimize", "--gate", "st"}), ElementsAre("strict", "stored"));
  EXPECT_THAT(offered({"optimize", "--gate=st"}), ElementsAre("--gate=strict", "--gate=stored"));
  EXPECT_THAT(offered({"eval", "--split", "t"}), ElementsAre("train", "test"));
  EXPECT_THAT(offered({"optimize", "s", "--no-mom"}), ElementsAre("--no-momentum"));
}

TEST(Completion, KnowsModelsKeysRulesTopicsAndSchemas) {
  EXPECT_THAT(offered({"eval", "-m", "sim:"}), Contains("sim:demo"));
  EXPECT_THAT(offered({"eval", "--set", "batch_"}), IsSupersetOf({"batch_size=", "batch_seed="}));
  EXPECT_THAT(offered({"validate", "--explain", "L2-03"}), ElementsAre("L2-03"));
  EXPECT_THAT(offered({"help", "ga"}), ElementsAre("gates"));
  EXPECT_THAT(offered({"schema", "eva"}), ElementsAre("eval"));
  EXPECT_THAT(offered({"benchmark", "s"}), ElementsAre("show", "split"));
}

TEST(Completion, SaysWherePathsAreWanted) {
  EXPECT_THAT(offered({"optimize", ""}), ElementsAre(":dirs"));
  EXPECT_THAT(offered({"optimize", "--config", ""}), ElementsAre(":files"));
  EXPECT_THAT(offered({"optimize", "-b", "spr"}), ElementsAre("spreadsheetbench:", ":files"));
  EXPECT_THAT(offered({"optimize", "skill", ""}), IsEmpty()) << "it takes one skill";
}

TEST(Completion, OfWhatIsNoCommandOffersNothing) {
  EXPECT_THAT(offered({"optimise", ""}), IsEmpty());
  EXPECT_THAT(offered({"optimize", "--no-such", "x", "--gate", "zzz"}), IsEmpty());
  EXPECT_THAT(offered({}), Contains("optimize"));
  EXPECT_THAT(offered({"eval", "--benchmark", "/no/such/file", "--ids", ""}), IsEmpty());
}

TEST(Completion, HasAScriptForEachShell) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell);
    ASSERT_TRUE(script) << shell;
    EXPECT_NE(script->find(kCompletionWord), std::string::npos) << shell;
  }
  const auto wrong = completion_script("csh");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace skillgrad::cli
