// SPDX-License-Identifier: MIT
// `skillgrad doctor` at endpoints that are wrong in one way each: every failing row names what
// mends it, and the exit code is 3.
#include <algorithm>
#include <csignal>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

using fault::json_step;
using fault::Step;

const std::string kCalls = R"([{"id":"c1","type":"function","function":{"name":"activate_skill",)"
                           R"("arguments":"{\"skill\":\"probe\"}"}}])";
const Step kModels = json_step(200, R"({"data":[{"id":"test-model"},{"id":"llama4"}]})");
const Step kNone = json_step(404, R"({"error":"not found"})");

class DoctorAtEndpoint : public testing::Test {
 protected:
  DoctorAtEndpoint() {
    server_.handler([](const fault::Hit&, std::size_t) { return kNone; });
    server_.route("GET /v1/models", {kModels});
    chat({json_step(200, fault::tool_body(kCalls))});
  }
  void chat(std::vector<Step> steps) {
    server_.route("POST /v1/chat/completions", std::move(steps));
  }
  Json ask(const Words& more = {}, Options options = {}) {
    const Words words = {"doctor",     "--json",     "--model",
                         "test-model", "--base-url", server_.base_url()};
    options.env["PATH"] = "/nonexistent";  // looking for the graders' programs takes seconds
    outcome_ = run(scratch_, join_words(words, more), options);
    return outcome_.json();
  }
  static Json row(const Json& report, const std::string& check) {
    for (const auto& item : report["checks"])
      if (item["check"] == check) return item;
    ADD_FAILURE() << "no row \"" << check << "\" in " << report.dump(1);
    return {};
  }
  /// The row that is wrong; its mend holds these words.
  void expect_bad(const std::string& check, const Words& mend, const Words& more = {},
                  const Options& options = {}) {
    const Json report = ask(more, options);
    EXPECT_EQ(outcome_.exit_code, 3) << outcome_;
    EXPECT_FALSE(report["ok"].get<bool>());
    const Json found = row(report, check);
    EXPECT_EQ(found["state"], "BAD") << outcome_;
    EXPECT_TRUE(holds(found["mend"].get<std::string>(), mend)) << found.dump(1);
  }

  Scratch scratch_;
  fault::Server server_;
  Outcome outcome_;
};

TEST_F(DoctorAtEndpoint, ShowsTheFinalAddressTheRequestAndWhichCallsCameBack) {
  Options options;
  options.env["OPENAI_API_KEY"] = "canary-key-51973";
  const Json report = ask({"--headers", R"({"X-Team":"canary-team-77"})"}, options);
  const Json endpoint = report["endpoints"].at(0);
  EXPECT_EQ(row(report, "endpoint")["found"], server_.base_url() + "/chat/completions");
  EXPECT_EQ(row(report, "tool calling")["state"], "ok");
  EXPECT_TRUE(holds(row(report, "tool calling")["found"].get<std::string>(), {"native"}));
  EXPECT_TRUE(holds(row(report, "request")["found"].get<std::string>(),
                    {"chat completions", "max_tokens", "not streamed", "Authorization", "null"}));
  EXPECT_TRUE(holds(row(report, "headers")["found"].get<std::string>(),
                    {"Authorization: Bearer ***", "X-Team: ***", "User-Agent: skillgrad/"}));
  EXPECT_EQ(endpoint["tool_calls"], "native");
  EXPECT_EQ(endpoint["request"]["cap_field"], "max_tokens");
  EXPECT_TRUE(endpoint["request"]["content_of_tool_turns"].is_null());
  EXPECT_EQ(endpoint["roles"].size(), 5U);
  EXPECT_EQ(outcome_.out.find("canary"), std::string::npos);
  EXPECT_EQ(server_.hit_count("POST"), 1U);
}

TEST_F(DoctorAtEndpoint, SaysThatCallsStandInTheText) {
  chat({json_step(200, fault::chat_body("<tool_call>{\"name\":\"activate_skill\",\"arguments\":{"
                                        "\"skill\":\"probe\"}}</tool_call>"))});
  const Json report = ask();
  EXPECT_EQ(report["endpoints"].at(0)["tool_calls"], "text");
  EXPECT_EQ(row(report, "tool calling")["state"], "weak");
  EXPECT_TRUE(holds(row(report, "tool calling")["mend"].get<std::string>(),
                    {"--enable-auto-tool-choice", "--tool-call-parser", "--jinja"}));
}

TEST_F(DoctorAtEndpoint, SaysThatACallInTheTextCannotBeRead) {
  chat({json_step(200, fault::chat_body(R"(functions.shell:0{"command":"echo"})"))});
  const Json report = ask();
  EXPECT_EQ(report["endpoints"].at(0)["tool_calls"], "none");
  EXPECT_TRUE(holds(row(report, "tool calling")["found"].get<std::string>(),
                    {"call in the text", "functions.shell:0"}));
  EXPECT_TRUE(
      holds(row(report, "tool calling")["mend"].get<std::string>(), {"--tool-call-parser"}));
}

TEST_F(DoctorAtEndpoint, SaysWhatTheFirstCallTaught) {
  chat({json_step(400, R"({"error":{"message":"Unsupported parameter: 'max_tokens' is not )"
                       R"(supported with this model. Use 'max_completion_tokens' instead.",)"
                       R"("param":"max_tokens","code":"unsupported_parameter"}})"),
        json_step(200, fault::tool_body(kCalls))});
  const Json report = ask();
  ASSERT_EQ(report["endpoints"].at(0)["request_changes"].size(), 1U);
  EXPECT_TRUE(holds(row(report, "changed")["found"].get<std::string>(), {"max_completion_tokens"}));
}

TEST_F(DoctorAtEndpoint, AnEndpointWithoutToolCallingNamesTheServersFlags) {
  const Words flags = {"--enable-auto-tool-choice", "--tool-call-parser", "--jinja"};
  chat({json_step(200, fault::chat_body("I cannot call tools."))});
  expect_bad("tool calling", flags);
  chat({json_step(400, R"({"object":"error","message":"\"auto\" tool choice requires )"
                       R"(--enable-auto-tool-choice and --tool-call-parser to be set",)"
                       R"("type":"BadRequestError","param":null,"code":400})")});
  expect_bad("tool calling", flags);
  chat({json_step(500, R"({"error":{"code":500,"message":"tools param requires --jinja flag",)"
                       R"("type":"server_error"}})")});
  expect_bad("tool calling", flags);
  chat({json_step(400, R"({"error":{"message":"registry.ollama.ai/library/x does not support )"
                       R"(tools","type":"api_error"}})")});
  expect_bad("tool calling", flags);
}

TEST_F(DoctorAtEndpoint, AReplyThatTheOutputCapLeftEmptyAsksForMore) {
  chat({json_step(200, R"({"model":"test-model","choices":[{"message":{"content":""},)"
                       R"("finish_reason":"length"}],"usage":{"prompt_tokens":9,)"
                       R"("completion_tokens":50,"completion_tokens_details":)"
                       R"({"reasoning_tokens":50}}})")});
  expect_bad("tool calling", {"--max-output-tokens 400"}, {"--max-output-tokens", "50"});
}

TEST_F(DoctorAtEndpoint, ARecordingIsReadAndNothingIsSent) {
  const std::string missing = scratch_ / "cas";
  expect_bad("recording", {"--record"}, {"--replay", missing});
  const std::string call = R"({"schema":"skillgrad.exchange/1","stage":"executor","model":"m",)"
                           R"("endpoint":"http://host/v1/chat/completions",)"
                           R"("replies":[{"body":"{}"}]})";
  fs::create_directories(scratch_.path() / "cas" / "ab");
  scratch_.put("cas/ab/1.json", call);
  const Json report = ask({"--replay", missing});
  EXPECT_EQ(row(report, "recording")["state"], "ok");
  EXPECT_TRUE(holds(row(report, "recording")["found"].get<std::string>(),
                    {"1 of m at http://host/v1/chat/completions"}));
  EXPECT_TRUE(holds(row(report, "model")["mend"].get<std::string>(), {"--model m"}));
  EXPECT_EQ(report["recording"]["endpoints"].at(0)["model"], "m");
  scratch_.put("cas/ab/2.json", "{\"schema\":");
  expect_bad("recording", {"--record"}, {"--replay", missing});
  EXPECT_TRUE(holds(outcome_.out, {"2.json"}));
  EXPECT_EQ(server_.hit_count(), 0U);
}

TEST_F(DoctorAtEndpoint, WhatItDoesNotUseItDoesNotTake) {
  for (const char* flag : {"--record", "--cache", "--events", "--refresh", "--max-calls"}) {
    const auto outcome = run(scratch_, {"doctor", flag, "x"});
    EXPECT_EQ(outcome.exit_code, 2) << flag;
    EXPECT_TRUE(holds(outcome.err, {flag})) << outcome;
  }
  EXPECT_FALSE(scratch_.has("x"));
}

TEST_F(DoctorAtEndpoint, AFolderThatIsYetToBeMadeLiesOnADisk) {
  EXPECT_EQ(row(ask({"--run", "new"}), "disk")["state"], "ok") << outcome_;
  EXPECT_EQ(row(ask({"--run", "new/er"}), "disk")["state"], "ok") << outcome_;
}

TEST_F(DoctorAtEndpoint, AWrongAddressGetsTheUsualForm) {
  const std::string wrong = server_.origin() + "/api";
  const Json report =
      run(scratch_, {"doctor", "--json", "--model", "m", "--base-url", wrong}).json();
  EXPECT_EQ(row(report, "call")["state"], "BAD");
  EXPECT_TRUE(
      holds(row(report, "call")["mend"].get<std::string>(), {server_.origin() + "/api/v1"}));
  chat({fault::text_step(200, "text/html", "<!doctype html><title>Sign in</title>")});
  expect_bad("call", {"--base-url", "/v1"});
}

TEST_F(DoctorAtEndpoint, AWrongKeyAndNoKeyAreToldApart) {
  const Step refusal = json_step(401, R"({"error":{"message":"Incorrect API key"}})");
  chat({refusal});
  expect_bad("call", {"no key was sent", "OPENAI_API_KEY", "--api-key-env"});
  Options options;
  options.env["OPENAI_API_KEY"] = "some-wrong-key";
  expect_bad("call", {"--api-key-env", "accepts"}, {}, options);
}

TEST_F(DoctorAtEndpoint, AnUnknownModelListsWhatIsOffered) {
  chat({json_step(404, R"({"error":{"message":"model 'test-model' not found"}})")});
  expect_bad("model", {"--model", "llama4"});
}

TEST_F(DoctorAtEndpoint, ARefusedConnectionAsksWhetherTheServerRuns) {
  std::string dead;
  {
    const fault::Server closed;
    dead = closed.base_url();
  }
  const auto outcome = run(scratch_, {"doctor", "--json", "--model", "m", "--base-url", dead});
  EXPECT_EQ(outcome.exit_code, 3);
  const Json found = row(outcome.json(), "endpoint");
  EXPECT_EQ(found["state"], "BAD");
  EXPECT_TRUE(holds(found["mend"].get<std::string>(), {"is the server running?"}));
}

TEST_F(DoctorAtEndpoint, TlsAtAPlainPortAndADeadProxyNameTheMend) {
  const std::string host = "127.0.0.1:" + std::to_string(server_.port());
  server_.handler(
      [](const fault::Hit&, std::size_t) { return fault::drop_step(fault::End::close); });
  const Json tls =
      run(scratch_, {"doctor", "--json", "--model", "m", "--base-url", "https://" + host + "/v1"})
          .json();
  EXPECT_EQ(row(tls, "endpoint")["state"], "BAD");
  EXPECT_TRUE(holds(row(tls, "endpoint")["mend"].get<std::string>(), {"http://"}));
  Options options;
  {
    const fault::Server closed;
    options.env["https_proxy"] = closed.origin();
  }
  const Json proxy =
      run(scratch_,
          {"doctor", "--json", "--model", "m", "--base-url", "https://endpoint.invalid/v1"},
          options)
          .json();
  EXPECT_EQ(row(proxy, "endpoint")["state"], "BAD");
  EXPECT_TRUE(holds(row(proxy, "endpoint")["mend"].get<std::string>(), {"proxy", "NO_PROXY"}));
}

TEST_F(DoctorAtEndpoint, ASilentEndpointIsGivenUpInTime) {
  Step silent = json_step(200, "");
  silent.status_line.clear();
  silent.chunks.clear();
  silent.end = fault::End::hang;
  server_.route("GET /v1/models", {silent});
  chat({silent});
  expect_bad("call", {"check that the server answers"}, {"--attempt-timeout", "1"});
  EXPECT_LT(outcome_.seconds, 20);
  EXPECT_EQ(server_.hit_count("POST"), 1U) << "one minute is enough";
}

TEST_F(DoctorAtEndpoint, AListThatFailsDecidesNothing) {
  Step silent = fault::raw_step("", fault::End::hang);
  for (const Step& step : {json_step(403, R"({"error":{"message":"Missing scopes"}})"),
                           json_step(502, "{}"), silent}) {
    server_.route("GET /v1/models", {step});
    const Json report = ask({"--attempt-timeout", "1"});
    EXPECT_EQ(row(report, "models")["state"], "weak") << outcome_;
    EXPECT_EQ(row(report, "tool calling")["state"], "ok") << outcome_;
  }
}

TEST_F(DoctorAtEndpoint, AModelThatRamblesIsAskedForFewTokens) {
  const Step rambling = json_step(
      200, R"({"model":"test-model","choices":[{"message":{"content":"Well, well"},)"
           R"("finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":300}})");
  chat({rambling});
  const Json report = ask();
  EXPECT_EQ(row(report, "tool calling")["state"], "weak") << "nobody knows whether it can";
  std::vector<int> caps;
  for (const auto& hit : server_.hits())
    if (hit.method == "POST") caps.push_back(Json::parse(hit.body)["max_tokens"].get<int>());
  ASSERT_EQ(caps.size(), 2U);
  EXPECT_LE(caps[0], 500);
  EXPECT_LE(caps[1], 2'000);
}

TEST_F(DoctorAtEndpoint, RowsComeAsTheyAreFoundAndAnInterruptIsDoctorsOwn) {
  chat({fault::raw_step("", fault::End::hang)});
  Program program(scratch_, {"doctor", "--model", "test-model", "--base-url", server_.base_url()});
  ASSERT_TRUE(wait_until([&] { return server_.hit_count("POST") > 0; }));
  ASSERT_TRUE(
      wait_until([&] { return program.out_so_far().find("request ") != std::string::npos; }));
  program.signal(SIGINT);
  const Outcome outcome = program.wait();
  EXPECT_EQ(outcome.exit_code, 130) << outcome;
  EXPECT_LT(outcome.seconds, 30);
  EXPECT_TRUE(holds(outcome.err, {"doctor"})) << outcome;
  EXPECT_EQ(outcome.err.find("resume"), std::string::npos) << outcome;
}

TEST_F(DoctorAtEndpoint, StreamingIsProvedWhenItIsAskedFor) {
  const std::string call =
      R"(data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":)"
      R"("activate_skill","arguments":"{\"skill\":\"probe\"}"}}]},"finish_reason":"tool_calls"}]})"
      "\n\ndata: [DONE]\n\n";
  const std::string text =
      R"(data: {"choices":[{"delta":{"content":"yes"},"finish_reason":"stop"}]})"
      "\n\ndata: [DONE]\n\n";
  chat({fault::stream_step({call}), fault::stream_step({text})});
  const Json works = ask({"--stream", "on"});
  EXPECT_EQ(row(works, "streaming")["state"], "ok");
  EXPECT_TRUE(works["endpoints"].at(0)["streaming"]["events"].get<bool>());
  chat({json_step(200, fault::tool_body(kCalls)), json_step(200, fault::chat_body("yes"))});
  const Json whole = ask({"--stream", "on"});
  EXPECT_EQ(row(whole, "streaming")["state"], "weak");
  EXPECT_EQ(row(whole, "streaming")["mend"], "--stream off");
  chat({fault::stream_step({call}), fault::stream_step({"data: {\"choices\":[]}\n\n"})});
  expect_bad("streaming", {"chat completions protocol"}, {"--stream", "on"});
}

TEST_F(DoctorAtEndpoint, TheContextOfOllamaIsAskedForWithoutTheKey) {
  server_.route("GET /api/ps", {json_step(200, R"({"models":[{"name":"test-model:latest",)"
                                               R"("context_length":4096}]})")});
  Options options;
  options.env["OPENAI_API_KEY"] = "canary-key-51973";
  const Json loaded = ask({}, options);
  EXPECT_EQ(row(loaded, "context")["state"], "weak");
  EXPECT_TRUE(holds(row(loaded, "context")["found"].get<std::string>(), {"4096", "Ollama"}));
  EXPECT_TRUE(holds(row(loaded, "context")["mend"].get<std::string>(),
                    {"OLLAMA_CONTEXT_LENGTH", "num_ctx"}));
  EXPECT_EQ(loaded["endpoints"].at(0)["context"]["tokens"], 4096);
  for (const auto& hit : server_.hits()) {
    if (!hit.target.starts_with("/api/")) continue;
    EXPECT_EQ(hit.header("authorization"), "") << hit.target;
  }
  server_.route("GET /api/ps", {json_step(200, R"({"models":[]})")});
  server_.route("POST /api/show",
                {json_step(200, R"({"parameters":"stop  \"x\"\nnum_ctx                 32768"})")});
  EXPECT_EQ(row(ask(), "context")["state"], "ok");
  EXPECT_EQ(row(ask({"--context-tokens", "65536"}), "context")["mend"], "--context-tokens 32768");
  server_.route("POST /api/show", {json_step(200, "{}")});
  const Json silent = ask();
  EXPECT_EQ(row(silent, "context")["state"], "weak");
  EXPECT_TRUE(silent["endpoints"].at(0)["context"]["tokens"].is_null());
}

TEST_F(DoctorAtEndpoint, TheContextOfLlamaCppIsAskedFor) {
  server_.route("GET /props",
                {json_step(200, R"({"default_generation_settings":{"n_ctx":2048}})")});
  const Json report = ask();
  EXPECT_EQ(row(report, "context")["state"], "weak");
  EXPECT_TRUE(holds(row(report, "context")["mend"].get<std::string>(), {"-c", "--parallel"}));
}

TEST_F(DoctorAtEndpoint, OtherServersAreAskedNothingMoreAndGetNoContextRow) {
  const Json report = ask();
  for (const auto& item : report["checks"]) EXPECT_NE(item["check"], "context");
}

TEST_F(DoctorAtEndpoint, ARoleWithItsOwnEndpointIsCheckedByItself) {
  fault::Server judge;
  judge.handler([](const fault::Hit&, std::size_t) {
    return json_step(401, R"({"error":{"message":"who are you"}})");
  });
  const std::string roles =
      dump_json({{"judge", {{"model", "j"}, {"base_url", judge.base_url()}}}});
  const Json report = ask({"--set", "roles=" + roles});
  EXPECT_EQ(outcome_.exit_code, 3);
  EXPECT_EQ(row(report, "tool calling")["state"], "ok");
  EXPECT_EQ(row(report, "judge: call")["state"], "BAD");
  EXPECT_TRUE(holds(row(report, "judge: call")["mend"].get<std::string>(), {"roles.judge"}));
  ASSERT_EQ(report["endpoints"].size(), 2U);
  EXPECT_EQ(report["endpoints"].at(1)["roles"], Json::array({"judge"}));
}

TEST_F(DoctorAtEndpoint, TheTableForPeopleEndsFailingRowsWithTheFix) {
  chat({json_step(200, fault::chat_body("no"))});
  const auto outcome =
      run(scratch_, {"doctor", "--model", "test-model", "--base-url", server_.base_url()});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_TRUE(
      holds(outcome.out, {"BAD   tool calling", "fix: start the server with tool calling"}));
}

}  // namespace
}  // namespace skillgrad::e2e
