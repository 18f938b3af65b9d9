// SPDX-License-Identifier: MIT
// Habits of single endpoints and proxies, and what the client makes of them.
#include <sys/resource.h>

#include "fakes/large.hpp"
#include "llm/address/profile.hpp"
#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

using fault::stream_step;

TEST_F(ClientTest, AnEndpointThatIgnoresToolChoiceMayAnswerInWords) {
  server_.script({json_step(200, chat_body("I would rather talk."))});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "I would rather talk.");
  EXPECT_TRUE(reply->message.tool_calls.empty());
  EXPECT_TRUE(body_of_hit(0).contains("max_tokens"));
  EXPECT_FALSE(body_of_hit(0).contains("tool_choice"));
  EXPECT_FALSE(body_of_hit(0).contains("max_completion_tokens"));
}

TEST(Profile, OllamaIsNeverSentTheCapThatItDoesNotKnow) {  // R1.6
  for (const char* url :
       {"http://localhost:11434/v1", "http://127.0.0.1:11434", "http://[::1]:11434"}) {
    const auto parsed = parse_base_url(url);
    ASSERT_TRUE(parsed.has_value()) << url;
    EXPECT_FALSE(profile_of(*parsed, "gpt-5-look-alike").completion_cap) << url;
  }
  const auto openai = parse_base_url("https://api.openai.com/v1");
  EXPECT_TRUE(profile_of(*openai, "gpt-5-mini").completion_cap);
}

/// A server that writes a blank line again and again while the request is queued.
Step queued(int lines, fault::Milliseconds pause, const std::string& body) {
  Step step = stream_step({});
  step.headers = {{"Content-Type", "application/json"}};
  for (int i = 0; i < lines; ++i) step.chunks.push_back({"\n", pause});
  step.chunks.push_back({body, pause});
  return step;
}

TEST_F(ClientTest, BlankLinesBeforeTheReplyKeepItAlive) {
  for (const char* stream : {"off", "on"}) {
    options_.stream = stream;
    options_.idle_timeout = std::chrono::milliseconds(1500);
    options_.first_byte_timeout = std::chrono::milliseconds(1500);
    server_.script({queued(200, fault::Milliseconds(10), chat_body("at last"))});
    const auto reply = client()->complete(request(stream), {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->message.content, "at last");
    EXPECT_EQ(reply->attempts, 1);
  }
}

TEST_F(ClientTest, BlankLinesAreNoProgressOfAStream) {
  options_.stream = "on";
  options_.progress_timeout = std::chrono::milliseconds(150);
  server_.script({queued(100'000, fault::Milliseconds(20), "{}"), kGood});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->attempts, 2);
}

TEST_F(ClientTest, AnErrorInsideA200NamesTheProviderBehindAndItsText) {
  server_.script({json_step(
      200, R"({"error":{"code":502,"message":"Provider returned error","metadata":{)"
           R"("provider_name":"BackHost","raw":"{\"error\":{\"message\":\"overloaded\"}}"}}})")});
  options_.max_attempts_transient = 3;
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::transient);
  EXPECT_EQ(server_.hit_count(), 3U);
  EXPECT_THAT(reply.error().message, HasSubstr("Provider returned error"));
  EXPECT_THAT(reply.error().message, HasSubstr("BackHost"));
  EXPECT_THAT(reply.error().message, HasSubstr("overloaded"));
}

/// Bits of a deflate stream, lowest first.
class BitWriter {
 public:
  void bits(unsigned value, int count) {
    for (int i = 0; i < count; ++i) put((value >> static_cast<unsigned>(i)) & 1U);
  }
  /// Huffman codes come highest bit first.
  void code(unsigned value, int count) {
    for (int i = count - 1; i >= 0; --i) put((value >> static_cast<unsigned>(i)) & 1U);
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void put(unsigned bit) {
    if (at_ == 0) bytes_ += '\0';
    bytes_.back() = static_cast<char>(static_cast<unsigned char>(bytes_.back()) | (bit << at_));
    at_ = (at_ + 1) % 8;
  }
  std::string bytes_;
  unsigned at_ = 0;
};

/// `size` bytes 'x' as gzip: one literal, then copies of 258 bytes from one byte back.
std::string gzip_bomb(std::size_t size) {
  BitWriter out;
  out.bits(1, 1);           // the last block
  out.bits(1, 2);           // with the fixed codes
  out.code(0x30 + 'x', 8);  // a literal
  for (std::size_t done = 1; done < size; done += 258) {
    out.code(0xC0 + 5, 8);  // length 258
    out.code(0, 5);         // distance 1
  }
  out.code(0, 7);  // end of the block
  return std::string("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10) + out.take();
}

// A sanitizer keeps several bytes of its own for each of ours.
#if defined(SKILLGRAD_SANITIZED)
constexpr long kBombBoundKib = 900L * 1024;
#else
constexpr long kBombBoundKib = 300L * 1024;
#endif

TEST_F(ClientTest, AGzipBombIsCutOffAtTheCapWithBoundedMemory) {
  server_.script(
      {json_step(200, gzip_bomb(static_cast<std::size_t>(fakes::large(1024, 256)) << 20U),
                 {{"Content-Encoding", "gzip"}})});
  rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  const auto reply = client()->complete(request(), {});
  ::getrusage(RUSAGE_SELF, &after);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::malformed_reply);
  EXPECT_THAT(reply.error().message, HasSubstr("larger than the limit"));
  EXPECT_EQ(server_.hit_count(), 1U);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, kBombBoundKib) << "KiB, for a cap of 64 MiB";
}

/// One member of a gzip stream: the text in one stored block.
std::string gzip_member(std::string_view text) {
  std::string out("\x1F\x8B\x08\0\0\0\0\0\0\x03\x01", 11);
  const auto little_endian = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFFU);
  };
  const auto size = static_cast<std::uint32_t>(text.size());
  little_endian(size, 2);
  little_endian(~size, 2);
  out += text;
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  little_endian(~crc, 4);
  little_endian(size, 4);
  return out;
}

TEST_F(ClientTest, AReplyOfTwoGzipMembersIsAskedForOnceMoreWithoutCompression) {
  const std::string body = chat_body("fine");
  server_.script({json_step(200, gzip_member(body), {{"Content-Encoding", "gzip"}}),
                  json_step(200, gzip_member(body.substr(0, 20)) + gzip_member(body.substr(20)),
                            {{"Content-Encoding", "gzip"}}),
                  json_step(200, body)});
  auto model = client();
  const auto whole = model->complete(request("a"), {});
  ASSERT_TRUE(whole.has_value()) << whole.error().to_text();
  EXPECT_EQ(whole->attempts, 1);
  for (const int attempts : {2, 1}) {
    const auto reply = model->complete(request(std::to_string(attempts)), {});
    ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
    EXPECT_EQ(reply->attempts, attempts);
    EXPECT_EQ(server_.hits().back().header("accept-encoding"), "identity");
  }
  EXPECT_EQ(server_.hit_count(), 4U);
}

TEST_F(ClientTest, AReplyThatStaysCompressedBeyondReadingIsAnErrorAfterTwoAttempts) {
  server_.script(
      {json_step(200, gzip_member("{}") + gzip_member("{}"), {{"Content-Encoding", "gzip"}})});
  const auto reply = client()->complete(request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_THAT(reply.error().message, HasSubstr("gzip"));
  EXPECT_EQ(server_.hit_count(), 2U);
}

TEST_F(ClientTest, AReplyOfAnotherModelIsRecordedAndWarnedOfOnce) {
  std::string body = chat_body("fine");
  body.replace(body.find("test-model"), 10, "other-thing-7b");
  server_.script({json_step(200, body)});
  auto model = client();
  for (const char* text : {"a", "b", "c"}) {
    const auto reply = model->complete(request(text), {});
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->model, "other-thing-7b");
  }
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_THAT(warnings().front(), HasSubstr("other-thing-7b"));
  for (const LedgerRow& row : recorder_.rows()) EXPECT_EQ(row.response_model, "other-thing-7b");
}

class NotRetriedStatusTest : public ClientTest, public ::testing::WithParamInterface<int> {};

TEST_P(NotRetriedStatusTest, IsAskedOnce) {
  server_.script({json_step(GetParam(), R"({"error":{"message":"no"}})"), kGood});
  EXPECT_FALSE(client()->complete(request(), {}).has_value());
  EXPECT_EQ(server_.hit_count("POST"), 1U);
  EXPECT_EQ(seconds(clock_.total_slept()), 0.0);
}

INSTANTIATE_TEST_SUITE_P(Statuses, NotRetriedStatusTest,
                         ::testing::Values(400, 401, 402, 403, 404, 405, 410, 411, 413, 415, 422,
                                           451, 501, 505, 300, 302, 307, 308));

TEST_F(ClientTest, ABusyServerIsARateLimit) {
  server_.script({json_step(503, R"({"error":{"message":"server busy, please try again.  maximum )"
                                 R"(pending requests exceeded","type":"server_error"}})"),
                  kGood});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->attempts, 2);
  EXPECT_EQ(recorder_.rows().front().outcome, ErrorCode::rate_limit);
}

const char* const kToolUseFailed =
    R"({"error":{"message":"Failed to call a function. Please adjust your prompt. See )"
    R"('failed_generation' for more details.","type":"invalid_request_error",)"
    R"("code":"tool_use_failed","failed_generation":"<function=bash>{}"}})";

TEST_F(ClientTest, AFailedToolCallOfTheServerIsResampledAtMostTwice) {
  server_.script({json_step(400, kToolUseFailed)});
  const auto reply = client()->complete(tool_request(), {});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::bad_request);
  EXPECT_EQ(server_.hit_count(), 3U);
  server_.script({json_step(400, kToolUseFailed), json_step(400, kToolUseFailed), kGood});
  EXPECT_TRUE(client()->complete(tool_request(), {}).has_value());
}

struct Fault {
  const char* name;
  Step step;
  const char* outcome;  ///< of the failed attempt's row
};

class LoggedFaultTest : public ClientTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(LoggedFaultTest, IsRetriedAndItsClassIsRecorded) {
  server_.script({GetParam().step, kGood});
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->attempts, 2);
  const auto rows = recorder_.rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_STREQ(rows.front().outcome.value().name(), GetParam().outcome);
  EXPECT_EQ(rows.back().outcome, AttemptOutcome::ok);
}

Step closing_with(const std::string& head, const std::string& body) {
  return fault::raw_step(head + "\r\n\r\n" + body, End::close);
}

std::string flood() {
  std::string head = "HTTP/1.1 200 OK";
  for (int i = 0; i < 5000; ++i)
    head += "\r\nX-Filler-" + std::to_string(i) + ": " + std::string(80, 'f');
  return head;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, LoggedFaultTest,
    ::testing::Values(
        Fault{"Close", fault::drop_step(End::close), "transient"},
        Fault{"Reset", fault::drop_step(End::reset), "transient"},
        Fault{"ShortBody",
              closing_with("HTTP/1.1 200 OK\r\nContent-Length: 900", R"({"choices":[)"),
              "transient"},
        Fault{"ChunkedEof",
              closing_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "10\r\n{\"choices\""),
              "transient"},
        Fault{"BadChunk", closing_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "zz\r\n{}"),
              "transient"},
        Fault{"BadStatusLine", fault::raw_step("NOT HTTP AT ALL\r\n\r\n", End::close),
              "malformed_reply"},
        Fault{"HeaderFlood", closing_with(flood(), "{}"), "transient"},
        Fault{"LongHeaderLine",
              closing_with("HTTP/1.1 200 OK\r\nX-Long: " + std::string(200'000, 'l'), "{}"),
              "malformed_reply"},
        Fault{"GatewayPage", json_step(524, "<html><title>524: A timeout occurred</title></html>"),
              "transient"},
        Fault{"EmptyServerError", json_step(500, ""), "transient"}),
    [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace skillgrad::llm
