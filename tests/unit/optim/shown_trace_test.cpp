// SPDX-License-Identifier: MIT
#include "optim/rollouts/shown_trace.hpp"

#include <gtest/gtest.h>

namespace skillgrad::optim {
namespace {

using Kind = agent::TraceEvent::Kind;

agent::TraceEvent event(Kind kind, std::string role, std::string text) {
  agent::TraceEvent out;
  out.kind = kind;
  out.role = std::move(role);
  out.text = std::move(text);
  return out;
}

TEST(ShownTrace, TaskAndSkillTextStandOnceAndEverythingElseStays) {
  const std::string body = "# Demo\n" + std::string(400, 'b');
  const std::string reference = "# Dates\n" + std::string(400, 'r');
  const std::string activated = body + "\n\n---\nSkill folder: /skills/demo\nFiles in it:\nx.md";
  agent::Trajectory trace;
  trace.events = {event(Kind::message, "system", "You complete one task."),
                  event(Kind::message, "user", "<task>\nSum the column.\n</task>\n"),
                  event(Kind::tool_output, "", activated),
                  event(Kind::tool_output, "", reference + "\n"),
                  event(Kind::tool_output, "", "exit code: 0\n42"),
                  event(Kind::message, "assistant", "Sum the column.")};
  const ShownElsewhere shown{"Sum the column.",
                             "## SKILL.md\n" + body + "\n\n## references/dates.md\n" + reference};
  const auto out = without_shown(trace, shown).events;
  ASSERT_EQ(out.size(), 6u) << "steps keep their numbers";
  EXPECT_EQ(out[0].text, "(the assistant's standing instructions, the same for every task)");
  EXPECT_EQ(out[1].text, "(the task, as shown between the task tags)");
  EXPECT_EQ(out[2].text,
            "(the body, as shown between the skill_loaded tags)\n\n---\nSkill folder: "
            "/skills/demo\nFiles in it:\nx.md");
  EXPECT_EQ(out[3].text, "(skill text, as shown between the skill_loaded tags)");
  EXPECT_EQ(out[4].text, trace.events[4].text);
  EXPECT_EQ(out[5].text, trace.events[5].text);
}

TEST(ShownTrace, SkillTextThatIsShownNowhereElseStays) {
  agent::Trajectory trace;
  trace.events = {event(Kind::tool_output, "", std::string(400, 'o'))};
  EXPECT_EQ(without_shown(trace, {"Sum it.", ""}).events[0].text, trace.events[0].text);
}

}  // namespace
}  // namespace skillgrad::optim
