// SPDX-License-Identifier: MIT
#include "cli/selfcheck/scripted_patcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/selfcheck/world.hpp"

namespace skillgrad::cli {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

/// The check of selfcheck that a patch gives answers away hangs on the lint and on what it is told.
TEST(ScriptedPatcher, ALeakIsRefusedOnlyByALintThatKnowsTheAnswers) {
  const auto skill =
      skill::SkillPackage::from_files("office-notes",
                                      "---\nname: office-notes\ndescription: Writes notes. Use it "
                                      "for notes.\n---\n# Notes\n\nWrite.\n",
                                      {});
  ASSERT_TRUE(skill) << skill.error().to_text();
  ScriptedPatcher patcher([](const optim::PatchInput&) {
    skill::EditOp edit;
    edit.op = "insert_section";
    edit.new_text = "## Answers\n\n- The first is `" + answer_of("train-02") + "`.\n";
    return std::vector{edit};
  });
  optim::PatchInput input;
  input.skill = &*skill;
  input.lint.previous = &*skill;
  input.lint.initial = &*skill;
  const auto blind = patcher.patch(input, {});
  ASSERT_TRUE(blind) << blind.error().to_text();
  EXPECT_THAT(blind->blocking, IsEmpty());
  input.lint.expected = {answer_of("train-02")};
  const auto seen = patcher.patch(input, {});
  ASSERT_TRUE(seen) << seen.error().to_text();
  ASSERT_THAT(seen->blocking, Not(IsEmpty()));
  EXPECT_EQ(seen->blocking.front().rule, "UPD-05");
}

}  // namespace
}  // namespace skillgrad::cli
