// SPDX-License-Identifier: MIT
#include <atomic>
#include <thread>

#include <httplib.h>

#include <skillgrad/sim/server.hpp>

#include "unit/sim/sim_fixture.hpp"

namespace skillgrad::sim {
namespace {

const char* const kPath = "/v1/chat/completions";

Json simple_body() {
  return {{"model", "sim:small"},
          {"messages", Json::array({{{"role", "system"}, {"content", "You help."}},
                                    {{"role", "user"}, {"content", "Hello"}}})}};
}

Json executor_body() {
  Json body = simple_body();
  body["messages"][0]["content"] = kCatalog;
  body["messages"][1]["content"] = "<task>\nAdd up sales.csv\n</task>";
  body["tools"] = Json::array();
  for (const std::string& name : kExecutorTools)
    body["tools"].push_back({{"type", "function"},
                             {"function", {{"name", name}, {"parameters", {{"type", "object"}}}}}});
  return body;
}

struct Running {
  explicit Running(ServerOptions options = {}) {
    options.scenario = folder.path();
    auto started = Server::start(options);
    EXPECT_TRUE(started) << started.error().to_text();
    server = std::move(*started);
    const std::string url = server->base_url();
    host = url.substr(0, url.size() - 3);
  }
  [[nodiscard]] httplib::Client client() const {
    httplib::Client out(host);
    out.set_keep_alive(true);
    out.set_tcp_nodelay(true);
    return out;
  }
  [[nodiscard]] httplib::Result post(const Json& body) const {
    return client().Post(kPath, dump_json(body), "application/json");
  }

  ScenarioFolder folder;
  std::unique_ptr<Server> server;
  std::string host;
};

TEST(SimServer, AnswersAChatAndSaysThatItIsASimulation) {
  const Running running;
  const auto result = running.post(simple_body());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  const Json reply = Json::parse(result->body);
  EXPECT_EQ(reply["object"], "chat.completion");
  EXPECT_EQ(reply["model"], "sim:small");
  EXPECT_EQ(reply["choices"][0]["finish_reason"], "stop");
  const std::string text = reply["choices"][0]["message"]["content"];
  EXPECT_NE(text.find("simulated"), std::string::npos);
  EXPECT_EQ(reply["usage"]["prompt_tokens"], 4);  // 9 + 5 bytes, 4 a token, rounded up
  EXPECT_EQ(reply["usage"]["completion_tokens"], (text.size() + 3) / 4);
  EXPECT_EQ(reply["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
}

TEST(SimServer, ListsItsModelAndRefusesOtherRoutes) {
  const Running running;
  auto client = running.client();
  const auto models = client.Get("/v1/models");
  ASSERT_TRUE(models);
  EXPECT_EQ(Json::parse(models->body)["data"][0]["id"], "sim:small");
  const auto other = client.Get("/v1/completions");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->status, 404);
  EXPECT_TRUE(Json::parse(other->body)["error"]["message"].is_string());
}

struct BadBody {
  const char* what;
  const char* body;
};

TEST(SimServer, RefusesBodiesThatAreNotValid) {
  const BadBody table[] = {
      {"not JSON", "{"},
      {"an array", "[]"},
      {"no model", R"({"messages":[{"role":"user","content":"x"}]})"},
      {"no messages", R"({"model":"sim:small"})"},
      {"empty messages", R"({"model":"sim:small","messages":[]})"},
      {"unknown role", R"({"model":"sim:small","messages":[{"role":"robot","content":"x"}]})"},
      {"user without content", R"({"model":"sim:small","messages":[{"role":"user"}]})"},
      {"content of a wrong type",
       R"({"model":"sim:small","messages":[{"role":"user","content":5}]})"},
      {"empty assistant",
       R"({"model":"sim:small","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null},{"role":"user","content":"x"}]})"},
      {"tool message without a call",
       R"({"model":"sim:small","messages":[{"role":"user","content":"x"},{"role":"tool","tool_call_id":"a","content":"x"}]})"},
      {"call without answer",
       R"({"model":"sim:small","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"shell","arguments":"{}"}}]},{"role":"user","content":"y"}]})"},
      {"call answered twice",
       R"({"model":"sim:small","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"shell","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"x"},{"role":"tool","tool_call_id":"a","content":"x"}]})"},
      {"answers in the wrong order",
       R"({"model":"sim:small","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"shell","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"shell","arguments":"{}"}}]},{"role":"tool","tool_call_id":"b","content":"x"},{"role":"tool","tool_call_id":"a","content":"x"}]})"},
      {"arguments encoded twice",
       R"({"model":"sim:small","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"shell","arguments":"\"{}\""}}]},{"role":"tool","tool_call_id":"a","content":"x"}]})"},
      {"assistant last",
       R"({"model":"sim:small","messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]})"},
      {"empty tools",
       R"({"model":"sim:small","messages":[{"role":"user","content":"x"}],"tools":[]})"},
      {"stream options without stream",
       R"({"model":"sim:small","messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true}})"},
      {"cap of zero",
       R"({"model":"sim:small","messages":[{"role":"user","content":"x"}],"max_tokens":0})"},
      {"two choices", R"({"model":"sim:small","messages":[{"role":"user","content":"x"}],"n":2})"},
  };
  const Running running;
  auto client = running.client();
  for (const BadBody& bad : table) {
    const auto result = client.Post(kPath, bad.body, "application/json");
    ASSERT_TRUE(result) << bad.what;
    EXPECT_EQ(result->status, 400) << bad.what;
    const Json error = Json::parse(result->body)["error"];
    EXPECT_EQ(error["type"], "invalid_request_error") << bad.what;
    EXPECT_FALSE(error["message"].get<std::string>().empty()) << bad.what;
  }
}

TEST(SimServer, NamesAnUnknownModelAndAWrongKeyAsOpenAiDoes) {
  ServerOptions options;
  options.require_key = "k1";
  const Running running(options);
  auto client = running.client();
  const auto no_key = client.Post(kPath, dump_json(simple_body()), "application/json");
  ASSERT_TRUE(no_key);
  EXPECT_EQ(no_key->status, 401);
  EXPECT_EQ(Json::parse(no_key->body)["error"]["code"], "invalid_api_key");
  client.set_bearer_token_auth("k1");
  Json body = simple_body();
  body["model"] = "gpt-5";
  const auto other = client.Post(kPath, dump_json(body), "application/json");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->status, 404);
  EXPECT_EQ(Json::parse(other->body)["error"]["code"], "model_not_found");
  const auto right = client.Post(kPath, dump_json(simple_body()), "application/json");
  ASSERT_TRUE(right);
  EXPECT_EQ(right->status, 200);
}

/// Puts the pieces of a stream together again.
Json assemble(const std::string& stream, Json& usage) {
  Json message = {{"content", ""}, {"tool_calls", Json::array()}};
  std::size_t at = 0;
  while ((at = stream.find("data: ", at)) != std::string::npos) {
    at += 6;
    const std::string data = stream.substr(at, stream.find("\n\n", at) - at);
    if (data == "[DONE]") break;
    const Json chunk = Json::parse(data);
    if (chunk.contains("usage")) usage = chunk["usage"];
    if (chunk["choices"].empty()) continue;
    const Json& delta = chunk["choices"][0]["delta"];
    if (delta.contains("content"))
      message["content"] =
          message["content"].get<std::string>() + delta["content"].get<std::string>();
    if (!delta.contains("tool_calls")) continue;
    for (const Json& call : delta["tool_calls"]) {
      const std::size_t index = call["index"];
      if (call.contains("id")) message["tool_calls"].push_back(call);
      Json& arguments = message["tool_calls"][index]["function"]["arguments"];
      if (!call.contains("id"))
        arguments = arguments.get<std::string>() + call["function"]["arguments"].get<std::string>();
    }
  }
  return message;
}

TEST(SimServer, AStreamHoldsTheSameReplyAsTheWholeAnswer) {
  const Running running;
  for (Json body : {simple_body(), executor_body()}) {
    const Json whole = Json::parse(running.post(body)->body);
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
    const auto streamed = running.post(body);
    ASSERT_TRUE(streamed);
    EXPECT_EQ(streamed->get_header_value("Content-Type"), "text/event-stream");
    EXPECT_TRUE(streamed->body.ends_with("data: [DONE]\n\n"));
    Json usage;
    const Json message = assemble(streamed->body, usage);
    EXPECT_EQ(usage, whole["usage"]);
    const Json& expected = whole["choices"][0]["message"];
    EXPECT_EQ(message["content"], expected["content"].is_null() ? Json("") : expected["content"]);
    const Json calls = expected.contains("tool_calls") ? expected["tool_calls"] : Json::array();
    ASSERT_EQ(message["tool_calls"].size(), calls.size());
    for (std::size_t i = 0; i < calls.size(); ++i) {
      EXPECT_EQ(message["tool_calls"][i]["id"], calls[i]["id"]);
      EXPECT_EQ(message["tool_calls"][i]["function"], calls[i]["function"]);
    }
  }
}

Json responses_body(const Json& chat) {
  Json body = {{"model", chat.at("model")},
               {"instructions", chat.at("messages")[0].at("content")},
               {"input", chat.at("messages")[1].at("content")},
               {"stream", true}};
  if (chat.contains("tools"))
    for (const Json& tool : chat.at("tools")) {
      Json flat = tool.at("function");
      flat["type"] = "function";
      body["tools"].push_back(std::move(flat));
    }
  return body;
}

std::vector<Json> events_of(const std::string& stream) {
  std::vector<Json> events;
  for (std::size_t at = stream.find("data: "); at != std::string::npos;
       at = stream.find("data: ", at)) {
    at += 6;
    events.push_back(Json::parse(stream.substr(at, stream.find("\n\n", at) - at)));
  }
  return events;
}

TEST(SimServer, AResponsesStreamNamesEachPartAsItBeginsGrowsAndEnds) {
  const Running running;
  const std::vector<std::pair<Json, std::vector<std::string>>> cases = {
      {simple_body(),
       {"output_item.added", "content_part.added", "output_text.delta", "output_text.done",
        "content_part.done", "output_item.done"}},
      {executor_body(),
       {"output_item.added", "function_call_arguments.delta", "function_call_arguments.done",
        "output_item.done"}}};
  for (const auto& [chat, of_item] : cases) {
    const auto result =
        running.client().Post("/v1/responses", dump_json(responses_body(chat)), "application/json");
    ASSERT_TRUE(result);
    ASSERT_EQ(result->status, 200) << result->body;
    const std::vector<Json> events = events_of(result->body);
    std::vector<std::string> expected = {"response.created", "response.output_item.added",
                                         "response.output_item.done"};  // the reasoning item
    for (const std::string& name : of_item) expected.push_back("response." + name);
    expected.emplace_back("response.completed");
    std::vector<std::string> types;
    for (const Json& event : events) types.push_back(event.at("type"));
    EXPECT_EQ(types, expected);
    const Json& whole = events.back().at("response");
    for (const char* key : {"parallel_tool_calls", "tool_choice", "tools"})
      EXPECT_TRUE(whole.contains(key)) << key;
    EXPECT_EQ(events[events.size() - 2].at("item"), whole.at("output").back());
  }
}

TEST(SimServer, CutsAReplyAtTheOutputCap) {
  const Running running;
  Json body = simple_body();
  body["max_tokens"] = 3;
  const Json text = Json::parse(running.post(body)->body);
  EXPECT_EQ(text["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(text["choices"][0]["message"]["content"].get<std::string>().size(), 12U);
  EXPECT_EQ(text["usage"]["completion_tokens"], 3);
  Json tools = executor_body();
  tools["max_completion_tokens"] = 5;
  const Json call = Json::parse(running.post(tools)->body);
  EXPECT_EQ(call["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(call["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"], "{\"skil");
}

TEST(SimServer, EqualRequestsGetEqualBytesAlsoFromManyThreads) {
  const Running running;
  const std::string first = running.post(executor_body())->body;
  std::atomic<int> equal{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 24; ++t) {
    threads.emplace_back([&] {
      auto client = running.client();
      for (int i = 0; i < 10; ++i) {
        const auto result = client.Post(kPath, dump_json(executor_body()), "application/json");
        if (result && result->body == first) ++equal;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(equal, 240);
  EXPECT_EQ(running.server->requests(), 241U);
}

TEST(SimServer, ServesMoreConnectionsThanThreads) {
  ServerOptions options;
  options.threads = 2;
  const Running running(options);
  std::atomic<int> good{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      auto client = running.client();
      for (int i = 0; i < 3; ++i) {
        const auto result = client.Post(kPath, dump_json(simple_body()), "application/json");
        if (result && result->status == 200) ++good;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(good, 24);
}

TEST(SimServer, StopsAtOnceAlthoughAConnectionIsOpen) {
  auto running = std::make_unique<Running>();
  auto client = running->client();
  ASSERT_TRUE(client.Get("/v1/models"));
  const auto begin = std::chrono::steady_clock::now();
  running->server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST(SimServer, SaysThatAPortIsTaken) {
  const Running running;
  ServerOptions options;
  options.scenario = running.folder.path();
  options.port = std::stoi(running.host.substr(running.host.rfind(':') + 1));
  const auto second = Server::start(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::io);
}

TEST(SimServer, RefusesARateAboveOne) {
  ServerOptions options;
  options.slip = 1.5;
  const auto server = Server::start(options);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::config);
}

TEST(SimServer, AnInjectedRateLimitPassesOnARetryOfTheSameBytes) {
  ServerOptions options;
  options.fault_429 = 0.5;
  const Running running(options);
  auto client = running.client();
  int limited = 0, fine = 0;
  for (int i = 0; i < 60; ++i) {
    const auto result = client.Post(kPath, dump_json(simple_body()), "application/json");
    ASSERT_TRUE(result);
    if (result->status == 429) {
      ++limited;
      EXPECT_EQ(result->get_header_value("retry-after-ms"), "5");
      EXPECT_EQ(Json::parse(result->body)["error"]["code"], "rate_limit_exceeded");
    } else {
      ++fine;
    }
  }
  EXPECT_GT(limited, 10);
  EXPECT_GT(fine, 10);
}

TEST(SimServer, InjectsServerErrorsCutBodiesAndBadToolCalls) {
  ServerOptions options;
  options.fault_500 = 1;
  EXPECT_EQ(Running(options).post(simple_body())->status, 500);
  options = {};
  options.fault_cut = 1;
  for (const bool stream : {false, true}) {
    Json body = simple_body();
    body["stream"] = stream;
    const Running running(options);
    const auto result = running.post(body);
    EXPECT_FALSE(result && Json::accept(result->body)) << stream;
  }
  options = {};
  options.fault_tool_call = 1;
  const Running running(options);
  const Json reply = Json::parse(running.post(executor_body())->body);
  const std::string arguments =
      reply["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"];
  EXPECT_FALSE(Json::accept(arguments)) << arguments;
  EXPECT_EQ(running.post(simple_body())->status, 200);
}

TEST(SimServer, WritesOneLogLineForEachRequest) {
  const TempDir dir = *TempDir::create("simlog");
  ServerOptions options;
  options.request_log = dir.path() / "requests.jsonl";
  const Running running(options);
  static_cast<void>(running.post(simple_body()));
  static_cast<void>(running.post(executor_body()));
  static_cast<void>(running.client().Post(kPath, "{", "application/json"));
  const auto lines = *read_json_lines(options.request_log);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["n"], 1);
  EXPECT_EQ(lines[0]["stage"], "other");
  EXPECT_EQ(lines[0]["status"], 200);
  EXPECT_EQ(lines[0]["key"].get<std::string>().size(), 64U);
  EXPECT_EQ(lines[1]["stage"], "executor");
  EXPECT_NE(lines[0]["key"], lines[1]["key"]);
  EXPECT_EQ(lines[2]["status"], 400);
}

}  // namespace
}  // namespace skillgrad::sim
