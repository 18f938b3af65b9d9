// SPDX-License-Identifier: MIT
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/traces/sessions.hpp>

#include "traces/parts/cleaner.hpp"

namespace skillgrad::traces {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Kind = agent::TraceEvent::Kind;

std::string sample(const std::string& name) {
  return read_file(fs::path(SKILLGRAD_SOURCE_DIR) / "tests/data/traces" / name).value();
}

Reading read(const std::string& bytes, const std::string& place = "x.jsonl") {
  return read_text(bytes, place, Redactor());
}

Session only(const Reading& reading) {
  EXPECT_EQ(reading.sessions.size(), 1U);
  return reading.sessions.empty() ? Session() : reading.sessions.front();
}

std::vector<std::string> calls_of(const Session& session) {
  std::vector<std::string> out;
  for (const auto& event : session.trajectory.events)
    if (event.kind == Kind::tool_call) out.push_back(event.name);
  return out;
}

std::vector<std::string> texts_of(const Session& session, Kind kind) {
  std::vector<std::string> out;
  for (const auto& event : session.trajectory.events)
    if (event.kind == kind) out.push_back(event.text);
  return out;
}

TEST(ClaudeCode, IsReadFromItsSessionFile) {
  const Reading reading = read(sample("claude_code.jsonl"));
  const Session session = only(reading);
  EXPECT_EQ(session.format, Format::claude_code);
  EXPECT_EQ(session.own_id, "5f0c-1");
  EXPECT_EQ(session.model, "claude-x");
  EXPECT_EQ(session.request, "Add up the amounts in sales.csv.");
  EXPECT_THAT(session.corrections, ElementsAre("No, the header row is not an amount."));
  EXPECT_EQ(session.final_message, "The sum is 11.");
  EXPECT_THAT(calls_of(session), ElementsAre("Skill", "Bash"));
  EXPECT_THAT(texts_of(session, Kind::reasoning), ElementsAre("Load the skill first."));
  EXPECT_FALSE(session.outcome);
}

TEST(ClaudeCode, TheSkillAndItsTextAreThoseThatTheProgramShowed) {
  const Session session = only(read(sample("claude_code.jsonl")));
  EXPECT_THAT(session.skills, ElementsAre("table-reports"));
  EXPECT_EQ(session.skill_text("table-reports"),
            "## SKILL.md\n# Table reports\n\nRead the header first.\n");
  EXPECT_TRUE(session.loaded("table-reports"));
  EXPECT_FALSE(session.loaded("other"));
}

TEST(ClaudeCode, UsageOfAReplyInSeveralLinesCountsOnce) {
  const Session session = only(read(sample("claude_code.jsonl")));
  EXPECT_EQ(session.usage.input_tokens, 10 + 5 + 100 + 20 + 30);
  EXPECT_EQ(session.usage.cached_tokens, 100);
  EXPECT_EQ(session.usage.output_tokens, 7 + 9 + 4);
}

TEST(ClaudeCode, ResultsThatFailedAreErrors) {
  const Session session = only(read(sample("claude_code.jsonl")));
  const auto& events = session.trajectory.events;
  const auto failed =
      std::find_if(events.begin(), events.end(), [](const auto& event) { return event.is_error; });
  ASSERT_NE(failed, events.end());
  EXPECT_EQ(failed->text, "Traceback: no such file");
  EXPECT_EQ(failed->call_id, "toolu_2");
}

TEST(ClaudeCode, WhatIsNotUsedIsANote) {
  const auto notes = read(sample("claude_code.jsonl")).notes;
  EXPECT_THAT(notes, Contains(HasSubstr("line of a sub-agent")));
  EXPECT_THAT(notes, Contains(HasSubstr("line of type summary")));
  EXPECT_THAT(notes, Contains(HasSubstr("line of type file-history-snapshot")));
  EXPECT_THAT(notes, Contains(HasSubstr("text of the program")));
}

TEST(ClaudeCode, AKeyInACommandIsTakenOut) {
  const Reading reading = read(sample("claude_code.jsonl"));
  EXPECT_EQ(reading.redacted, 1U);
  EXPECT_THAT(only(reading).trajectory.to_json_lines(), Not(HasSubstr("planted")));
}

TEST(Codex, IsReadFromItsRollout) {
  const Session session = only(read(sample("codex.jsonl")));
  EXPECT_EQ(session.format, Format::codex);
  EXPECT_EQ(session.own_id, "019a-2");
  EXPECT_EQ(session.model, "gpt-x-codex");
  EXPECT_EQ(session.request, "Add up the amounts in sales.csv.");
  EXPECT_EQ(session.final_message, "The sum is 12.");
  EXPECT_THAT(calls_of(session), ElementsAre("shell", "shell", "apply_patch"));
  EXPECT_THAT(texts_of(session, Kind::tool_output),
              ElementsAre("# Table reports\n\nRead the header first.", "boom", "Success."));
  EXPECT_EQ(session.usage.input_tokens, 250);
  EXPECT_EQ(session.usage.cached_tokens, 90);
  EXPECT_EQ(session.usage.output_tokens, 20);
}

TEST(Codex, ASkillThatAShellReadIsLoaded) {
  const Session session = only(read(sample("codex.jsonl")));
  EXPECT_THAT(session.skills, ElementsAre("table-reports"));
  EXPECT_THAT(session.skill_text("table-reports"), HasSubstr("Read the header first."));
}

TEST(Codex, AnExitCodeSaysThatACallFailed) {
  const Session session = only(read(sample("codex.jsonl")));
  std::vector<bool> failed;
  for (const auto& event : session.trajectory.events)
    if (event.kind == Kind::tool_output) failed.push_back(event.is_error);
  EXPECT_THAT(failed, ElementsAre(false, true, false));
}

TEST(Codex, OlderRolloutsAreTheItemsAlone) {
  const Reading reading = read(sample("codex_old.jsonl"));
  const Session session = only(reading);
  EXPECT_EQ(session.format, Format::codex);
  EXPECT_EQ(session.own_id, "7f3a-3");
  EXPECT_EQ(session.request, "Count the open records.");
  EXPECT_EQ(session.final_message, "There are 4.");
  EXPECT_THAT(calls_of(session), ElementsAre("shell"));
}

TEST(Messages, AnObjectWithMessagesIsASessionWithItsGrade) {
  const Reading reading = read(sample("messages.json"), "chat.json");
  const Session session = only(reading);
  EXPECT_EQ(session.format, Format::messages);
  EXPECT_EQ(session.own_id, "chat-4");
  EXPECT_EQ(session.request, "Add up the amounts.");
  EXPECT_THAT(session.corrections, ElementsAre("With two decimals, please."));
  EXPECT_EQ(session.final_message, "The sum is 12.00.");
  EXPECT_THAT(calls_of(session), ElementsAre("activate_skill", "run"));
  ASSERT_TRUE(session.outcome);
  EXPECT_EQ(session.outcome->score, 0.5);
  EXPECT_EQ(session.outcome->text, "one of two values is right");
  EXPECT_EQ(session.skill_text("table-reports"),
            "## SKILL.md\n# Table reports\n\nRead the header first.\n");
  EXPECT_THAT(reading.notes, Contains(HasSubstr("image_url")));
  EXPECT_THAT(reading.notes, Contains(HasSubstr("temperature")));
}

TEST(Messages, ShapesOfListsAreTheSame) {
  const std::string list =
      R"([{"role":"user","content":"Add."},{"role":"assistant","content":"12"}])";
  const std::string wrapped = R"({"messages":)" + list + "}";
  struct Case {
    const char* name;
    std::string bytes;
    std::size_t sessions;
  };
  const Case cases[] = {{"an array", list, 1},
                        {"an object", wrapped, 1},
                        {"lines of objects", wrapped + "\n" + wrapped + "\n", 2},
                        {"lines of arrays", list + "\n" + list + "\n", 2},
                        {"an array of objects", "[" + wrapped + "," + wrapped + "]", 2},
                        {"a message a line",
                         "{\"role\":\"user\",\"content\":\"Add.\"}\n"
                         "{\"role\":\"assistant\",\"content\":\"12\"}\n",
                         1}};
  for (const Case& one : cases) {
    const Reading reading = read(one.bytes);
    ASSERT_EQ(reading.sessions.size(), one.sessions) << one.name;
    for (const Session& session : reading.sessions) {
      EXPECT_EQ(session.request, "Add.") << one.name;
      EXPECT_EQ(session.final_message, "12") << one.name;
    }
  }
}

TEST(Messages, SessionsOfOneFileHaveNamesAndHashesOfTheirOwn) {
  const std::string line =
      R"({"messages":[{"role":"user","content":"Add."},{"role":"assistant","content":"12"}]})";
  const Reading reading = read(line + "\n" + line + "\n");
  ASSERT_EQ(reading.sessions.size(), 2U);
  EXPECT_EQ(reading.sessions[0].id, "x.jsonl#1");
  EXPECT_EQ(reading.sessions[1].id, "x.jsonl#2");
  EXPECT_NE(reading.sessions[0].sha256, reading.sessions[1].sha256);
}

TEST(Messages, AGradeOutsideOfItsRangeIsNoGrade) {
  const Reading reading = read(
      R"({"score":7,"messages":[{"role":"user","content":"Add."},{"role":"assistant","content":"12"}]})");
  EXPECT_FALSE(only(reading).outcome);
  EXPECT_THAT(reading.notes, Contains(HasSubstr("grade outside of 0 to 1")));
}

TEST(Atif, IsReadWithItsReward) {
  const Session session = only(read(sample("atif.json"), "trajectory.json"));
  EXPECT_EQ(session.format, Format::atif);
  EXPECT_EQ(session.own_id, "atif-5");
  EXPECT_EQ(session.agent, "terminus");
  EXPECT_EQ(session.request, "Add up the amounts.");
  EXPECT_EQ(session.final_message, "The sum is 12.");
  EXPECT_THAT(calls_of(session), ElementsAre("shell"));
  ASSERT_TRUE(session.outcome);
  EXPECT_EQ(session.outcome->score, 1);
  EXPECT_EQ(session.usage.input_tokens, 110);
  EXPECT_EQ(session.cost_usd, 0.02);
  // A reference alone is no activation.
  EXPECT_THAT(session.skills, IsEmpty());
  EXPECT_EQ(session.skill_text("table-reports"), "## references/sums.md\nSum below the header.\n");
}

TEST(Atif, AnyVersionIsReadAndALaterOneIsSaid) {
  for (const char* version : {"1.0", "1.5", "1.8", "2.0"}) {
    const Reading reading =
        read(replace_all(sample("atif.json"), "ATIF-v1.6", std::string("ATIF-v") + version));
    EXPECT_EQ(reading.sessions.size(), 1U) << version;
    const bool said = std::any_of(reading.notes.begin(), reading.notes.end(), [](const auto& note) {
      return note.find("later version") != std::string::npos;
    });
    EXPECT_EQ(said, std::string(version) == "2.0") << version;
  }
}

TEST(OwnTrajectory, IsReadWithWhatItLoaded) {
  const Session session = only(read(sample("skillgrad.jsonl")));
  EXPECT_EQ(session.format, Format::skillgrad);
  EXPECT_EQ(session.request, "Count the open records.");
  EXPECT_EQ(session.skill_text("table-reports"),
            "## SKILL.md\n# Table reports\n\nRead the header first.\n\n"
            "## references/sums.md\nSum below the header.\n");
}

TEST(BrokenFiles, ABrokenLineIsNamedAndTheRestIsUsed) {
  std::string bytes = sample("skillgrad.jsonl");
  bytes.insert(bytes.find("{\"kind\":\"tool_call\""), "{\"kind\": nonsense\n");
  const Reading reading = read(bytes);
  EXPECT_EQ(reading.sessions.size(), 1U);
  EXPECT_THAT(reading.notes, Contains(HasSubstr("x.jsonl:3: not used: the line is broken")));
  EXPECT_FALSE(only(reading).cut);
}

TEST(BrokenFiles, ANoteAboutABrokenLineShowsNoKey) {
  std::string bytes = sample("skillgrad.jsonl");
  const std::string key = "sk-proj-" + std::string(300, 'A') + "1planted";
  bytes.insert(bytes.find("{\"kind\":\"tool_call\""), "{\"text\": \"" + key + "\" nonsense}\n");
  const Reading reading = read(bytes);
  EXPECT_EQ(reading.sessions.size(), 1U);
  EXPECT_THAT(join(reading.notes, "\n"), HasSubstr("the line is broken"));
  EXPECT_THAT(join(reading.notes, "\n"), Not(HasSubstr("planted")));
  EXPECT_THAT(join(reading.notes, "\n"), Not(HasSubstr("AAAA")));
}

TEST(BrokenFiles, ACutLastLineIsSaidAndFine) {
  std::string bytes = sample("skillgrad.jsonl");
  bytes.resize(bytes.size() - 20);
  const Reading reading = read(bytes);
  EXPECT_EQ(reading.sessions.size(), 1U);
  EXPECT_TRUE(only(reading).cut);
  EXPECT_THAT(reading.notes, Contains(HasSubstr("x.jsonl:7: the last line is cut")));
}

TEST(BrokenFiles, WhatIsNoSessionIsSaid) {
  for (const std::string bytes : {"", "no json", "{}", "[]", "{\"a\":1}\n{\"b\":2}\n", "\xff\xfe",
                                  "[[[[[", "null\n", "{\"role\":\"user\",\"content\":\"Hi\"}\n"}) {
    const Reading reading = read(bytes);
    EXPECT_THAT(reading.sessions, IsEmpty()) << bytes;
    EXPECT_EQ(reading.notes.size(), 1U) << bytes;
  }
}

TEST(BrokenFiles, OddTypesInEveryFieldAreSurvived) {
  for (const char* name : {"claude_code.jsonl", "codex.jsonl", "messages.json", "atif.json"}) {
    const std::string whole = sample(name);
    for (const char* from : {"\"content\":", "\"message\":", "\"payload\":", "\"id\":", "\"role\":",
                             "\"arguments\":", "\"usage\":", "\"steps\":", "\"observation\":"})
      for (const char* to : {"\"x\":", "\"content\":[1,null],\"y\":"})
        static_cast<void>(read(replace_all(whole, from, to)));
  }
}

TEST(Cleaning, SecretsOfManyFormsAreTakenOut) {
  const char* const secrets[] = {
      "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijklmnop",
      "xoxb-123456789012-abcdefghijkl",
      "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"};
  for (const std::string secret : secrets) {
    EXPECT_EQ(redact_pasted_secrets("a " + secret + " b"), "a *** b");
    // What was taken out once stays as it is.
    EXPECT_EQ(redact_pasted_secrets(redact_pasted_secrets("a " + secret + " b")), "a *** b");
  }
  EXPECT_EQ(redact_pasted_secrets("export DB_PASSWORD=hunter2hunter2 && run"),
            "export DB_PASSWORD=*** && run");
  EXPECT_EQ(redact_pasted_secrets(R"({"api_key": "a1b2c3d4e5f6"})"), R"({"api_key": "***"})");
}

TEST(Cleaning, OrdinaryTextStaysAsItIs) {
  for (const std::string text :
       {"primary_key=id", "the password: see below", "api_key = os.environ[\"KEY\"]",
        "token_count: 12", "sort(key=lambda row: row[1])", "secret == other", "max_token=128",
        "password = getpass()"})
    EXPECT_EQ(redact_pasted_secrets(text), text);
}

TEST(Cleaning, AConfiguredSecretIsTakenOutOfEveryPart) {
  const Redactor redactor({Secret("correct-horse-battery")});
  const std::string secret = "correct-horse-battery";
  for (const char* name :
       {"claude_code.jsonl", "codex.jsonl", "messages.json", "atif.json", "skillgrad.jsonl"}) {
    std::string bytes = sample(name);
    for (const char* word : {"Add up", "Count the", "The sum", "There are", "Read the header",
                             "5f0c-1", "019a-2", "header row", "decimals"})
      bytes = replace_all(bytes, word, secret + std::string(word));
    const Reading reading = read_text(bytes, secret + ".jsonl", redactor);
    ASSERT_EQ(reading.sessions.size(), 1U) << name;
    const Session& session = reading.sessions.front();
    std::string all = session.id + session.own_id + session.request + session.final_message +
                      session.trajectory.to_json_lines() + join(session.corrections, " ") +
                      join(reading.notes, " ");
    for (const auto& [skill, text] : session.skill_texts) all += skill + text;
    EXPECT_THAT(all, Not(HasSubstr(secret))) << name;
    EXPECT_GT(reading.redacted, 2U) << name;
  }
}

}  // namespace
}  // namespace skillgrad::traces
