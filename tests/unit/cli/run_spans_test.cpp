// SPDX-License-Identifier: MIT
#include "cli/telemetry/run_spans.hpp"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/telemetry/semantic_names.hpp"

namespace skillgrad::cli {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Answers as a test says, and keeps what came.
class FakePoster final : public llm::JsonPoster {
 public:
  struct Shared {
    std::mutex mutex;
    std::vector<std::string> bodies;
    std::function<llm::PostReply(std::size_t number, std::chrono::milliseconds limit)> answer =
        [](std::size_t, std::chrono::milliseconds) {
          return llm::PostReply{200, "{}", ""};
        };
  };
  explicit FakePoster(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  llm::PostReply post(std::string_view json, std::chrono::milliseconds limit,
                      const std::stop_token& /*stop*/) override {
    std::size_t number = 0;
    {
      const std::lock_guard lock(shared_->mutex);
      number = shared_->bodies.size();
      shared_->bodies.emplace_back(json);
    }
    return shared_->answer(number, limit);
  }

 private:
  std::shared_ptr<Shared> shared_;
};

std::string count_of_spans(const std::vector<TraceSpan>& spans) {
  return std::to_string(spans.size());
}

SpanExporter exporter(
    const std::shared_ptr<FakePoster::Shared>& shared, ExportLimits limits,
    std::function<void(const std::string&)> complain = [](const auto&) {}) {
  return SpanExporter(std::make_unique<FakePoster>(shared), count_of_spans, std::move(complain),
                      limits);
}

TEST(SpanExporter, SendsInBatchesAndTheRestAtTheEnd) {
  const auto shared = std::make_shared<FakePoster::Shared>();
  ExportLimits limits;
  limits.batch = 10;
  limits.every = 1h;
  auto sender = exporter(shared, limits);
  for (int i = 0; i < 25; ++i) sender.add({});
  const auto sum = sender.finish();
  EXPECT_EQ(sum.sent, 25U);
  EXPECT_EQ(sum.lost, 0U);
  std::size_t total = 0;
  for (const auto& body : shared->bodies) {
    EXPECT_LE(std::stoul(body), 10U);
    total += std::stoul(body);
  }
  EXPECT_EQ(total, 25U);
}

TEST(SpanExporter, KeepsABoundedQueueAndNeverWaitsForTheCollector) {
  const auto shared = std::make_shared<FakePoster::Shared>();
  std::atomic<bool> go = false;
  shared->answer = [&](std::size_t, std::chrono::milliseconds) {
    go.wait(false);
    return llm::PostReply{200, "", ""};
  };
  ExportLimits limits;
  limits.waiting = 20;
  limits.batch = 5;
  auto sender = exporter(shared, limits);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) sender.add({});
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  go = true;
  go.notify_all();
  const auto sum = sender.finish();
  EXPECT_EQ(sum.sent + sum.lost, 10'000U);
  EXPECT_LE(sum.sent, 30U);
  EXPECT_GE(sum.sent, 20U);
}

TEST(SpanExporter, TriesABatchAgainAndTellsOfTheFirstFailureOnce) {
  const auto shared = std::make_shared<FakePoster::Shared>();
  shared->answer = [](std::size_t number, std::chrono::milliseconds) {
    return number < 2 ? llm::PostReply{503, "", ""} : llm::PostReply{200, "", ""};
  };
  ExportLimits limits;
  limits.batch = 1;
  limits.pause = 1ms;
  std::atomic<int> complaints = 0;
  auto sender = exporter(shared, limits, [&](const std::string& problem) {
    EXPECT_EQ(problem, "HTTP 503");
    ++complaints;
  });
  sender.add({});
  for (int i = 0; i < 2000; ++i) {
    std::this_thread::sleep_for(1ms);
    const std::lock_guard lock(shared->mutex);
    if (shared->bodies.size() == 3) break;
  }
  EXPECT_EQ(sender.finish().sent, 1U);
  EXPECT_EQ(complaints, 1);
}

TEST(SpanExporter, GivesUpAtTheEndWithinItsTime) {
  const auto shared = std::make_shared<FakePoster::Shared>();
  shared->answer = [](std::size_t, std::chrono::milliseconds limit) {
    EXPECT_LE(limit, 50ms);
    return llm::PostReply{0, "", "connection refused"};
  };
  ExportLimits limits;
  limits.batch = 2;
  limits.every = 1h;
  limits.last = 50ms;
  limits.post = 50ms;
  auto sender = exporter(shared, limits);
  for (int i = 0; i < 7; ++i) sender.add({});
  const auto sum = sender.finish();
  EXPECT_EQ(sum.sent, 0U);
  EXPECT_EQ(sum.lost, 7U);
  EXPECT_EQ(sum.problem, "connection refused");
  sender.add({});
  EXPECT_EQ(sender.finish().lost, 8U);
}

TEST(SpanExporter, CountsWhatACollectorRefuses) {
  for (const auto& [body, lost] : std::initializer_list<std::pair<const char*, std::size_t>>{
           {R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}})", 2},
           {R"({"partialSuccess":{"rejectedSpans":1}})", 1},
           {R"({"partialSuccess":{"rejectedSpans":99}})", 3},
           {R"({"partialSuccess":{"rejectedSpans":"-1"}})", 0},
           {R"({"partialSuccess":[]})", 0},
           {"\x0a\x00 protobuf", 0},
           {"[]", 0}}) {
    const auto shared = std::make_shared<FakePoster::Shared>();
    shared->answer = [body = body](std::size_t, std::chrono::milliseconds) {
      return llm::PostReply{200, body, ""};
    };
    auto sender = exporter(shared, {});
    for (int i = 0; i < 3; ++i) sender.add({});
    EXPECT_EQ(sender.finish().lost, lost) << body;
  }
}

TEST(OtlpJson, WritesNumbersOf64BitsAsTextsAndIdsAsTheyAre) {
  TraceSpan span{
      "00000000000000ab",
      "00000000000000cd",
      "n\"<",
      true,
      WallTime(Duration(1'700'000'000'000'000'001)),
      WallTime(Duration(1'700'000'000'000'000'002)),
      {{otel::kTrial, 3}, {otel::kScore, 0.5}, {otel::kTask, "t"}, {otel::kCost, Json()}},
      true};
  const auto value = parse_json(otlp_json(std::string(32, 'f'), {span}, "1.2"), "test");
  ASSERT_TRUE(value);
  const Json& scope = value->at("resourceSpans")[0]["scopeSpans"][0];
  const Json expected = {
      {"traceId", std::string(32, 'f')},
      {"spanId", "00000000000000ab"},
      {"parentSpanId", "00000000000000cd"},
      {"name", "n\"<"},
      {"kind", 3},
      {"startTimeUnixNano", "1700000000000000001"},
      {"endTimeUnixNano", "1700000000000000002"},
      {"attributes",
       Json::array({{{"key", "skillgrad.trial"}, {"value", {{"intValue", "3"}}}},
                    {{"key", "skillgrad.score"}, {"value", {{"doubleValue", 0.5}}}},
                    {{"key", "skillgrad.task.id"}, {"value", {{"stringValue", "t"}}}}})},
      {"status", {{"code", 2}}}};
  EXPECT_EQ(scope["spans"][0], expected);
  EXPECT_EQ(scope["schemaUrl"], otel::kSchemaUrl);
}

TEST(TracesUrl, AddsThePathOnceToWhateverIsGiven) {
  for (const auto& [given, url] : std::initializer_list<std::pair<const char*, const char*>>{
           {"http://h:4318", "http://h:4318/v1/traces"},
           {"http://h:4318/", "http://h:4318/v1/traces"},
           {"http://h/otlp", "http://h/otlp/v1/traces"},
           {"http://h/v1/traces", "http://h/v1/traces"},
           {"http://h/v1/traces/", "http://h/v1/traces"}})
    EXPECT_EQ(traces_url(given), url);
}

TEST(OtlpHeaders, AreDecodedAndRefusedWhereTheyCouldForgeOthers) {
  const auto read = otlp_headers("authorization=Bearer%20a%3Db, x = y ,");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].second.reveal(), "Bearer a=b");
  EXPECT_EQ((*read)[1].first, "x");
  EXPECT_EQ((*read)[1].second.reveal(), "y");
  for (const char* wrong : {"novalue", "=v", "a b=c", "a=x%0d%0aevil: 1", "a:b=c"}) {
    const auto refused = otlp_headers(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_THAT(refused.error().mend, HasSubstr("name=value"));
  }
}

/// What an observer's end of a run is told.
class Silent final : public optim::Observer {
 public:
  void progress(const std::string&, std::size_t, std::size_t) override {}
  void iteration(const optim::IterationRow&) override {}
  void notice(const std::string&) override {}
};

TEST(RunSpans, HaveTheSameIdsInEqualRunsAndOthersAfterAResume) {
  const auto ids = [](bool resumed) {
    const auto shared = std::make_shared<FakePoster::Shared>();
    ManualClock clock;
    {
      RunSpans spans({"eval", "run", "m", "identity", resumed}, "there",
                     std::make_unique<FakePoster>(shared), clock);
      const auto observer = spans.observe(std::make_unique<Silent>());
      observer->progress("evaluate", 0, 1);
      clock.advance(3s);
      optim::LossRecord record;
      record.task_id = "t";
      record.trace = "eval/rollouts/t.0/trajectory.jsonl";
      record.status = optim::LossStatus::pass;
      record.seconds = 2;
      spans.tools().tool_ended({"eval/rollouts/t.0~retry", 1, "c", "shell", true, 1s});
      observer->rollout("evaluate", record);
      observer->ended({{"schema", "s"}, {"error", nullptr}});
    }
    std::string all;
    for (const auto& body : shared->bodies) all += body;
    return all;
  };
  const std::string first = ids(false);
  EXPECT_EQ(first, ids(false));
  const auto value = parse_json(first, "one request");
  ASSERT_TRUE(value) << first;
  const Json& spans = value->at("resourceSpans")[0]["scopeSpans"][0]["spans"];
  ASSERT_EQ(spans.size(), 4U);
  const Json &tool = spans[0], &rollout = spans[1], &stage = spans[2], &run = spans[3];
  EXPECT_EQ(tool["parentSpanId"], rollout["spanId"]);
  EXPECT_EQ(tool["status"]["code"], 2);
  EXPECT_EQ(rollout["parentSpanId"], stage["spanId"]);
  EXPECT_EQ(stage["parentSpanId"], run["spanId"]);
  EXPECT_FALSE(run.contains("parentSpanId"));
  EXPECT_FALSE(run.contains("status"));
  const auto resumed = parse_json(ids(true), "one request");
  ASSERT_TRUE(resumed);
  const Json& later = resumed->at("resourceSpans")[0]["scopeSpans"][0]["spans"];
  EXPECT_EQ(later[3]["traceId"], run["traceId"]);
  EXPECT_NE(later[3]["spanId"], run["spanId"]);
}

}  // namespace
}  // namespace skillgrad::cli
