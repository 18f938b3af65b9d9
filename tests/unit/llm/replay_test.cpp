// SPDX-License-Identifier: MIT
// A replay is the re-enactment of a run: the same endings, the same counts, the same limits
// (R4.7), and what is wrong with a recording is said (R4.3).
#include <fstream>
#include <thread>

#include <skillgrad/core/files.hpp>
#include <skillgrad/llm/exchange_store.hpp>

#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

std::string usage_body(const std::string& content, int input) {
  return R"({"choices":[{"message":{"content":")" + content +
         R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":)" + std::to_string(input) +
         R"(,"completion_tokens":5}})";
}

/// Billed, and of no use: the call is tried again.
std::string empty_choices(int input) {
  return R"({"choices":[],"usage":{"prompt_tokens":)" + std::to_string(input) +
         R"(,"completion_tokens":5}})";
}

class ReplayTest : public ClientTest {
 protected:
  std::unique_ptr<ExchangeStore> open(StoreUse use) {
    auto store = ExchangeStore::open({dir_.path() / "store", use}, clock_, &redactor_);
    EXPECT_TRUE(store.has_value()) << store.error().to_text();
    return store ? std::move(*store) : nullptr;
  }
  /// One call of a process of its own: nothing is left but the folder.
  Result<ChatReply> ask(StoreUse use, const ChatRequest& request, const CallContext& context = {}) {
    return ask(use, std::vector<ChatRequest>{request}, context).back();
  }
  std::vector<Result<ChatReply>> ask(StoreUse use, const std::vector<ChatRequest>& requests,
                                     const CallContext& context = {}) {
    const auto store = open(use);
    accountant_ = std::make_unique<Accountant>(budget_);
    recorder_.forget();
    ClientDependencies dependencies;
    dependencies.clock = &clock_;
    dependencies.accountant = accountant_.get();
    dependencies.recorder = &recorder_;
    dependencies.redactor = &redactor_;
    dependencies.limits = &limits_;
    (use == StoreUse::cache ? dependencies.cache : dependencies.cassette) = store.get();
    dependencies.warn = [this](const std::string& line) { warned_ += line + "\n"; };
    const auto model = make_client(options_, dependencies);
    EXPECT_TRUE(model.has_value());
    std::vector<Result<ChatReply>> out;
    for (const ChatRequest& one : requests) out.push_back((*model)->complete(one, context));
    totals_ = accountant_->totals();
    return out;
  }
  fs::path only_file() const {
    const auto files = list_files(dir_.path() / "store");
    EXPECT_EQ(files->size(), 1U);
    return dir_.path() / "store" / files->front();
  }
  void change(const fs::path& file, const std::function<void(Json&)>& edit) const {
    Json entry = *read_json(file);
    edit(entry);
    std::ofstream(file, std::ios::trunc) << entry.dump();
  }

  TempDir dir_ = *TempDir::create("replays");
  std::unique_ptr<Accountant> accountant_;
  LedgerTotals totals_;
  std::string warned_;
};

TEST_F(ReplayTest, AFailureIsReplayedWithItsClassTextAndUsage) {
  const std::string grammar = R"({"error":{"message":"failed to parse grammar"}})";
  const std::string cut =
      R"({"choices":[{"message":{"content":null,"tool_calls":[{"id":"a","type":"function",)"
      R"("function":{"name":"bash","arguments":"{}"}}]},"finish_reason":"length"}],)"
      R"("usage":{"prompt_tokens":400,"completion_tokens":1041}})";
  const std::map<std::string, std::vector<Step>> faults = {
      {"template", {json_step(500, grammar)}},
      {"cut", {json_step(200, cut)}},
      {"empty", {json_step(200, empty_choices(7))}},
      {"limited", {json_step(429, "{}", {{"Retry-After", "1e9"}})}},
      {"gone", {json_step(503, R"({"error":"busy"})")}},
      {"long", {json_step(400, R"({"error":{"message":"prompt is too long"}})")}}};
  for (const auto& [name, steps] : faults) {
    SCOPED_TRACE(name);
    server_.script(steps);
    ChatRequest request = tool_request();
    request.scope = name;
    const auto live = ask(StoreUse::record, request);
    const LedgerTotals paid = totals_;
    ASSERT_FALSE(live.has_value());
    const std::size_t hits = server_.hit_count();
    const auto again = ask(StoreUse::replay, request);
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(server_.hit_count(), hits);
    EXPECT_EQ(again.error().to_text(), live.error().to_text());
    EXPECT_EQ(again.error().code, live.error().code);
    EXPECT_EQ(totals_.usage.input_tokens, paid.usage.input_tokens);
    EXPECT_EQ(totals_.usage.output_tokens, paid.usage.output_tokens);
    EXPECT_EQ(totals_.failed_calls, paid.failed_calls);
  }
}

TEST_F(ReplayTest, WhatFailedAttemptsOfAGoodCallUsedIsReplayedToo) {
  server_.script({json_step(200, empty_choices(400)), json_step(200, usage_body("fine", 105))});
  ASSERT_TRUE(ask(StoreUse::record, request()).has_value());
  EXPECT_EQ(totals_.usage.input_tokens, 505);
  ASSERT_TRUE(ask(StoreUse::replay, request()).has_value());
  EXPECT_EQ(totals_.usage.input_tokens, 505);
  EXPECT_EQ(totals_.cached_calls, 1);
  EXPECT_EQ(totals_.cost_usd, 0.0);
}

TEST_F(ReplayTest, LimitsBindAReplayAsTheyBoundTheRun) {
  server_.script({json_step(200, usage_body("fine", 1000))});
  options_.price_in = options_.price_cached = options_.price_out = 1000.0;
  options_.max_output_tokens = 10;
  const std::vector<ChatRequest> requests = {request("a"), request("b"), request("c")};
  const std::map<std::string, Budget> limits = {
      {"calls", {.max_calls = 2}}, {"tokens", {.max_tokens = 1500}}, {"usd", {.max_usd = 1.5}}};
  for (const auto& [name, budget] : limits) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(remove_tree(dir_.path() / "store").has_value());
    budget_ = budget;
    const auto live = ask(StoreUse::record, requests);
    ASSERT_EQ(live.back().error().code, ErrorCode::budget);
    const auto again = ask(StoreUse::replay, requests);
    for (std::size_t i = 0; i < live.size(); ++i) {
      ASSERT_EQ(again[i].has_value(), live[i].has_value()) << i;
      if (!live[i]) {
        EXPECT_EQ(again[i].error().to_text(), live[i].error().to_text());
      }
    }
    EXPECT_EQ(totals_.cost_usd, 0.0) << "nothing is paid";
    // In another order, the calls that were refused are refused.
    EXPECT_EQ(ask(StoreUse::replay, requests.back()).error().code, ErrorCode::budget);
    // So is one that comes after them, but not one that differs from them.
    ChatRequest further = request("a");
    further.messages.push_back(request("more").messages.front());
    EXPECT_EQ(ask(StoreUse::replay, further).error().code, ErrorCode::budget);
    EXPECT_EQ(ask(StoreUse::replay, request("d")).error().code, ErrorCode::config);
    budget_ = {};
    const Error unlimited = ask(StoreUse::replay, requests.back()).error();
    EXPECT_EQ(unlimited.code, ErrorCode::config);
    EXPECT_THAT(unlimited.to_text(), HasSubstr("was not made when the run was recorded"));
  }
}

TEST_F(ReplayTest, CacheHitsCountTowardsNoLimit) {
  server_.script({kGood});
  budget_.max_calls = 1;
  ASSERT_TRUE(ask(StoreUse::cache, request("a")).has_value());
  const auto replies = ask(StoreUse::cache, {request("a"), request("b"), request("c")});
  EXPECT_TRUE(replies[0].has_value());
  EXPECT_TRUE(replies[1].has_value());
  EXPECT_EQ(replies[2].error().code, ErrorCode::budget);
}

TEST_F(ReplayTest, ATimeLimitOfTheTaskIsReplayedWithoutWaiting) {
  server_.script({kGood});
  CallContext context;
  context.cut_at = clock_.now();
  const auto late = ask(StoreUse::record, request("before it was sent"), context);
  ASSERT_EQ(late.error().code, ErrorCode::deadline);
  EXPECT_EQ(server_.hit_count(), 0U);
  context.cut_at = clock_.now() + std::chrono::hours(1);
  // What the last command printed before it was ended differs from machine to machine.
  const auto again = ask(StoreUse::replay, request("another tool output"), context);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().to_text(), late.error().to_text());
  // The run's own limit is no part of a recording.
  context.deadline = context.cut_at = clock_.now();
  ChatRequest other = request("other");
  other.scope = "base/t2";
  ASSERT_EQ(ask(StoreUse::record, other, context).error().code, ErrorCode::deadline);
  EXPECT_EQ(ask(StoreUse::replay, other).error().code, ErrorCode::config);
}

TEST_F(ReplayTest, ATaskThatWasCutInTheMiddleOfACallIsReplayed) {
  Step silent = kGood;
  silent.chunks.front().delay = std::chrono::seconds(20);
  server_.script({silent});
  CallContext context;
  context.cut_at = clock_.now() + std::chrono::milliseconds(50);
  const auto live = ask(StoreUse::record, request(), context);
  ASSERT_EQ(live.error().code, ErrorCode::deadline);
  const auto again = ask(StoreUse::replay, request());
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().to_text(), live.error().to_text());
  EXPECT_EQ(server_.hit_count(), 1U);
}

TEST_F(ReplayTest, ADamagedRecordingEndsTheRunAndNamesTheFile) {
  server_.script({kGood});
  ASSERT_TRUE(ask(StoreUse::record, request()).has_value());
  const fs::path file = only_file();
  const std::string whole = *read_file(file);
  const auto error_with = [&](const std::string& text) {
    std::ofstream(file, std::ios::trunc) << text;
    const auto replies = ask(StoreUse::replay, {request(), request("another")});
    EXPECT_EQ(replies[1].error().to_text(), replies[0].error().to_text()) << "the run has ended";
    EXPECT_TRUE(ends_run(replies[0].error().code));
    return replies[0].error().to_text();
  };
  const std::string cut = error_with(whole.substr(0, whole.size() / 2));
  EXPECT_THAT(cut, HasSubstr(file.string()));
  EXPECT_THAT(cut, Not(HasSubstr("is not recorded")));
  const std::string unknown = error_with("{\"notes\":1," + whole.substr(1));
  EXPECT_THAT(unknown, HasSubstr("\"notes\""));
  fs::remove(file);
  fs::create_symlink(file, file);  // as good as a file that may not be read
  EXPECT_THAT(ask(StoreUse::replay, request()).error().to_text(), HasSubstr(file.string()));
  fs::remove(file);
  fs::create_symlink(dir_.path() / "loop", dir_.path() / "loop");
  const auto store = ExchangeStore::open({dir_.path() / "loop", StoreUse::replay}, clock_, nullptr);
  EXPECT_EQ(store.error().code, ErrorCode::io);
}

TEST_F(ReplayTest, ACacheEntryWithoutAWholeGoodReplyIsAMissAndReplaced) {
  server_.script({kGood});
  ASSERT_TRUE(ask(StoreUse::cache, request()).has_value());
  const fs::path file = only_file();
  const std::string body = read_json(file)->at("replies")[0]["body"];
  const std::vector<Json> broken = {
      {{"status", 200}, {"body", body.substr(0, body.size() / 2)}},
      {{"status", 200}, {"body", ""}},
      {{"status", 500}, {"body", body}},
      {{"status", 200}, {"body", R"({"choices":[{"message":{},"finish_reason":"length"}]})"}}};
  std::size_t hits = server_.hit_count();
  for (const Json& reply : broken) {
    SCOPED_TRACE(reply.dump());
    change(file, [&](Json& entry) { entry["replies"] = Json::array({reply}); });
    warned_.clear();
    const auto answer = ask(StoreUse::cache, request());
    ASSERT_TRUE(answer.has_value()) << answer.error().to_text();
    EXPECT_EQ(answer->attempts, 1);
    EXPECT_EQ(server_.hit_count(), ++hits);
    EXPECT_THAT(warned_, HasSubstr(file.filename().string()));
    ASSERT_TRUE(ask(StoreUse::cache, request()).has_value());
    EXPECT_EQ(server_.hit_count(), hits) << "it was replaced";
  }
}

TEST_F(ReplayTest, AnAddressIsPartOfTheKeyInOneSpellingAndWithoutItsQuery) {
  server_.script({kGood});
  const std::string port = std::to_string(server_.port());
  options_.base_url = "http://localhost:" + port + "/v1?tenant=1";
  ASSERT_TRUE(ask(StoreUse::record, request()).has_value());
  options_.base_url = "HTTP://LocalHost:" + port + "/v1?tenant=2&key=s3cret";
  EXPECT_TRUE(ask(StoreUse::replay, request()).has_value());
  options_.base_url = "http://localhost:" + port + "/v2";
  const std::string text = ask(StoreUse::replay, request()).error().to_text();
  EXPECT_THAT(text, HasSubstr("http://localhost:" + port + "/v1/chat/completions"));
  EXPECT_THAT(text, HasSubstr("http://localhost:" + port + "/v2/chat/completions"));
  EXPECT_THAT(text, Not(HasSubstr("tenant")));
  EXPECT_THAT(text, Not(HasSubstr("scope recorded")));
}

TEST_F(ReplayTest, ARunThatGoesOnIsWarnedOnlyOfCallsThatAreNotRecorded) {
  server_.script({kGood});
  for (const StoreUse first : {StoreUse::record, StoreUse::cache}) {
    ASSERT_TRUE(remove_tree(dir_.path() / "store").has_value());
    ASSERT_TRUE(ask(first, request()).has_value());
    if (first == StoreUse::cache) {
      ASSERT_TRUE(remove_tree(dir_.path() / "store").has_value());
    }
    const auto store = open(StoreUse::record);
    ClientDependencies dependencies;
    dependencies.clock = &clock_;
    dependencies.recorder = &recorder_;
    dependencies.cassette = store.get();
    std::string warned;
    dependencies.warn = [&](const std::string& line) { warned += line; };
    ASSERT_TRUE((*make_client(options_, dependencies))->complete(request(), {}).has_value());
    EXPECT_EQ(warned.empty(), first == StoreUse::record) << warned;
    recorder_.forget();
  }
}

TEST_F(ReplayTest, NoFolderIsMadeBeforeThereIsACallToKeep) {
  ASSERT_NE(open(StoreUse::record), nullptr);
  EXPECT_FALSE(fs::exists(dir_.path() / "store"));
  std::ofstream(dir_.path() / "file") << "x";
  const auto inside =
      ExchangeStore::open({dir_.path() / "file" / "x", StoreUse::record}, clock_, nullptr);
  ASSERT_FALSE(inside.has_value());
  EXPECT_THAT(inside.error().to_text(), HasSubstr("is no folder"));
}

TEST(LearnedChanges, TwoProcessesKeepEachOthersChanges) {
  const auto dir = *TempDir::create("learned");
  const fs::path file = dir.path() / "learned.json";
  const auto style = [](int flag) {
    Json to = {{"x", 0}, {"y", 0}, {"dropped", Json::array()}};
    const Json from = to;
    if (flag == 0) to["x"] = 1;
    if (flag == 1) to["y"] = 1;
    to["dropped"].push_back("p" + std::to_string(flag));
    return dump_json({{"from", from}, {"to", to}});
  };
  constexpr int kEach = 20;
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([&, writer] {
      const auto learned = *LearnedChanges::open({{file}});
      for (int i = 0; i < kEach; ++i)
        EXPECT_TRUE(learned->put("endpoint " + std::to_string(writer) + "/" + std::to_string(i),
                                 "{}", "a change"));
      EXPECT_TRUE(learned->put("both", style(writer), "change " + std::to_string(writer)));
    });
  }
  writers.clear();
  const auto all = *LearnedChanges::open({{file}});
  EXPECT_EQ(all->in_words().size(), 2U * kEach + 2);
  const Json both = *parse_json(all->find("both")->style, "both");
  EXPECT_EQ(both.at("to").at("x"), 1);
  EXPECT_EQ(both.at("to").at("y"), 1);
  EXPECT_EQ(both.at("to").at("dropped").size(), 2U);
}

TEST(LearnedChanges, ADamagedFileStopsAReplayButNotACache) {
  using Use = LearnedFile::Use;
  const auto dir = *TempDir::create("learned");
  const fs::path file = dir.path() / "learned.json";
  std::ofstream(file) << "{\"schema\":";
  for (const Use use : {Use::keep, Use::replay}) {
    const auto opened = LearnedChanges::open({{file, use}});
    ASSERT_FALSE(opened.has_value());
    EXPECT_THAT(opened.error().to_text(), ::testing::HasSubstr(file.string()));
  }
  const auto cache = *LearnedChanges::open({{file, Use::cache}});
  ASSERT_EQ(cache->problems().size(), 1U);
  EXPECT_THAT(cache->problems().front(), ::testing::HasSubstr(file.string()));
  ASSERT_TRUE(cache->put("endpoint", "{}", "a change"));
  EXPECT_EQ((*LearnedChanges::open({{file}}))->in_words().size(), 1U) << "it was replaced";
  const std::string before = *read_file(file);
  const auto replay = *LearnedChanges::open({{file, Use::replay}});
  ASSERT_TRUE(replay->put("endpoint", "{}", "another"));
  EXPECT_EQ(replay->in_words().size(), 2U);
  EXPECT_EQ(*read_file(file), before) << "a replay writes nothing";
}

}  // namespace
}  // namespace skillgrad::llm
