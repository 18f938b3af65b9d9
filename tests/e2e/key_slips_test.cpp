// SPDX-License-Identifier: MIT
// Keys that stand where they should not, and texts that only look like keys: nothing is shown, and
// nothing that an agent does is altered (R4.7 to R4.9).
#include <csignal>

#include <skillgrad/core/text.hpp>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

using fault::json_step;
using fault::Step;

Json shell_call(const std::string& command) {
  return {{{"id", "c0"},
           {"type", "function"},
           {"function", {{"name", "shell"}, {"arguments", dump_json({{"command", command}})}}}}};
}

/// Runs one command, then answers with its output.
Step run_command(const fault::Hit& hit, const std::string& command) {
  if (hit.body.find("\"tool_call_id\"") == std::string::npos)
    return json_step(200, fault::tool_body(dump_json(shell_call(command))));
  const auto body = parse_json(hit.body, "request");
  return json_step(200, fault::chat_body((*body)["messages"].back()["content"]));
}

class KeySlips : public testing::Test {
 protected:
  KeySlips() {
    scratch_.put("tasks.jsonl", R"({"id":"g","split":"test","input":"Count.","target":"=29=",)"
                                R"("grader":{"type":"contains"}})"
                                "\n"
                                R"({"id":"h","split":"test","input":"Count!","target":"=29=",)"
                                R"("grader":{"type":"contains"}})"
                                "\n");
    server_.handler(
        [this](const fault::Hit& hit, std::size_t) { return run_command(hit, command_); });
  }
  [[nodiscard]] Words eval(const std::string& name, const Words& more = {}) const {
    return join_words({"eval", "none", "-b", "tasks.jsonl", "--split", "test", "--run", name,
                       "--model", "m", "--base-url", server_.base_url(), "-j", "1"},
                      more);
  }
  /// No trace in what was printed, nor in any file but what a test wrote itself.
  void expect_hidden(const Outcome& outcome, const Words& traces) const {
    const auto look = [&](const std::string& text, const std::string& where) {
      for (const auto& trace : traces)
        EXPECT_EQ(text.find(trace), std::string::npos) << trace << " in " << where << ": " << text;
    };
    look(outcome.out, "stdout");
    look(outcome.err, "stderr");
    for (const auto& [name, text] : tree(scratch_.path())) look(text, name);
  }
  [[nodiscard]] Words commands_of(const std::string& run) const {
    Words out;
    for (const auto& [name, text] : tree(scratch_ / run)) {
      if (!name.ends_with("trajectory.jsonl")) continue;
      for (const auto& event : Scratch::lines(text))
        if (event["kind"] == "tool_call") out.push_back(event["text"]);
    }
    return out;
  }

  Scratch scratch_;
  std::string command_ = "u='http://x/?code=200&key=42&t=1'; echo =${#u}=";
  fault::Server server_;
  Options options_{{{"OPENAI_API_KEY", "canary-7391-zq"}}, {}, {}, std::chrono::seconds(90), 0};
};

TEST_F(KeySlips, ACommandThatLooksLikeOneWithAKeyRunsAlikeHoweverItsReplyIsComeBy) {
  const auto live =
      run(scratch_, eval("live", {"--json", "--record", "tape", "--cache", "cache"}), options_);
  ASSERT_EQ(live.exit_code, 0) << live;
  EXPECT_EQ(live.json()["score"], 1.0) << live;
  const Words commands = commands_of("live");
  ASSERT_EQ(commands.size(), 2U);
  EXPECT_TRUE(holds(commands[0], {"?code=200&key=42"}));
  const std::size_t asked = server_.hit_count("POST");
  const auto cached = run(scratch_, eval("cached", {"--json", "--cache", "cache"}), options_);
  const auto replayed = run(scratch_, eval("replayed", {"--json", "--replay", "tape"}));
  EXPECT_EQ(server_.hit_count("POST"), asked);
  EXPECT_EQ(run(scratch_, eval("resumed", {"--max-calls", "1"}), options_).exit_code, 4);
  const auto resumed = run(scratch_, {"resume", "resumed", "--max-calls", "0", "--json"}, options_);
  for (const auto* outcome : {&cached, &replayed, &resumed}) {
    EXPECT_EQ(outcome->exit_code, 0) << *outcome;
    EXPECT_EQ(outcome->json()["score"], 1.0) << *outcome;
  }
  for (const char* run : {"cached", "replayed", "resumed"})
    EXPECT_EQ(commands_of(run), commands) << run;
}

TEST_F(KeySlips, AKeyInASettingIsAskedForAgain) {
  const Words traces = {"AbCd1234EfGh5678", "pa55word-x", "?key=abc"};
  const std::string extra =
      R"({"webhook":"https://x/?key=abc","api_key":"sk-proj-AbCd1234EfGh5678",)"
      R"("deep":[{"password":"pa55word-x"}],"plain":7})";
  const auto stopped =
      run(scratch_, eval("r", {"--extra-body", extra, "--max-calls", "1"}), options_);
  EXPECT_EQ(stopped.exit_code, 4) << stopped;
  EXPECT_TRUE(holds(server_.hits().back().body, traces));
  expect_hidden(stopped, traces);
  const auto bare = run(scratch_, {"resume", "r", "--max-calls", "0"}, options_);
  EXPECT_EQ(bare.exit_code, 2) << bare;
  EXPECT_TRUE(holds(bare.err, {"--extra-body", "not kept"}));
  const std::string other = replace_all(extra, "5678", "9999");
  for (const Words& words :
       {Words{"resume", "r", "--extra-body", other}, eval("r", {"--extra-body", other})}) {
    const auto refused = run(scratch_, words, options_);
    EXPECT_EQ(refused.exit_code, 2) << refused;
    EXPECT_TRUE(holds(refused.err, {"extra_body.api_key"}));
    expect_hidden(refused, {"AbCd1234EfGh9999", "pa55word-x"});
  }
  const auto again =
      run(scratch_, {"resume", "r", "--max-calls", "0", "--extra-body", extra}, options_);
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_TRUE(holds(server_.hits().back().body, traces));
  expect_hidden(again, traces);
  EXPECT_EQ(run(scratch_, eval("r", {"--extra-body", extra}), options_).exit_code, 0);
}

TEST_F(KeySlips, AKeyOnTheCommandLineIsNotShown) {
  const std::string key = "sk-proj-Canary1234567890abc";
  const std::vector<Words> commands = {
      {"eval", "none", "--api-key=" + key},
      {"eval", "none", "--api-key", key},
      {"eval", "none", "--model", "m", "--api-key-env", key},
      {"config", "show", "--api-key-env", key},
      {"config", "show", "--api-key-env", "Canary1234567890abcdefgh"},
      {"config", "show", "--roles", R"({"judge":{"api_key_env":")" + key + R"("}})"},
      {"config", "show", "--extra-body", R"({"api_key":"Canary1234567890abc"})"},
      {"config", "show", "--extra-body", R"({"api_key":"Canary1234567890abc)"},
      {"config", "show", "--headers", R"({"X":"Canary1234567890abc)"},
      {"config", "show", "--roles", R"({"judge":{"headers":"Canary1234567890abc"}})"},
      {"config", "show", "--headers", R"({"X":"Canary1234567890abc"})", "--set",
       "headers.X.env=VAR"}};
  for (const Words& words : commands) {
    const auto outcome = run(scratch_, words, options_);
    expect_hidden(outcome, {"Canary1234567890abc"});
    const bool refused = words.back().find("sk-") != std::string::npos;
    EXPECT_TRUE(!refused || outcome.exit_code == 2) << outcome;
  }
  for (std::size_t i : {0U, 1U})
    EXPECT_TRUE(holds(run(scratch_, commands[i], options_).err, {"--api-key-env NAME"}));
}

TEST_F(KeySlips, AVariableThatWasNamedAndIsNotSetIsASlip) {
  const auto near = run(scratch_, eval("near", {"--api-key-env", "NO_SUCH_KEY"}), options_);
  EXPECT_EQ(near.exit_code, 0) << near;
  EXPECT_TRUE(holds(near.err, {"note: ", "NO_SUCH_KEY"}));
  const Words far = {
      "eval",          "none",       "-b",         "tasks.jsonl",         "--split", "test",
      "--model",       "m",          "--base-url", "http://192.0.2.1/v1", "--run",   "far",
      "--api-key-env", "NO_SUCH_KEY"};
  const auto refused = run(scratch_, far, options_);
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_TRUE(holds(refused.err, {"NO_SUCH_KEY"}));
  const auto silent = run(scratch_, eval("default"));
  EXPECT_EQ(silent.err.find("OPENAI_API_KEY"), std::string::npos) << silent;
}

TEST_F(KeySlips, APlaceholderForAKeyAltersNothing) {
  command_ = "echo =29= > ollama.txt; cat ollama.txt";
  options_.env["OPENAI_API_KEY"] = "ollama";
  const auto outcome = run(scratch_, eval("r", {"--json"}), options_);
  EXPECT_EQ(outcome.json()["score"], 1.0) << outcome;
  EXPECT_TRUE(holds(commands_of("r").at(0), {"ollama.txt"}));
}

TEST_F(KeySlips, AReplyThatRepeatsTheKeyIsSaidToBeAltered) {
  command_ = "echo canary-7391-zq =29=";
  const auto outcome = run(scratch_, eval("r"), options_);
  EXPECT_TRUE(holds(outcome.err, {"repeats a key"}));
  EXPECT_EQ(outcome.err.find("repeats a key"), outcome.err.rfind("repeats a key")) << outcome;
}

TEST_F(KeySlips, ALoginOfAProxyIsNotShown) {
  options_.env["http_proxy"] = "http://user:canary/p@w1234@127.0.0.1:1";
  const auto outcome =
      run(scratch_,
          {"doctor", "--model", "m", "--base-url", "http://192.0.2.1/v1", "--attempt-timeout", "2"},
          options_);
  EXPECT_EQ(outcome.exit_code, 3) << outcome;
  expect_hidden(outcome, {"canary/p", "p@w1234"});
}

TEST_F(KeySlips, ACrashLeavesNoCoreFile) {
  command_ = "sleep 30";
  const Program program(scratch_, eval("r"), options_);
  ASSERT_TRUE(wait_until([&] { return server_.hit_count("POST") > 0; }));
  const auto limits = read_file("/proc/" + std::to_string(program.pid()) + "/limits");
  ASSERT_TRUE(limits.has_value());
  const auto at = limits->find("Max core file size");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(trim(limits->substr(at + 18, 20)).substr(0, 1), "0") << *limits;
}

}  // namespace
}  // namespace skillgrad::e2e
