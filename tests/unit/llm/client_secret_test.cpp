// SPDX-License-Identifier: MIT
// Replies and refusals that repeat a key (R4.7 to R4.9).
#include <cstdlib>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/exchange_store.hpp>
#include <skillgrad/llm/inspect.hpp>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kKey = "canary/7391+zq";

std::string chunk(const std::string& content) {
  return "data: " + dump_json({{"choices", {{{"index", 0}, {"delta", {{"content", content}}}}}}}) +
         "\n\n";
}
const std::string kEnd =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

std::string event(const std::string& type, const std::string& rest) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + rest + "}\n\n";
}

std::string command_body(const std::string& command) {
  const Json calls = {
      {{"id", "a"},
       {"type", "function"},
       {"function", {{"name", "bash"}, {"arguments", dump_json({{"command", command}})}}}}};
  return fault::tool_body(dump_json(calls));
}

class SecretReplyTest : public ClientTest {
 protected:
  SecretReplyTest() {
    options_.api_key = Secret(kKey);
    redactor_ = Redactor({options_.api_key});
  }
  std::unique_ptr<ExchangeStore> open(StoreUse use) {
    auto store = ExchangeStore::open({dir_.path() / "store", use, {}, false}, clock_, &redactor_);
    EXPECT_TRUE(store.has_value()) << store.error().to_text();
    return store ? std::move(*store) : nullptr;
  }
  std::string stored_text() const {
    std::string out;
    for (const auto& name : list_files(dir_.path()).value_or(std::vector<std::string>{}))
      out += *read_file(dir_.path() / name);
    return out;
  }
  /// What a run hears, a resumed one, and a replay by somebody who has no key.
  struct Heard {
    std::string live, resumed, replayed;
  };
  Heard hear(const ChatRequest& asked) {
    const auto text = [](const Result<ChatReply>& reply) {
      if (!reply) return reply.error().to_text();
      const auto& calls = reply->message.tool_calls;
      return reply->message.content + (calls.empty() ? "" : calls[0].arguments) + reply->reasoning +
             reply->message.mirror;
    };
    Heard out;
    const auto record = open(StoreUse::record);
    cassette_ = record.get();
    auto model = client();
    out.live = text(model->complete(asked, {}));
    out.resumed = text(model->complete(asked, {}));
    options_.api_key = Secret();
    redactor_ = Redactor();
    recorder_.forget();
    const auto replay = open(StoreUse::replay);
    cassette_ = replay.get();
    out.replayed = text(client()->complete(asked, {}));
    EXPECT_EQ(server_.hit_count(), 1U);
    return out;
  }

  TempDir dir_ = *TempDir::create("secret-replies");
};

TEST_F(SecretReplyTest, AKeySpreadOverTheChunksOfAStreamIsKeptNowhere) {
  server_.script({fault::stream_step(
      {chunk("it is canary/7"), chunk("391+"), chunk("zq, with ?code=200&key=42"), kEnd})});
  const Heard heard = hear(request());
  EXPECT_EQ(heard.live, "it is ***, with ?code=200&key=42");
  EXPECT_EQ(heard.resumed, heard.live);
  EXPECT_EQ(heard.replayed, heard.live);
  EXPECT_THAT(stored_text(), Not(HasSubstr("canary")));
  EXPECT_THAT(stored_text(), Not(HasSubstr("391+")));
  EXPECT_THAT(recorder_.finished().begin()->second.reply_json, Not(HasSubstr("7391")));
  EXPECT_THAT(warnings(), Contains(HasSubstr("repeats a key")).Times(1));
}

TEST_F(SecretReplyTest, AKeySpreadOverTheEventsOfAResponseIsKeptNowhere) {
  const std::string item =
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":)"
      R"("it is canary\u002f7391\u002Bzq"}]})";
  options_.api = "responses";
  options_.stream = "on";
  server_.script({fault::stream_step(
      {event("response.output_text.delta", R"("delta":"it is canary/7")"),
       event("response.output_text.delta", R"("delta":"391+zq")"),
       event("response.output_item.done", R"("output_index":0,"item":)" + item),
       event("response.completed", R"("response":{"status":"completed","model":"test-model",)"
                                   R"("output":[)" +
                                       item + "]}")})});
  const Heard heard = hear(request());
  EXPECT_THAT(heard.live, HasSubstr("it is ***"));
  EXPECT_THAT(heard.live, Not(HasSubstr("7391")));
  EXPECT_EQ(heard.resumed, heard.live);
  EXPECT_EQ(heard.replayed, heard.live);
  EXPECT_THAT(stored_text(), Not(HasSubstr("canary")));
}

TEST_F(SecretReplyTest, AKeyInEscapesIsKeptNowhere) {
  std::string body = fault::chat_body("it is KEY");
  body = replace_all(body, "KEY", R"(canary\u002F7391\u002bzq and canary/7391%2bzq)");
  server_.script({json_step(200, body)});
  const Heard heard = hear(request());
  EXPECT_EQ(heard.live, "it is *** and ***");
  EXPECT_EQ(heard.resumed, heard.live);
  EXPECT_EQ(heard.replayed, heard.live);
  EXPECT_THAT(stored_text(), Not(HasSubstr("7391")));
}

TEST_F(SecretReplyTest, ACutStreamThatShowsAKeyIsRecordedWithoutIt) {
  server_.script({fault::stream_step({chunk("it is canary/7"), chunk("391+zq")})});
  const auto record = open(StoreUse::record);
  cassette_ = record.get();
  EXPECT_FALSE(client()->complete(request(), {}).has_value());
  EXPECT_THAT(stored_text(), HasSubstr("replies"));
  EXPECT_THAT(stored_text(), Not(HasSubstr("canary")));
}

TEST_F(SecretReplyTest, CommandsThatOnlyLookLikeOnesWithKeysAreLeftAlone) {
  const std::string command =
      "u='http://x/?code=200&key=42'; curl -u a:b -H 'authorization: Basic dXNlcjpwYXNz' "
      "-b 'cookie: sid=1' https://user:pw@x/ # part sk-10023456";
  server_.script({json_step(200, command_body(command))});
  const Heard heard = hear(tool_request());
  EXPECT_EQ(heard.live, dump_json({{"command", command}}));
  EXPECT_EQ(heard.resumed, heard.live);
  EXPECT_EQ(heard.replayed, heard.live);
  EXPECT_THAT(warnings(), Not(Contains(HasSubstr("repeats a key"))));
}

TEST_F(SecretReplyTest, WhatIsHiddenInACommandIsHiddenInItsRecordToo) {
  server_.script({json_step(200, command_body("a\nsk-proj-1234567890abcdef; b?key=1; " + kKey))});
  const Heard heard = hear(tool_request());
  EXPECT_EQ(heard.live, R"({"command":"a\n***; b?key=1; ***"})");
  EXPECT_EQ(heard.resumed, heard.live);
  EXPECT_EQ(heard.replayed, heard.live);
}

TEST_F(SecretReplyTest, ARefusalShowsNoPartOfTheKey) {
  for (const int status : {401, 403}) {
    server_.script({json_step(
        status, R"({"error":{"message":"wrong key canary****&x=Q, or canary/ or ...7391+zq"}})")});
    const auto reply = client()->complete(request(), {});
    ASSERT_FALSE(reply.has_value());
    EXPECT_THAT(reply.error().to_text(), HasSubstr("wrong key ***, or *** or ***"));
  }
}

std::vector<std::string> secrets(const EndpointOptions& options) {
  std::vector<std::string> out;
  for (const Secret& secret : secrets_of(options)) out.push_back(secret.reveal());
  return out;
}

TEST(SecretsOf, APlaceholderOfALocalServerIsNoSecret) {
  EndpointOptions options;
  for (const std::string url :
       {"http://127.0.0.1:11434/v1", "http://localhost:1", "http://[::1]"}) {
    options.base_url = url;
    for (const char* key : {"ollama", "lm-studio", "local", "Whatever", "x1"}) {
      options.api_key = Secret(key);
      EXPECT_THAT(secrets(options), IsEmpty()) << key;
    }
    options.api_key = Secret("abc12345");
    EXPECT_THAT(secrets(options), ElementsAre("abc12345"));
  }
  options.base_url = "https://api.example.com/v1";
  options.api_key = Secret("ollama");
  EXPECT_THAT(secrets(options), IsEmpty());
  options.api_key = Secret("swordfish");
  EXPECT_THAT(secrets(options), ElementsAre("swordfish"));
  options.headers = {{"X-Env", "production"}, {"X-Auth", "opensesame"}};
  EXPECT_THAT(secrets(options), ElementsAre("swordfish", "opensesame"));
}

TEST(SecretsOf, ThePartsOfACompositeSecretAreSecrets) {
  EndpointOptions options;
  options.base_url = "https://api.example.com/v1";
  options.headers["Cookie"] = "session=abcdef123456; theme=dark";
  options.headers["Authorization"] = "Basic dXNlcjpwYSUyRnNzOndvcmQx";  // user:pa%2Fss:word1
  const auto found = secrets(options);
  for (const char* part : {"abcdef123456", "dXNlcjpwYSUyRnNzOndvcmQx", "pa%2Fss:word1",
                           "pa/ss:word1", "user:pa%2Fss:word1"})
    EXPECT_THAT(found, Contains(part));
  EXPECT_THAT(found, Not(Contains("dark")));
}

TEST(SecretsOf, TheLoginOfAProxyIsASecret) {
  ASSERT_EQ(::setenv("all_proxy", "http://user:canary/p@w1234@127.0.0.1:1", 1), 0);
  const auto found = secrets({});
  ::unsetenv("all_proxy");
  EXPECT_THAT(found, Contains("canary/p@w1234"));
  EXPECT_THAT(found, Contains("user:canary/p@w1234"));
}

}  // namespace
}  // namespace skillgrad::llm
