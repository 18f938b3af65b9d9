// SPDX-License-Identifier: MIT
// Which choice of a reply counts, and which content is one (R2.3, R2.4).
#include "llm/reply/choices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/reply/reply.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {
namespace {

using ::testing::HasSubstr;

ReadReply read(const std::string& body) {
  static const ChatRequest request = [] {
    ChatRequest out;
    out.tools.push_back({"bash", "Runs a command.", R"({"type":"object"})"});
    return out;
  }();
  ReplyContext context;
  context.request = &request;
  const auto parsed = parse_reply_json(body, "test");
  EXPECT_TRUE(parsed.has_value()) << body;
  return read_reply(parsed ? *parsed : Json(), context);
}

ReadReply read_message(const std::string& message) {
  return read(R"({"choices":[{"message":)" + message + R"(,"finish_reason":"stop"}]})");
}

std::string choice(const std::string& index, const std::string& message,
                   const std::string& finish = "stop") {
  return "{" + index + R"("message":)" + message + R"(,"finish_reason":")" + finish + "\"}";
}
const std::string kCalls =
    R"("tool_calls":[{"id":"x","function":{"name":"bash","arguments":"{\"command\":\"ls\"}"}}])";

TEST(Choices, TheFirstIsTheOneOfThatIndex) {
  const auto out = read(R"({"choices":[)" + choice(R"("index":1,)", R"({"content":"second"})") +
                        "," + choice(R"("index":0,)", R"({"content":"first"})") + "]}");
  ASSERT_FALSE(out.failure.has_value());
  EXPECT_EQ(out.reply.message.content, "first");
  ASSERT_EQ(out.notes.size(), 1U);
  EXPECT_THAT(out.notes[0], HasSubstr("several choices"));
}

TEST(Choices, ATurnThatWasCutIntoTwoIsOneAgain) {
  for (const char* index : {R"("index":1,)", "", R"("index":0,)"}) {
    const auto out = read(R"({"choices":[)" + choice("", R"({"content":"I look."})") + "," +
                          choice(index, R"({"content":null,)" + kCalls + "}", "tool_calls") + "]}");
    ASSERT_FALSE(out.failure.has_value()) << out.failure->detail;
    EXPECT_EQ(out.reply.message.tool_calls.size(), 1U);
  }
}

TEST(Choices, CallsOfAnotherAnswerMakeTheReplyMalformed) {
  const std::string first = choice("", R"({"content":"I look."})");
  const std::string other = choice("", R"({"content":"I act.",)" + kCalls + "}", "tool_calls");
  const auto out = read(R"({"choices":[)" + first + "," + other + "]}");
  ASSERT_TRUE(out.failure.has_value());
  EXPECT_EQ(out.failure->cls, FailureClass::malformed);
  for (const char* junk : {"null", "7", R"({"message":"x"})", "{}", "[]"}) {
    (void)read(R"({"choices":[)" + std::string(junk) + "," + other + "]}");
    EXPECT_FALSE(read(R"({"choices":[)" + first + "," + junk + "]}").failure.has_value()) << junk;
  }
}

TEST(Content, ControlCharactersAndTokensOfATemplateAreNoAnswer) {
  for (const char* text : {R"(\u0000)", R"(\u0001\u0007 \u007f)", "<|endoftext|><|im_start|>",
                           "<pad><pad>", R"(<bos> <pad>\n</s>)", "<|im_start|>"}) {
    const auto out = read_message(std::string(R"({"content":")") + text + "\"}");
    ASSERT_TRUE(out.failure.has_value()) << text;
    EXPECT_EQ(out.failure->cls, FailureClass::empty_reply) << text;
  }
  for (const char* text : {"<pad> is a token", "ok<pad>", "<p>", "<s>", "| |", "0"}) {
    const auto out = read_message(std::string(R"({"content":")") + text + "\"}");
    EXPECT_FALSE(out.failure.has_value()) << text;
  }
}

TEST(Content, WhatIsNoTextOfTheModelIsMalformed) {
  for (const char* message :
       {R"({"content":true})", R"({"content":5})",
        R"({"content":[{"type":"text","text":"par"},{"type":"error","error":"boom"}]})",
        R"({"content":[{"type":"text","text":"par","error":{"message":"boom"}}]})",
        R"({"role":"user","content":"Say ok."})", R"({"role":"system","content":"x"})"}) {
    const auto out = read_message(message);
    ASSERT_TRUE(out.failure.has_value()) << message;
    EXPECT_EQ(out.failure->cls, FailureClass::malformed) << message;
  }
  for (const char* role : {"assistant", "model", ""}) {
    const auto out = read_message(std::string(R"({"role":")") + role + R"(","content":"4"})");
    EXPECT_FALSE(out.failure.has_value()) << role;
  }
}

}  // namespace
}  // namespace skillgrad::llm
