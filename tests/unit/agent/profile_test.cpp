// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <skillgrad/agent/external.hpp>
#include <skillgrad/core/files.hpp>

#include "agent/external/loading.hpp"
#include "agent/external/placeholders.hpp"
#include "agent/external/staging.hpp"
#include "agent/relay/request_head.hpp"

namespace skillgrad::agent {
namespace {

TEST(AgentProfiles, EveryBuiltInOneIsReadAndHasItsOwnName) {
  EXPECT_EQ(agent_names(), (std::vector<std::string>{"claude-code", "codex", "command", "gemini",
                                                     "opencode", "qwen"}));
  for (const std::string& name : agent_names()) {
    const auto profile = load_agent_profile(name);
    ASSERT_TRUE(profile) << profile.error().to_text();
    EXPECT_EQ(profile->name, name);
    EXPECT_FALSE(profile->skill_folders.empty());
    EXPECT_EQ(profile->hash.size(), 64U);
  }
}

TEST(AgentProfiles, MistakesNameTheirLine) {
  const std::string text =
      "{\n\"schema\":\"skillgrad.agent/1\",\"name\":\"x\",\"program\":\"x\",\"prompt\":\"stdin\",\n"
      "\"skill_folders\":[\".x\"],\"transcript\":\"text\",\n\"arguments\":[\"--model\",\n\"${modle}"
      "\"]\n}";
  const auto read = read_agent_profile(text, "x.json");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().where, "x.json:5");
  EXPECT_EQ(read.error().mend, "did you mean ${model}?");
  EXPECT_EQ(read.error().code, ErrorCode::config);
}

TEST(AgentProfiles, TheHashTellsWhatDecides) {
  const std::string base =
      R"({"schema":"skillgrad.agent/1","name":"x","program":"x","prompt":"stdin","skill_folders":[".x"],"transcript":"text","arguments":["a"])";
  const auto hash = [&](const std::string& more) {
    const auto read = read_agent_profile(base + more + "}", "x");
    EXPECT_TRUE(read) << read.error().to_text();
    return read ? read->hash : std::string();
  };
  EXPECT_EQ(hash(""), hash(R"(,"title":"Another name")"));
  EXPECT_NE(hash(""), hash(R"(,"env":{"A":"b"})"));
  EXPECT_NE(hash(""), hash(R"(,"time_limit_s":5)"));
}

TEST(AgentProfiles, ACommandLineIsReadAsAShellReadsIt) {
  const auto temp = TempDir::create("profile-test");
  ASSERT_TRUE(temp);
  ASSERT_TRUE(write_file_atomic(temp->path() / "agent.py", "x"));
  const auto read = command_profile(R"(python3 agent.py "a b" 'c "d' e\ f --flag)", temp->path());
  ASSERT_TRUE(read) << read.error().to_text();
  const std::string script = (temp->path() / "agent.py").string();
  EXPECT_EQ(read->program, "python3");
  EXPECT_EQ(read->arguments, (std::vector<std::string>{script, "a b", "c \"d", "e f", "--flag"}));
  EXPECT_EQ(read->mounts, (std::vector<std::string>{script}));
  for (const char* bad : {"", "  ", "a 'b", "a ${HOME}"})
    EXPECT_FALSE(command_profile(bad, temp->path())) << bad;
}

TEST(Placeholders, AreFilledAndFound) {
  EXPECT_EQ(fill("a ${x}${y} $z {w}", {{"x", "1"}, {"y", "${x}"}}), "a 1${x} $z {w}");
  EXPECT_EQ(placeholders_in("${a} ${b} ${"), (std::vector<std::string>{"a", "b", ""}));
}

TEST(StagedSkills, AreTakenOutWithWhatWasPutBesideThem) {
  const auto temp = TempDir::create("staging-test");
  ASSERT_TRUE(temp);
  const fs::path work = temp->path() / "work", skill = temp->path() / "skill";
  ASSERT_TRUE(write_file_atomic(skill / "SKILL.md", "x"));
  ASSERT_TRUE(write_file_atomic(work / ".kept/own.txt", "of the task"));
  auto staged = StagedSkill::stage(work, skill, {".agents/skills", ".kept/skills"}, "fruit");
  ASSERT_TRUE(staged) << staged.error().to_text();
  EXPECT_EQ(staged->first(), ".agents/skills/fruit");
  EXPECT_TRUE(fs::exists(work / ".kept/skills/fruit/SKILL.md"));
  ASSERT_TRUE(write_file_atomic(work / ".agents/left.txt", "by the agent"));
  ASSERT_TRUE(staged->take_out());
  EXPECT_EQ(*list_files(work), (std::vector<std::string>{".kept/own.txt"}));
}

TEST(StagedSkills, DoNotOverwriteATasksOwnFiles) {
  const auto temp = TempDir::create("staging-test");
  ASSERT_TRUE(temp);
  const fs::path work = temp->path() / "work", skill = temp->path() / "skill";
  ASSERT_TRUE(write_file_atomic(skill / "SKILL.md", "x"));
  ASSERT_TRUE(write_file_atomic(work / ".agents/skills/fruit/SKILL.md", "of the task"));
  EXPECT_FALSE(StagedSkill::stage(work, skill, {".agents/skills"}, "fruit"));
  fs::create_directory_symlink("/tmp", work / ".claude");
  EXPECT_FALSE(StagedSkill::stage(work, skill, {".claude/skills"}, "fruit"));
}

TEST(Loading, LineNumbersOfReadersAreTakenOff) {
  EXPECT_EQ(without_line_numbers("     1\u2192# A\n     2\u2192b\n"), "# A\nb\n");
  EXPECT_EQ(without_line_numbers("<file>\n00001| # A\n00002| b\n</file>"), "# A\nb\n");
  EXPECT_EQ(without_line_numbers("# A\nb"), "# A\nb");
}

TEST(RequestHeads, TellTunnelsTargetsAndFields) {
  const auto tunnel =
      read_request_head("CONNECT Example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n");
  ASSERT_TRUE(tunnel);
  EXPECT_TRUE(tunnel->connect);
  EXPECT_EQ(tunnel->target, (Authority{"example.com", 443}));
  const auto whole = read_request_head(
      "GET http://h:81/a?b HTTP/1.1\r\nHost: h:81\r\nAccept: x\r\nProxy-Authorization: "
      "y\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->target, (Authority{"h", 81}));
  EXPECT_EQ(whole->path, "/a?b");
  EXPECT_EQ(whole->fields, "Accept: x\r\n");
  const auto path = read_request_head("POST /v1/x HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(path);
  EXPECT_FALSE(path->target);
  for (const char* bad : {"", "GET\r\n\r\n", "GET x HTTP/1.1\r\n\r\n",
                          "CONNECT :443 HTTP/1.1\r\n\r\n", "CONNECT h:0 HTTP/1.1\r\n\r\n",
                          "GET / HTTP/2\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
                          "CONNECT h:99999 HTTP/1.1\r\n\r\n", "CONNECT [::1 HTTP/1.1\r\n\r\n"})
    EXPECT_FALSE(read_request_head(bad)) << bad;
}

TEST(Addresses, AreReadWithTheirPorts) {
  const auto plain = read_address("http://[::1]:8000/v1/");
  ASSERT_TRUE(plain) << plain.error().to_text();
  EXPECT_EQ(to_text(plain->authority), "[::1]:8000");
  EXPECT_EQ(plain->path, "/v1");
  const auto tls = read_address("https://user:pass@API.example.com");
  ASSERT_TRUE(tls);
  EXPECT_TRUE(tls->tls);
  EXPECT_EQ(tls->authority, (Authority{"api.example.com", 443}));
  for (const char* bad : {"", "ftp://x", "http://", "http://a b", "http://h:x"})
    EXPECT_FALSE(read_address(bad)) << bad;
}

}  // namespace
}  // namespace skillgrad::agent
