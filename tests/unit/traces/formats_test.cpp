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

/// A recording of ours below tests/data/traces/recorded, by what its name holds.
std::string recorded(const std::string& part) {
  const fs::path root = fs::path(SKILLGRAD_SOURCE_DIR) / "tests/data/traces/recorded";
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.path().filename().string().find(part) != std::string::npos)
      return read_file(entry.path()).value();
  ADD_FAILURE() << "no recording " << part;
  return {};
}

TEST(Codex, ARolloutOf0171IsReadWithWhatItsCommandsPrinted) {
  const Reading reading = read(recorded("3029-c255-7ea1"));
  const Session session = only(reading);
  EXPECT_EQ(session.format, Format::codex);
  EXPECT_EQ(session.own_id, "01a23029-c255-7ea1-820b-7405dab0deed");
  EXPECT_EQ(session.model, "sim:demo");
  EXPECT_TRUE(session.request.starts_with("The table january_expenses.csv lists records"));
  EXPECT_TRUE(session.request.ends_with("to answer.txt."));
  EXPECT_THAT(calls_of(session), ElementsAre("exec_command", "exec_command"));
  EXPECT_EQ(session.usage.input_tokens, 21854);
  EXPECT_EQ(session.usage.output_tokens, 197);
  // The skill was read by a pattern, and what was printed names it.
  EXPECT_THAT(session.skills, ElementsAre("table-reports"));
  EXPECT_TRUE(session.skill_text("table-reports").starts_with("## SKILL.md\n---\nname: table"));
  EXPECT_THAT(session.skill_text("table-reports"), HasSubstr("An empty line at the end"));
  for (const std::string& text : texts_of(session, Kind::tool_output)) {
    EXPECT_THAT(text, Not(HasSubstr("Chunk ID")));
    EXPECT_THAT(text, Not(HasSubstr("Wall time")));
  }
  // Of what it holds only this is of no use.
  for (const std::string& note : reading.notes)
    EXPECT_TRUE(note.find("encrypted reasoning") != std::string::npos ||
                note.find("text of the program") != std::string::npos)
        << note;
}

TEST(Codex, TheHeadOfACommandsOutputSaysWhetherItFailed) {
  struct Case {
    const char* output;
    const char* text;
    bool failed;
  };
  const Case cases[] = {
      {"Chunk ID: a1\nWall time: 0.1 seconds\nProcess exited with code 2\nOutput:\nboom", "boom",
       true},
      {"Exit code: 0\nWall time: 1 seconds\nOutput:\n12\n", "12\n", false},
      {"Exit code: 1\nWall time: 1 seconds\nTotal output lines: 9\nOutput:\n", "", true},
      {"Chunk ID: a\nWall time: 0.0 seconds\nProcess running with session ID 4\nOutput:\nx", "x",
       false},
      // What a program printed itself stays as it is.
      {"Output:\n12", "Output:\n12", false},
      {"Exit code: 1", "Exit code: 1", false},
      {"a\nb\nOutput:\nc", "a\nb\nOutput:\nc", false}};
  for (const Case& one : cases) {
    const Json output = {
        {"type", "response_item"},
        {"payload", {{"type", "function_call_output"}, {"call_id", "c"}, {"output", one.output}}}};
    const Session session = only(read(
        R"({"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"Add."}]}})"
        "\n"
        R"({"type":"response_item","payload":{"type":"function_call","name":"exec_command","arguments":"{}","call_id":"c"}})"
        "\n" +
        dump_json(output) + "\n"));
    const auto& last = session.trajectory.events.back();
    EXPECT_EQ(last.text, one.text) << one.output;
    EXPECT_EQ(last.is_error, one.failed) << one.output;
  }
}

TEST(Opencode, AnExportOf118IsRead) {
  const Reading reading = read(recorded("ses_dcfd62aafffe"));
  const Session session = only(reading);
  EXPECT_EQ(session.format, Format::opencode);
  EXPECT_EQ(session.own_id, "ses_dcfd62aafffe7v31MTk0qZkQqq");
  EXPECT_EQ(session.agent, "opencode");
  EXPECT_EQ(session.model, "sim:demo");
  // It puts the request between quotes, which the user did not write.
  EXPECT_TRUE(session.request.starts_with("The workbook travel_costs.xlsx lists"));
  EXPECT_TRUE(session.request.ends_with("to answer.txt."));
  EXPECT_THAT(calls_of(session), ElementsAre("bash", "bash", "bash"));
  EXPECT_EQ(session.usage.input_tokens, 32498);
  EXPECT_EQ(session.usage.output_tokens, 282);
  EXPECT_EQ(session.usage.calls, 4);
  EXPECT_THAT(session.skills, ElementsAre("table-reports"));
  EXPECT_THAT(session.skill_text("table-reports"), HasSubstr("## references/xlsx.md\n"));
  EXPECT_THAT(reading.notes, IsEmpty());
}

TEST(Opencode, ItsSkillToolErrorsThoughtsAndQuotesAreRead) {
  const Reading reading = read(sample("opencode.json"));
  const Session session = only(reading);
  EXPECT_EQ(session.request, "Add up the \"amounts\" in sales.csv.");
  EXPECT_THAT(session.corrections, ElementsAre("\"Total\" is no record."));
  EXPECT_EQ(session.final_message, "The sum is 12.");
  EXPECT_THAT(calls_of(session), ElementsAre("skill", "bash", "bash", "read"));
  EXPECT_THAT(texts_of(session, Kind::reasoning), ElementsAre("Load the skill first."));
  EXPECT_EQ(session.skill_text("table-reports"),
            "## SKILL.md\n# Table reports\n\nRead the header first.\n\n"
            "## references/sums.md\nSum below the header.\n");
  std::vector<bool> failed;
  for (const auto& event : session.trajectory.events)
    if (event.kind == Kind::tool_output) failed.push_back(event.is_error);
  EXPECT_THAT(failed, ElementsAre(false, true, true, false));
  EXPECT_EQ(session.usage.input_tokens, 10 + 90 + 5 + 20);
  EXPECT_EQ(session.usage.cached_tokens, 90);
  EXPECT_EQ(session.usage.output_tokens, 7 + 3 + 4);
  EXPECT_EQ(session.cost_usd, 0.25);
  EXPECT_THAT(texts_of(session, Kind::error), ElementsAre("APIError: Overloaded"));
  EXPECT_THAT(join(reading.notes, "\n"), HasSubstr("text of the program in the user's name"));
  EXPECT_THAT(join(reading.notes, "\n"), HasSubstr("part of type patch"));
  EXPECT_THAT(join(reading.notes, "\n"), HasSubstr("summary of a compaction"));
}

TEST(Opencode, QuotesThatTheUserWroteStay) {
  for (const std::string text : {R"("a" and "b")", R"("word")", R"(say "a b")", "\"", "\"\""}) {
    const Json session = {
        {"info", {{"id", "s"}}},
        {"messages",
         {{{"info", {{"role", "user"}}}, {"parts", {{{"type", "text"}, {"text", text}}}}},
          {{"info", {{"role", "assistant"}}}, {"parts", {{{"type", "text"}, {"text", "12"}}}}}}}};
    EXPECT_EQ(only(read(dump_json(session))).request, text);
  }
}

TEST(Skills, APatternReadsThoseThatWerePrinted) {
  const std::string printed =
      "---\nname: one\ndescription: x\n---\n\n# One\n---\nname: \"two\"\n---\n# Two\n";
  const auto session_of = [](const std::string& command, const std::string& output) {
    const Json lines[] = {
        {{"role", "user"}, {"content", "Add."}},
        {{"role", "assistant"},
         {"content", nullptr},
         {"tool_calls",
          {{{"id", "c"},
            {"function", {{"name", "bash"}, {"arguments", dump_json({{"command", command}})}}}}}}},
        {{"role", "tool"}, {"tool_call_id", "c"}, {"content", output}}};
    std::string out;
    for (const Json& line : lines) out += dump_json(line) + "\n";
    return only(read(out));
  };
  EXPECT_THAT(session_of("cat .agents/skills/*/SKILL.md", printed).skills,
              ElementsAre("one", "two"));
  EXPECT_EQ(session_of("cat $d/SKILL.md", printed).skill_text("two"),
            "## SKILL.md\n---\nname: \"two\"\n---\n# Two\n");
  // What only mentions one, or prints another file, loads none.
  EXPECT_THAT(session_of("ls */SKILL.md", "one/SKILL.md\n" + printed).skills, IsEmpty());
  EXPECT_THAT(session_of("cat notes.md", printed).skills, IsEmpty());
  EXPECT_THAT(session_of("cat */SKILL.md", "---\nname: one\nno end").skills, IsEmpty());
}

TEST(Skills, NumbersOfLinesAndWhatAToolPutsAroundAFileAreNoPartOfIt) {
  const auto text_of = [](const std::string& output) {
    const Json calls = {
        {"calls",
         {{{"id", "c"},
           {"function",
            {{"name", "read"},
             {"arguments", "{\"filePath\":\"/w/.claude/skills/one/SKILL.md\"}"}}}}}}};
    const Json lines[] = {
        {{"role", "user"}, {"content", "Add."}},
        {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", calls["calls"]}},
        {{"role", "tool"}, {"tool_call_id", "c"}, {"content", output}}};
    std::string out;
    for (const Json& line : lines) out += dump_json(line) + "\n";
    return only(read(out)).skill_text("one");
  };
  const std::string want = "## SKILL.md\n# One\n\ntext\n";
  for (const char* shown : {"     1→# One\n     2→\n     3→text\n", "1\t# One\n2\t\n3\ttext",
                            "<file>\n00001| # One\n00002| \n00003| text\n</file>",
                            "<content>\n1: # One\n2: \n3: text\n</content>", "# One\n\ntext\n"})
    EXPECT_EQ(text_of(shown), want) << shown;
  EXPECT_EQ(text_of("# One\n\n1: a\n2: b\n\nrest\n"), "## SKILL.md\n# One\n\n1: a\n2: b\n\nrest\n");
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
  for (const char* name :
       {"claude_code.jsonl", "codex.jsonl", "opencode.json", "messages.json", "atif.json"}) {
    const std::string whole = sample(name);
    for (const char* from : {"\"content\":", "\"message\":", "\"payload\":", "\"id\":", "\"role\":",
                             "\"arguments\":", "\"usage\":", "\"steps\":", "\"observation\":",
                             "\"parts\":", "\"info\":", "\"state\":", "\"tokens\":"})
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
  for (const char* name : {"claude_code.jsonl", "codex.jsonl", "opencode.json", "messages.json",
                           "atif.json", "skillgrad.jsonl"}) {
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
