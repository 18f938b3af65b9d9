// SPDX-License-Identifier: MIT
// Keys stay out of everything that the program writes, although the endpoint echoes them in every
// place and encoding (R4.8, R4.9).
#include <csignal>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

using fault::json_step;
using fault::Step;

const std::string kKey = "canary+k/\"7391zq";
const std::string kTeam = "team+s/\"8462wx";
/// What would show one of them, however encoded: their ends need no escape anywhere, and the
/// base64 texts are those of the whole secret behind 0, 1 and 2 bytes.
const Words kTraces = {"7391zq",
                       "8462wx",
                       "Y2FuYXJ5K2svIjczOTF6c",
                       "NhbmFyeStrLyI3Mzkxen",
                       "jYW5hcnkray8iNzM5MXpx",
                       "dGVhbStzLyI4NDYyd3",
                       "RlYW0rcy8iODQ2Mnd4",
                       "0ZWFtK3MvIjg0NjJ3e"};
/// Keys of others, known by their form.
const Words kForeign = {"sk-proj-Abc123def456ghi789",
                        "gsk_Abc123def456ghi789",
                        "AIzaSyAbc123def456ghi789jkl012mno345pqr",
                        "hf_Abc123def456ghi789",
                        "ghp_Abc123def456ghi789",
                        "Bearer eyJhbGciOi.abc123.def456"};

std::string all_forms() {
  std::string out = "plain " + kKey + " and " + kTeam +
                    " url canary%2Bk%2F%227391zq and team%2bs%2f%228462wx json " +
                    R"(canary+k/\"7391zq)" + " and " + R"(team+s\/\"8462wx)" +
                    " base64 Y2FuYXJ5K2svIjczOTF6cQ== and dGVhbStzLyI4NDYyd3g= in Bearer "
                    "QmVhcmVyIGNhbmFyeStrLyI3MzkxenE=";
  for (const auto& key : kForeign) out += " also " + key;
  return out;
}

/// An agent that repeats every secret wherever it may write something.
Step echo(const fault::Hit& hit) {
  const auto body = parse_json(hit.body, "request");
  Json message = {{"role", "assistant"}, {"content", all_forms()}};
  const bool first = hit.body.find("\"tool_call_id\"") == std::string::npos;
  const auto tools = body ? body->value("tools", Json::array()) : Json::array();
  Json calls = Json::array();
  for (const auto& tool : tools) {
    const std::string name = tool["function"]["name"];
    Json arguments = {{"secret", all_forms()}};
    if (name == "shell")
      arguments = {{"command", "env | sed s/^/ENV:/; cat > answer.txt <<'END'\n" + all_forms() +
                                   "\nEND\ncat answer.txt"}};
    if (name == "write_file")
      arguments = {{"path", "references/notes.md"}, {"content", all_forms()}};
    calls.push_back({{"id", "c" + std::to_string(calls.size())},
                     {"type", "function"},
                     {"function", {{"name", name}, {"arguments", dump_json(arguments)}}}});
  }
  const bool call = first && !calls.empty();
  if (call) message["tool_calls"] = calls;
  message["reasoning_content"] = all_forms();
  const Json reply = {
      {"id", "id-" + kKey},
      {"model", "test-model " + all_forms()},
      {"provider", all_forms()},
      {"system_fingerprint", all_forms()},
      {"choices",
       Json::array({{{"message", message}, {"finish_reason", call ? "tool_calls" : "stop"}}})},
      {"usage", {{"prompt_tokens", 9}, {"completion_tokens", 5}}}};
  return json_step(200, dump_json(reply), {{"x-request-id", kKey}, {"Set-Cookie", "s=" + kTeam}});
}

Step refuse(int status) {
  return json_step(
      status,
      dump_json(
          {{"error",
            {{"message", "wrong key: " + all_forms()}, {"type", all_forms()}, {"code", kKey}}}}),
      {{"x-request-id", kKey}});
}

class Secrets : public testing::Test {
 protected:
  Secrets() : mini_(scratch_) {
    options_.env = {{"OPENAI_API_KEY", kKey + "\n"}, {"TEAM_SECRET", kTeam}};
    server_.handler([](const fault::Hit& hit, std::size_t) { return echo(hit); });
    server_.route(
        "GET /v1/models",
        {json_step(
            200,
            dump_json({{"data", {{{"id", "test-model"}}, {{"id", "other " + all_forms()}}}}}))});
  }
  [[nodiscard]] Words endpoint() const {
    return {"--model",          "test-model", "--base-url",
            server_.base_url(), "--headers",  R"({"X-Team":{"env":"TEAM_SECRET"}})"};
  }
  /// No trace in what was printed, nor in any file below the scratch folder. Keys of others stay
  /// in the files that the agent wrote: its work is not altered.
  void expect_clean(const Outcome& outcome) const {
    const auto look = [&](const std::string& text, const std::string& where) {
      Words needles = kTraces;
      const bool work = where.find("/outputs/") != std::string::npos ||
                        where.find("skillgrad-task") != std::string::npos;
      if (!work) needles.insert(needles.end(), kForeign.begin(), kForeign.end());
      for (const auto& needle : needles) {
        const auto at = text.find(needle);
        EXPECT_EQ(at, std::string::npos)
            << needle << " in " << where << ": ..." << text.substr(at < 80 ? 0 : at - 80, 160);
      }
    };
    look(outcome.out, "stdout");
    look(outcome.err, "stderr");
    for (const auto& [name, text] : tree(scratch_.path())) look(text, name);
  }
  Words optimize(const std::string& name, const Words& more = {}) const {
    return join_words(join_words({"optimize", mini_.skill(), "--run", name, "--batch", "2",
                                  "--max-iters", "1", "--limit", "4"},
                                 endpoint()),
                      more);
  }

  Scratch scratch_;
  Mini mini_;
  fault::Server server_;
  Options options_;
};

TEST_F(Secrets, StayOutOfARunItsEventsItsRecordingAndItsCache) {
  const auto outcome =
      run(scratch_, optimize("r", {"--events", "-", "--record", "cassette", "--cache", "cache"}),
          options_);
  EXPECT_GT(server_.hit_count("POST"), 4U) << outcome;
  EXPECT_FALSE(tree(scratch_.path() / "cassette").empty());
  expect_clean(outcome);
  const auto again = run(scratch_, {"resume", "r", "--json"}, options_);
  expect_clean(again);
}

TEST_F(Secrets, AreNotInTheEnvironmentOfTheAgentsCommands) {
  const auto outcome = run(
      scratch_,
      join_words({"eval", mini_.skill(), "--split", "test", "--limit", "1", "--run", "e", "--json"},
                 endpoint()),
      options_);
  bool shown = false;
  for (const auto& hit : server_.hits()) {
    shown = shown || hit.body.find("ENV:PATH=") != std::string::npos;
    for (const char* name : {"ENV:OPENAI_API_KEY", "ENV:TEAM_SECRET"})
      EXPECT_EQ(hit.body.find(name), std::string::npos) << name;
  }
  EXPECT_TRUE(shown) << "the agent's env was never run\n" << outcome;
  expect_clean(outcome);
}

TEST_F(Secrets, StayOutOfRefusals) {
  server_.handler([](const fault::Hit&, std::size_t) { return refuse(401); });
  const auto stopped = run(scratch_, optimize("r", {"--events", "-"}), options_);
  EXPECT_EQ(stopped.exit_code, 3) << stopped;
  EXPECT_TRUE(holds(stopped.err, {"401", "***"}));
  expect_clean(stopped);
  for (const int status : {400, 404, 429, 500}) {
    server_.handler([status](const fault::Hit&, std::size_t) { return refuse(status); });
    const auto outcome = run(scratch_,
                             join_words({"eval", mini_.skill(), "--split", "test", "--limit", "1",
                                         "--max-time", "3s", "--run", "e" + std::to_string(status)},
                                        endpoint()),
                             options_);
    EXPECT_NE(outcome.exit_code, 0) << outcome;
    expect_clean(outcome);
  }
}

TEST_F(Secrets, StayOutOfWhatDoctorShows) {
  for (const bool json : {false, true}) {
    Words words = join_words({"doctor"}, endpoint());
    if (json) words.emplace_back("--json");
    const auto fine = run(scratch_, words, options_);
    EXPECT_TRUE(holds(fine.out, {"Bearer ***", "***"}));
    expect_clean(fine);
  }
  for (const int status : {401, 404, 400}) {
    server_.handler([status](const fault::Hit&, std::size_t) { return refuse(status); });
    const auto outcome = run(scratch_, join_words({"doctor"}, endpoint()), options_);
    EXPECT_EQ(outcome.exit_code, 3) << outcome;
    expect_clean(outcome);
  }
}

TEST_F(Secrets, StayOutOfJudgedGrades) {
  scratch_.put("tasks.jsonl", R"({"id":"g","input":"Say 42.",)"
                              R"("grader":{"type":"llm-judge","criteria":["says 42"]}})"
                              "\n");
  scratch_.put("answers.jsonl", R"({"task_id":"g","answer":"It is 42."})"
                                "\n");
  server_.handler([](const fault::Hit&, std::size_t) {
    return json_step(
        200,
        fault::chat_body(dump_json(
            {{"verdicts", {{{"criterion", 1}, {"passed", false}, {"evidence", all_forms()}}}}})));
  });
  const Words grade = join_words(
      {"grade", "-b", scratch_ / "tasks.jsonl", "--predictions", scratch_ / "answers.jsonl"},
      endpoint());
  const auto outcome = run(scratch_, grade, options_);
  EXPECT_GT(server_.hit_count("POST"), 0U) << outcome;
  expect_clean(outcome);
  server_.handler([](const fault::Hit&, std::size_t) { return refuse(401); });
  expect_clean(run(scratch_, grade, options_));
}

TEST_F(Secrets, StayOutOfWhatAKilledRunLeaves) {
  Program program(scratch_, optimize("r", {"--record", "cassette"}), options_);
  EXPECT_TRUE(wait_until([&] { return server_.hit_count("POST") > 5; }));
  program.signal(SIGKILL);
  expect_clean(program.wait());
}

TEST_F(Secrets, StayOutOfFilesWhenTheyStandInTheAddress) {
  const std::string key = "urlcanary-7391zq";
  server_.handler([&](const fault::Hit&, std::size_t) {
    return json_step(200, fault::chat_body("The key is " + key + "."), {{"x-request-id", key}});
  });
  const Words words = {
      "eval", mini_.skill(), "--split", "test",       "--limit",
      "1",    "--run",       "u",       "--json",     "--trials",
      "2",    "--model",     "m",       "--base-url", server_.base_url() + "?key=" + key};
  expect_clean(run(scratch_, words, options_));
  ASSERT_FALSE(server_.hits().empty());
  EXPECT_TRUE(holds(server_.hits().back().target, {"?key=" + key}));
  const auto resumed = run(scratch_, {"resume", "u"}, options_);
  expect_clean(resumed);
  EXPECT_EQ(resumed.exit_code, 2) << resumed;
  EXPECT_TRUE(holds(resumed.err, {"--base-url"}));
  const auto again =
      run(scratch_, {"resume", "u", "--base-url", server_.base_url() + "?key=" + key}, options_);
  EXPECT_EQ(again.exit_code, 0) << again;
  expect_clean(again);
}

TEST(Environment, HoldsNoKeyThatACommandOfAnAgentCouldRead) {
  const Scratch scratch;
  fault::Server server;
  server.route("GET /v1/models", {json_step(200, R"({"data":[]})")});
  const std::string look =
      "p=$$; while [ $p -gt 1 ]; do cat -v /proc/$p/environ; p=$(sed -n 's/^PPid:.//p' "
      "/proc/$p/status); done 2>/dev/null; echo looked";
  server.route("POST /v1/chat/completions", [&](const fault::Hit& hit, std::size_t) {
    if (hit.body.find(R"("role":"tool")") != std::string::npos)
      return json_step(200, fault::chat_body("42"));
    return json_step(200, fault::tool_body(R"([{"id":"c1","type":"function","function":{"name":)"
                                           R"("shell","arguments":"{\"command\":\")" +
                                           look + R"(\"}"}}])"));
  });
  scratch.put("t.jsonl", R"({"id":"t","split":"test","input":"Say 42","target":"42"})"
                         "\n");
  Options options;
  options.env = {{"OPENAI_API_KEY", "canary-main-1234567"},
                 {"OTHER_ACCOUNT", "canary-other-7654321"},
                 {"UNUSED_API_KEY", "canary-unused-24680"},
                 {"PLAIN_WORD", "plain-word-stays"}};
  const Outcome outcome =
      run(scratch,
          {"eval", "none", "-b", "t.jsonl", "-m", "m", "--base-url", server.base_url(), "--run",
           "r", "--sandbox", "off", "--set", R"(roles={"judge":{"api_key_env":"OTHER_ACCOUNT"}})"},
          options);
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  const std::string sent = server.hits().back().body;
  EXPECT_NE(sent.find("looked"), std::string::npos) << sent;
  EXPECT_NE(sent.find("plain-word-stays"), std::string::npos) << "the test reads the right place";
  EXPECT_EQ(sent.find("canary"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("***"), std::string::npos) << "the environment was clean, not the request";
  EXPECT_TRUE(holds(outcome.err, {"environment and memory"})) << "what off means";
}

}  // namespace
}  // namespace skillgrad::e2e
