// SPDX-License-Identifier: MIT
// Caches and cassettes (R4.2, R4.3, R4.7).
#include <fstream>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/llm/exchange_store.hpp>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using fault::stream_step;

class ExchangeTest : public ClientTest {
 protected:
  std::unique_ptr<ExchangeStore> open(StoreUse use, std::chrono::seconds ttl = {},
                                      bool refresh = false, const std::string& name = "store") {
    auto store = ExchangeStore::open({dir_.path() / name, use, ttl, refresh}, clock_, &redactor_);
    EXPECT_TRUE(store.has_value()) << store.error().to_text();
    return store ? std::move(*store) : nullptr;
  }
  std::unique_ptr<ChatModel> client_with(ExchangeStore* cassette, ExchangeStore* cache,
                                         LearnedChanges* learned = nullptr) {
    cassette_ = cassette;
    cache_ = cache;
    learned_ = learned;
    return client();
  }
  std::vector<std::string> files(const std::string& name = "store") const {
    return list_files(dir_.path() / name).value_or(std::vector<std::string>{});
  }
  void overwrite(const std::string& file, const std::string& text) const {
    std::ofstream(dir_.path() / "store" / file, std::ios::trunc) << text;
  }

  TempDir dir_ = *TempDir::create("exchanges");
};

TEST_F(ExchangeTest, ACacheAnswersAnEqualCallWithoutCost) {
  server_.script({kGood});
  options_.price_in = options_.price_out = 1.0;
  const auto cache = open(StoreUse::cache);
  auto model = client_with(nullptr, cache.get());
  const auto first = model->complete(request(), {});
  ASSERT_TRUE(first.has_value());
  EXPECT_GT(first->cost_usd.value_or(0), 0);
  auto later = client_with(nullptr, cache.get());
  recorder_.forget();
  const auto second = later->complete(request(), {});
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(server_.hit_count(), 1U);
  EXPECT_EQ(second->message.content, first->message.content);
  EXPECT_EQ(second->usage.input_tokens, first->usage.input_tokens);
  EXPECT_EQ(second->cost_usd, 0.0);
  EXPECT_TRUE(recorder_.rows().back().cached);
  EXPECT_EQ(accountant().totals().cached_calls, 1);
  EXPECT_EQ(accountant().totals().attempts, 1);
  ChatRequest other = request();
  other.sample_index = 1;
  ASSERT_TRUE(later->complete(other, {}).has_value());
  EXPECT_EQ(server_.hit_count(), 2U) << "another sample is another call";
}

TEST_F(ExchangeTest, AStreamRecordingServesAPlainRequestAndTheReverse) {  // R4.7
  server_.handler([](const fault::Hit& hit, std::size_t) {
    if (hit.body.find("\"stream\":true") == std::string::npos) return kGood;
    return stream_step(
        {"data: {\"choices\":[{\"delta\":{\"content\":\"fine\"},"
         "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"});
  });
  for (const bool first_streams : {true, false}) {
    const std::string name = first_streams ? "a" : "b";
    options_.stream = first_streams ? "on" : "off";
    const auto record = open(StoreUse::record, {}, false, name);
    ASSERT_TRUE(client_with(record.get(), nullptr)->complete(request(name), {}).has_value());
    options_.stream = first_streams ? "off" : "on";
    recorder_.forget();
    const auto replay = open(StoreUse::replay, {}, false, name);
    const auto reply = client_with(replay.get(), nullptr)->complete(request(name), {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->message.content, "fine");
  }
  EXPECT_EQ(server_.hit_count(), 2U);
}

struct Unwanted {
  const char* name;
  std::string body;
  int status;
};

TEST_F(ExchangeTest, ACacheKeepsOnlyWholeGoodRepliesARecordingKeepsAll) {  // R4.3
  const std::string length =
      R"({"choices":[{"message":{"content":"half"},"finish_reason":"length"}],"usage":{}})";
  const std::string filtered =
      R"({"choices":[{"message":{"content":""},"finish_reason":"content_filter"}],"usage":{}})";
  const std::string overflow = R"({"error":{"message":"prompt is too long"}})";
  for (const Unwanted& given :
       {Unwanted{"length", length, 200}, Unwanted{"filtered", filtered, 200},
        Unwanted{"overflow", overflow, 400}}) {
    server_.script({json_step(given.status, given.body)});
    const auto cache = open(StoreUse::cache, {}, false, std::string(given.name) + "-cache");
    const auto record = open(StoreUse::record, {}, false, given.name);
    const auto live = client_with(record.get(), cache.get())->complete(request(given.name), {});
    EXPECT_TRUE(files(std::string(given.name) + "-cache").empty()) << given.name;
    EXPECT_EQ(files(given.name).size(), 1U) << given.name;
    recorder_.forget();
    const auto replay = open(StoreUse::replay, {}, false, given.name);
    const std::size_t hits = server_.hit_count();
    const auto again = client_with(replay.get(), nullptr)->complete(request(given.name), {});
    EXPECT_EQ(server_.hit_count(), hits);
    ASSERT_EQ(again.has_value(), live.has_value()) << given.name;
    if (live) {
      EXPECT_EQ(again->finish, live->finish);
      EXPECT_EQ(again->refused, live->refused);
    } else {
      EXPECT_EQ(again.error().code, live.error().code);
    }
  }
}

TEST_F(ExchangeTest, AMissAtReplayEndsTheRunAndNamesTheFirstDifference) {
  server_.script({kGood});
  const auto record = open(StoreUse::record);
  ASSERT_TRUE(client_with(record.get(), nullptr)->complete(request("the sky is blue"), {}));
  recorder_.forget();
  const auto replay = open(StoreUse::replay);
  auto model = client_with(replay.get(), nullptr);
  const auto missed = model->complete(request("the sky is green"), {});
  ASSERT_FALSE(missed.has_value());
  EXPECT_TRUE(ends_run(missed.error().code));
  const std::string text = missed.error().to_text();
  for (const char* part : {"/messages/0/content", "blue", "green", "base/t1", "--record"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_EQ(server_.hit_count(), 1U) << "nothing is sent";
  ChatRequest elsewhere = request("the sky is blue");
  elsewhere.scope = "iter_001/t1";
  const auto scoped = client_with(replay.get(), nullptr)->complete(elsewhere, {});
  ASSERT_FALSE(scoped.has_value());
  EXPECT_THAT(scoped.error().to_text(), HasSubstr("iter_001/t1"));
}

TEST_F(ExchangeTest, AutomaticReplaysWhatIsThereAndRecordsTheRest) {
  server_.script({kGood});
  const auto both = open(StoreUse::automatic);
  auto model = client_with(both.get(), nullptr);
  ASSERT_TRUE(model->complete(request("a"), {}).has_value());
  recorder_.forget();
  ASSERT_TRUE(model->complete(request("a"), {}).has_value());
  EXPECT_EQ(server_.hit_count(), 1U);
  ASSERT_TRUE(model->complete(request("b"), {}).has_value());
  EXPECT_EQ(server_.hit_count(), 2U);
  EXPECT_EQ(files().size(), 2U);
}

TEST_F(ExchangeTest, ARecordingWrittenByHandShowsFaults) {
  server_.script({kGood});
  const auto record = open(StoreUse::record);
  ASSERT_TRUE(client_with(record.get(), nullptr)->complete(request(), {}).has_value());
  const std::string file = files().front();
  auto entry = *read_json(dir_.path() / "store" / file);
  const Json good = entry["replies"][0];
  entry["replies"] =
      Json::array({{{"status", 429}, {"headers", {{"Retry-After", "60"}}}, {"body", "slow"}},
                   {{"status", 503}, {"body", {{"error", "busy"}}}},
                   good});
  overwrite(file, entry.dump());
  recorder_.forget();
  const auto replay = open(StoreUse::replay);
  ASSERT_TRUE(client_with(replay.get(), nullptr)->complete(request(), {}).has_value());
  EXPECT_EQ(seconds(clock_.total_slept()), 0.0) << "a replay waits for nothing";
  entry["replies"] = Json::array({{{"status", 401}, {"body", {{"error", "bad key"}}}}, good});
  overwrite(file, entry.dump());
  recorder_.forget();
  const auto refused = client_with(replay.get(), nullptr)->complete(request(), {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::auth);
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ExchangeTest, ADamagedEntryIsAMissWithAWarning) {
  server_.script({kGood});
  const auto cache = open(StoreUse::cache);
  ASSERT_TRUE(client_with(nullptr, cache.get())->complete(request(), {}).has_value());
  const std::string file = files().front();
  for (const std::string& damage : {std::string(), std::string("{\"schema\":\"skillgrad.ex"),
                                    std::string("{\"schema\":\"other\",\"replies\":[]}"),
                                    std::string("[]"), std::string("\xFF\xFE")}) {
    overwrite(file, damage);
    recorder_.forget();
    const std::size_t before = server_.hit_count();
    ASSERT_TRUE(client_with(nullptr, cache.get())->complete(request(), {}).has_value());
    EXPECT_EQ(server_.hit_count(), before + 1) << damage;
  }
  EXPECT_GE(warnings().size(), 1U);
  recorder_.forget();
  ASSERT_TRUE(client_with(nullptr, cache.get())->complete(request(), {}).has_value());
  EXPECT_EQ(server_.hit_count(), 6U) << "the damaged entry was replaced";
}

TEST_F(ExchangeTest, OldEntriesAndRefreshAskAgain) {
  server_.script({kGood});
  const auto cache = open(StoreUse::cache, std::chrono::seconds(60));
  const auto ask = [&](ExchangeStore* store) {
    recorder_.forget();
    ASSERT_TRUE(client_with(nullptr, store)->complete(request(), {}).has_value());
  };
  ask(cache.get());
  ask(cache.get());
  EXPECT_EQ(server_.hit_count(), 1U);
  clock_.advance(std::chrono::seconds(120));
  ask(cache.get());
  EXPECT_EQ(server_.hit_count(), 2U);
  ask(open(StoreUse::cache, {}, true).get());
  EXPECT_EQ(server_.hit_count(), 3U);
}

TEST_F(ExchangeTest, WhatWasLearnedIsKnownToTheNextProcess) {  // R1.19, R4.2
  server_.handler([](const fault::Hit& hit, std::size_t) {
    return hit.body.find("max_completion_tokens") == std::string::npos
               ? json_step(400, R"({"error":{"message":"Unsupported parameter: 'max_tokens'",)"
                                R"("param":"max_tokens"}})")
               : kGood;
  });
  const auto file = dir_.path() / "learned.json";
  const auto cache = open(StoreUse::cache);
  {
    const auto learned = *LearnedChanges::open({{file}});
    ASSERT_TRUE(client_with(nullptr, cache.get(), learned.get())->complete(request("a"), {}));
    ASSERT_EQ(learned->in_words().size(), 1U);
    EXPECT_THAT(learned->in_words()[0], HasSubstr("max_completion_tokens"));
  }
  EXPECT_EQ(server_.hit_count(), 2U);
  recorder_.forget();
  const auto learned = *LearnedChanges::open({{file}});
  auto later = client_with(nullptr, cache.get(), learned.get());
  ASSERT_TRUE(later->complete(request("a"), {}).has_value());
  EXPECT_EQ(server_.hit_count(), 2U) << "the reply is found under the same key";
  ASSERT_TRUE(later->complete(request("b"), {}).has_value());
  EXPECT_EQ(server_.hit_count(), 3U) << "no rejection is met again";
  options_.stream = "on";
  ASSERT_TRUE(client_with(nullptr, nullptr, learned.get())->complete(request("c"), {}));
  EXPECT_EQ(server_.hit_count(), 5U) << "another way of asking is learned anew";
}

TEST_F(ExchangeTest, SecretsStayOutOfTheFiles) {
  const std::string key = "canary/key+1234567890";
  options_.api_key = Secret(key);
  redactor_ = Redactor({options_.api_key});
  server_.script({json_step(200, chat_body("your key is " + key))});
  const auto record = open(StoreUse::record);
  ASSERT_TRUE(client_with(record.get(), nullptr)->complete(request("key " + key), {}));
  const std::string text = *read_file(dir_.path() / "store" / files().front());
  EXPECT_THAT(text, Not(HasSubstr("canary")));
  EXPECT_THAT(text, HasSubstr("***"));
}

TEST_F(ExchangeTest, WritersThatAreKilledLeaveNothingThatIsUsed) {
  const auto store = open(StoreUse::automatic);
  StoredCall call;
  call.request = "{}";
  call.replies.push_back({200, {}, std::string(200'000, 'x'), "", 0, ""});
  constexpr int kWriters = 4;
  std::vector<pid_t> children;
  for (int i = 0; i < kWriters; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      for (;;) static_cast<void>(store->put("abcdef", call));
    }
    ASSERT_GT(child, 0);
    children.push_back(child);
  }
  std::size_t read = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  while (read < 20 || std::chrono::steady_clock::now() < end) {
    const auto found = store->find("abcdef");
    ASSERT_TRUE(found.has_value()) << found.error().to_text();
    if (found->has_value()) ++read;
  }
  for (const pid_t child : children) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  const auto found = store->find("abcdef");
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_EQ((*found)->replies.front().body, call.replies.front().body);
}

}  // namespace
}  // namespace skillgrad::llm
