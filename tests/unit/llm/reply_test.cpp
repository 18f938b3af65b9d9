// SPDX-License-Identifier: MIT
#include "llm/reply/reply.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/reply/usage.hpp"
#include "llm/text/text_calls.hpp"
#include "llm/text/think.hpp"
#include "llm/wire/field.hpp"
#include "llm/wire/tool_arguments.hpp"
#include "llm/wire/tool_ids.hpp"
#include "llm/wire/tool_names.hpp"

namespace skillgrad::llm {
namespace {

using ::testing::HasSubstr;

ChatRequest offer() {
  ChatRequest request;
  request.tools.push_back({"bash", "Runs a command.",
                           R"({"type":"object","properties":{"command":{"type":"string"},)"
                           R"("timeout":{"type":"integer"}},"required":["command"]})"});
  return request;
}

ReadReply read(const std::string& body) {
  static const ChatRequest request = offer();
  ReplyContext context;
  context.request = &request;
  context.salt = "salt";
  context.source = "here";
  context.request_bytes = 3500;
  const auto parsed = parse_reply_json(body, "test");
  EXPECT_TRUE(parsed.has_value()) << body;
  return read_reply(parsed ? *parsed : Json(), context);
}

std::string with_message(const std::string& message, const std::string& finish = R"("stop")") {
  return R"({"choices":[{"message":)" + message + R"(,"finish_reason":)" + finish + "}]}";
}

TEST(Reply, ContentPartsKeepThinkingApart) {
  const auto out = read(
      with_message(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},)"
                   R"({"type":"text","text":"an"},{"type":"output_text","text":"swer"}]})"));
  EXPECT_EQ(out.reply.message.content, "answer");
  EXPECT_EQ(out.reply.reasoning, "hm");
}

TEST(Reply, ThinkingPartsOfEveryNameStayHidden) {  // R2.4, R2.6
  for (const char* part :
       {R"({"type":"reasoning_text","text":"hm"})", R"({"type":"text","text":"hm","thought":true})",
        R"({"type":"thought","text":"hm"})", R"({"type":"reasoning.text","text":"hm"})"}) {
    const auto out = read(with_message(std::string(R"({"content":[)") + part +
                                       R"(,{"type":"text","text":"4","thought":false}]})"));
    EXPECT_EQ(out.reply.message.content, "4") << part;
    EXPECT_EQ(out.reply.reasoning, "hm") << part;
  }
  const auto field =
      read(with_message(R"({"content":"4","reasoning_content":[{"type":"text","text":"hm"}]})"));
  EXPECT_EQ(field.reply.message.content, "4");
  EXPECT_EQ(field.reply.reasoning, "hm");
  EXPECT_EQ(read(with_message(R"({"content":{"type":"text","text":"4"}})")).reply.message.content,
            "4");
}

TEST(Reply, AnErrorThatNamesNothingBesideAGoodReplyIsNone) {  // R2.2
  const std::string good = R"("choices":[{"message":{"content":"4"},"finish_reason":"stop")";
  for (const char* error : {"{}", "false", "[]", "\"None\"", "\"\"", "0", "null",
                            R"({"code":0,"message":""})", R"({"message":null,"param":null})"}) {
    const std::string field = std::string(R"("error":)") + error;
    for (const std::string& body :
         {"{" + field + "," + good + "}]}", "{" + good + "," + field + "}]}"}) {
      const auto out = read(body);
      EXPECT_FALSE(out.failure.has_value()) << body;
      EXPECT_EQ(out.reply.message.content, "4") << body;
    }
  }
  for (const char* error : {R"({"message":"x"})", R"({"code":429})", R"({"type":"overloaded"})",
                            "\"busy\"", R"(["busy"])", "true"}) {
    EXPECT_TRUE(read(std::string(R"({"error":)") + error + "," + good + "}]}").failure.has_value())
        << error;
  }
  EXPECT_TRUE(read(R"({"error":{}})").failure.has_value());
}

TEST(Reply, RepeatedKeysAndDeepUnknownFieldsAreRead) {  // R2.3
  const auto out =
      read(R"({"model":"a","model":"b","x":)" + std::string(300, '[') + std::string(300, ']') +
           R"(,"choices":[{"message":{"content":"3","content":"4"}}],)"
           R"("usage":{"prompt_tokens":1,"prompt_tokens":9,"completion_tokens":2}})");
  ASSERT_FALSE(out.failure.has_value());
  EXPECT_EQ(out.reply.model, "b");
  EXPECT_EQ(out.reply.message.content, "4");
  EXPECT_EQ(out.reply.usage.input_tokens, 9);
}

TEST(Reply, AbsentContentWithCallsIsFine) {
  const auto out = read(with_message(R"({"tool_calls":[{"id":"c1","function":{"name":"bash",)"
                                     R"("arguments":"{\"command\":\"ls\"}"}}]})"));
  ASSERT_FALSE(out.failure.has_value());
  EXPECT_EQ(out.reply.finish, Finish::tools) << "valid calls override stop (T042)";
  ASSERT_EQ(out.reply.message.tool_calls.size(), 1U);
  EXPECT_EQ(out.reply.message.tool_calls[0].arguments, R"({"command":"ls"})");
}

TEST(Reply, FinishReasonsAreMapped) {
  const std::vector<std::pair<std::string, FinishKind>> cases = {
      {"stop", FinishKind::stop},
      {"EOS", FinishKind::stop},
      {"MAX_TOKENS", FinishKind::length},
      {"model_length", FinishKind::length},
      {"function_call", FinishKind::tools},
      {"tool_use", FinishKind::tools},
      {"SAFETY", FinishKind::filtered},
      {"recitation", FinishKind::filtered},
      {"content_filter", FinishKind::filtered},
      {"content_filter: RECITATION", FinishKind::filtered},
      {"PROHIBITED_CONTENT", FinishKind::filtered},
      {"BLOCKLIST", FinishKind::filtered},
      {"SPII", FinishKind::filtered},
      {"refusal", FinishKind::filtered},
      {"guardrail_intervened", FinishKind::filtered},
      {"function_call_filter: MALFORMED_FUNCTION_CALL", FinishKind::error},
      {"insufficient_system_resource", FinishKind::error},
      {"malformed_function_call", FinishKind::error},
      {"model_context_window_exceeded", FinishKind::length},
      {"MODEL-CONTEXT-WINDOW-EXCEEDED", FinishKind::length},
      {"token limit reached", FinishKind::length},
      {"TOOL_CALL", FinishKind::tools},
      {"content-filter", FinishKind::filtered},
      {"upstream_failure", FinishKind::error},
      {"", FinishKind::none},
      {"weird", FinishKind::unknown},
      {"pause_turn", FinishKind::unknown},
  };
  for (const auto& [reason, kind] : cases) EXPECT_EQ(finish_kind(reason), kind) << reason;
}

const std::string kNativeCall =
    R"({"content":"x","tool_calls":[{"id":"c1","function":{"name":"bash",)"
    R"("arguments":"{\"command\":\"ls\"}"}}]})";

TEST(Reply, CallsBehindAReasonThatIsNotKnownAreNotUsed) {  // R2.8
  for (const std::string& message :
       {kNativeCall, std::string(R"({"content":"<tool_call>{\"name\":\"bash\",\"arguments\":)"
                                 R"({\"command\":\"ls\"}}</tool_call>"})")}) {
    const auto out = read(with_message(message, R"("pause_turn")"));
    ASSERT_TRUE(out.failure.has_value()) << message;
    EXPECT_EQ(out.failure->cls, FailureClass::malformed);
    EXPECT_THAT(out.failure->detail, HasSubstr("pause_turn"));
    for (const char* given : {R"("stop")", R"("tool_calls")"}) {
      EXPECT_FALSE(read(with_message(message, given)).failure.has_value()) << given;
    }
    const auto cut = read(with_message(message, R"("model_context_window_exceeded")"));
    ASSERT_TRUE(cut.failure.has_value());
    EXPECT_EQ(cut.failure->cls, FailureClass::truncated_call);
  }
}

TEST(Reply, TextBehindAReasonThatIsNotKnownIsUsedWithANote) {
  const auto out = read(with_message(R"({"content":"4"})", R"("pause_turn")"));
  ASSERT_FALSE(out.failure.has_value());
  EXPECT_EQ(out.reply.message.content, "4");
  ASSERT_EQ(out.notes.size(), 1U);
  EXPECT_THAT(out.notes[0], HasSubstr("pause_turn"));
  EXPECT_TRUE(read(with_message(R"({"content":"4"})", "null")).notes.empty());
}

TEST(Reply, ATurnWithoutTextAndCallsIsNoAnswer) {  // R3.5
  for (const char* message :
       {R"({"content":""})", R"({"content":null})", R"({"content":" \n\t"})", "{}",
        R"({"content":"\u200b\u00a0"})", R"({"content":[]})", R"({"content":"<think>x</think>"})",
        R"({"content":"","reasoning_content":"so"})", R"({"content":"<|im_end|>"})",
        R"({"content":[{"type":"thinking","thinking":"x"}]})"}) {
    for (const char* finish : {R"("stop")", "null", R"("weird")"}) {
      const auto out = read(with_message(message, finish));
      ASSERT_TRUE(out.failure.has_value()) << message;
      EXPECT_EQ(out.failure->cls, FailureClass::empty_reply) << message << finish;
    }
  }
  EXPECT_FALSE(read(with_message(R"({"content":""})", R"("length")")).failure.has_value());
}

TEST(Reply, ContentThatIsNeitherTextNorPartsIsMalformed) {
  for (const char* content : {R"({"foo":1})", R"([{"foo":1}])", R"([[1]])",
                              R"([{"type":"image_url","image_url":{"url":"x"}}])"}) {
    const auto out = read(with_message(std::string(R"({"content":)") + content + "}"));
    ASSERT_TRUE(out.failure.has_value()) << content;
    EXPECT_EQ(out.failure->cls, FailureClass::malformed) << content;
  }
  const auto some = read(with_message(
      R"({"content":[{"type":"text","text":"4"},{"type":"image_url","image_url":{"url":"x"}}]})"));
  ASSERT_FALSE(some.failure.has_value());
  ASSERT_EQ(some.notes.size(), 1U);
  EXPECT_THAT(some.notes[0], HasSubstr("image_url"));
}

TEST(Reply, CallsInContentPartsAreRead) {
  const std::string text = R"({"type":"text","text":"I look."},)";
  for (
      const char* part :
      {R"({"type":"tool_use","id":"t1","name":"bash","input":{"command":"ls"}})",
       R"({"type":"tool_call","id":"t1","name":"bash","arguments":"{\"command\":\"ls\"}"})",
       R"({"type":"function_call","call_id":"t1","name":"bash","arguments":{"command":"ls"}})",
       R"({"functionCall":{"name":"bash","args":{"command":"ls"}},"id":"t1"})",
       R"({"type":"function","id":"t1","function":{"name":"bash","arguments":{"command":"ls"}}})"}) {
    const auto out = read(with_message(R"({"content":[)" + text + part + "]}"));
    ASSERT_FALSE(out.failure.has_value()) << part;
    EXPECT_EQ(out.reply.message.content, "I look.");
    ASSERT_EQ(out.reply.message.tool_calls.size(), 1U) << part;
    EXPECT_EQ(out.reply.message.tool_calls[0].name, "bash");
    EXPECT_EQ(out.reply.message.tool_calls[0].id, "t1");
    EXPECT_EQ(out.reply.message.tool_calls[0].arguments, R"({"command":"ls"})");
    EXPECT_EQ(out.reply.finish, Finish::tools);
  }
}

TEST(Reply, ToolCallsThatAreNoListOfCallsAreMalformed) {
  for (const char* calls : {R"("bash")", "[1]", R"(["bash"])", "[null]", "7"}) {
    const auto out =
        read(with_message(std::string(R"({"content":"4","tool_calls":)") + calls + "}"));
    ASSERT_TRUE(out.failure.has_value()) << calls;
    EXPECT_EQ(out.failure->cls, FailureClass::malformed) << calls;
  }
  const auto one = read(with_message(
      R"({"tool_calls":{"id":"a","function":{"name":"bash","arguments":{"command":"ls"}}}})"));
  ASSERT_EQ(one.reply.message.tool_calls.size(), 1U);
}

TEST(Reply, AnnouncedCallsThatAreMissingAreMalformed) {
  const auto out = read(with_message(R"({"content":"","tool_calls":[]})", R"("tool_calls")"));
  ASSERT_TRUE(out.failure.has_value());
  EXPECT_EQ(out.failure->cls, FailureClass::empty_tool_calls);
}

TEST(Reply, MirrorsProviderFieldsWithTheirOrigin) {
  const auto out =
      read(with_message(R"({"content":"x","reasoning_content":"because","tool_calls":[{"id":"a",)"
                        R"("extra_content":{"google":{"thought_signature":"s"}},"function":)"
                        R"({"name":"bash","arguments":{"command":"a"}}}]})"));
  EXPECT_EQ(out.reply.reasoning, "because");
  EXPECT_THAT(out.reply.message.mirror, HasSubstr(R"("reasoning_content":"because")"));
  EXPECT_THAT(out.reply.message.mirror, HasSubstr("thought_signature"));
  EXPECT_THAT(out.reply.message.mirror, HasSubstr(R"("from":"here")"));
}

TEST(Reply, MirrorsWhateverProvidersPutBesideTheirReasoning) {  // R2.7
  const auto out = read(with_message(
      R"({"content":[{"type":"thinking","thinking":"hm","signature":"s1"},{"type":"text","text":"x"}],)"
      R"("thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"s2"}],)"
      R"("provider_specific_fields":{"a":1},"extra_content":{"b":2},"annotations":[],)"
      R"("tool_calls":[{"id":"a","provider_specific_fields":{"c":3},"thoughtSignature":"s3",)"
      R"("function":{"name":"bash","thought_signature":"s4","arguments":{"command":"a"}}}]})"));
  const auto mirror = parse_json(out.reply.message.mirror, "mirror");
  ASSERT_TRUE(mirror.has_value());
  const Json& fields = mirror->at("fields");
  EXPECT_EQ(fields.at("thinking_blocks")[0]["signature"], "s2");
  EXPECT_EQ(fields.at("provider_specific_fields")["a"], 1);
  EXPECT_EQ(fields.at("extra_content")["b"], 2);
  EXPECT_EQ(fields.at("content")[0]["signature"], "s1");
  EXPECT_FALSE(fields.contains("annotations"));
  const Json& call = mirror->at("calls")[0];
  EXPECT_EQ(call.at("provider_specific_fields")["c"], 3);
  EXPECT_EQ(call.at("thoughtSignature"), "s3");
  EXPECT_EQ(call.at("function")["thought_signature"], "s4");
}

TEST(Reply, MissingUsageIsEstimatedAndFlagged) {
  const auto out = read(with_message(R"({"content":"0123456789"})"));
  EXPECT_TRUE(out.reply.usage.estimated);
  EXPECT_EQ(out.reply.usage.input_tokens, 1100);
  EXPECT_EQ(out.reply.usage.output_tokens, 4);
}

TEST(Usage, CachedTokensAreFoundWhereverTheyStand) {
  const std::vector<std::pair<std::string, std::int64_t>> cases = {
      {R"("prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4})",
       4},
      {R"("prompt_tokens":100,"completion_tokens":7,"prompt_cache_hit_tokens":41)", 41},
      {R"("prompt_tokens":100,"completion_tokens":7,"num_cached_tokens":42)", 42},
      {R"("prompt_tokens":100,"completion_tokens":7,"prompt_token_details":{"cached_tokens":43})",
       43},
      {R"("input_tokens":100,"output_tokens":7,"input_tokens_details":{"cached_tokens":44})", 44},
      {R"("prompt_tokens":100,"completion_tokens":7,"prompt_cache_hit_tokens":-3)", 0},
  };
  for (const auto& [usage, cached] : cases) {
    const auto found = read_usage(*parse_reply_json("{\"usage\":{" + usage + "}}", "u"));
    ASSERT_TRUE(found.has_value()) << usage;
    EXPECT_EQ(found->usage.input_tokens, 100) << usage;
    EXPECT_EQ(found->usage.cached_tokens, cached) << usage;
    EXPECT_EQ(found->usage.output_tokens, 7) << usage;
  }
}

/// Anthropic's names mean what stands beside the prompt; so does what is more than the prompt.
TEST(Usage, CachedTokensBesideThePromptCountAsInput) {
  const std::vector<std::pair<std::string, std::pair<std::int64_t, std::int64_t>>> cases = {
      {R"("input_tokens":100,"output_tokens":7,"cache_read_input_tokens":45)", {145, 45}},
      {R"("prompt_tokens":"100","completion_tokens":"7","prompt_cache_hit_tokens":900)",
       {1000, 900}},
  };
  for (const auto& [usage, expected] : cases) {
    const auto found = read_usage(*parse_reply_json("{\"usage\":{" + usage + "}}", "u"));
    ASSERT_TRUE(found.has_value()) << usage;
    EXPECT_EQ(found->usage.input_tokens, expected.first) << usage;
    EXPECT_EQ(found->usage.cached_tokens, expected.second) << usage;
  }
}

TEST(Usage, HiddenReasoningComesFromTheTotalAndIsNotAddedTwice) {
  const auto gemini = read_usage(*parse_reply_json(
      R"({"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":45}})", "u"));
  ASSERT_TRUE(gemini.has_value());
  EXPECT_EQ(gemini->usage.output_tokens, 35);
  const auto openai = read_usage(
      *parse_reply_json(R"({"usage":{"prompt_tokens":10,"completion_tokens":35,"total_tokens":45,)"
                        R"("completion_tokens_details":{"reasoning_tokens":30}}})",
                        "u"));
  ASSERT_TRUE(openai.has_value());
  EXPECT_EQ(openai->usage.output_tokens, 35);
  EXPECT_EQ(openai->reasoning_tokens, 30);
}

TEST(Think, TagsLeaveTheVisibleText) {
  struct Case {
    const char *content, *visible, *reasoning;
  };
  for (const Case& c : std::vector<Case>{{"<think>a</think>b", "b", "a"},
                                         {"a</think>b", "b", "a"},
                                         {"<think>never closed", "", "never closed"},
                                         {"\n<think>a</think>\n\nb", "b", "a"},
                                         {"b\n<think>a</think>\nc", "b\n\nc", "a"},
                                         {"use `<think>` here", "use `<think>` here", ""},
                                         {"plain", "plain", ""}}) {
    const ThinkSplit split = split_think(c.content);
    EXPECT_EQ(split.visible, c.visible) << c.content;
    EXPECT_EQ(split.reasoning, c.reasoning) << c.content;
  }
}

TEST(ToolCalls, ArgumentsAreAnObjectOrAProblem) {
  struct Case {
    const char *sent, *arguments;
    bool problem;
  };
  const std::vector<Case> cases = {
      {R"("")", "{}", false},
      {R"("  ")", "{}", false},
      {"null", "{}", false},
      {R"({"a":1})", R"({"a":1})", false},
      {R"("{\"a\":1}")", R"({"a":1})", false},
      {R"("\"{\\\"a\\\":1}\"")", R"({"a":1})", false},
      {R"("```json\n{\"a\":1}\n```")", R"({"a":1})", false},
      {R"("{\"a\":1,\"a\":2}")", R"({"a":2})", false},
      {R"("{\"a\":1,}")", "{}", true},
      {R"("[1]")", "{}", true},
      {R"("{\"a\":1}{\"b\":2}")", "{}", true},
      {"[1]", "{}", true},
      {"7", "{}", true},
  };
  for (const Case& c : cases) {
    const auto sent = parse_reply_json(c.sent, "case");
    ASSERT_TRUE(sent.has_value());
    ToolCall call;
    set_arguments(call, sent->is_null() ? nullptr : &*sent);
    EXPECT_EQ(call.arguments, c.arguments) << c.sent;
    EXPECT_EQ(!call.problem.empty(), c.problem) << c.sent;
  }
  ToolCall junk;
  const Json megabyte = std::string(1U << 20U, 'x');
  set_arguments(junk, &megabyte);
  EXPECT_EQ(junk.arguments, "{}");
  EXPECT_LT(junk.problem.size(), 2000U);
  const Json unclosed = "{\"command\":\"" + std::string(1U << 20U, 'x');
  set_arguments(junk, &unclosed);
  EXPECT_LT(junk.problem.size(), 2000U);
}

TEST(ToolCalls, ArgumentsNestedTooDeeplyAreAProblem) {
  const std::string deep = "{\"a\":" + std::string(5'000, '[') + std::string(5'000, ']') + "}";
  ToolCall call;
  const Json text = deep;
  set_arguments(call, &text);
  EXPECT_THAT(call.problem, HasSubstr("deep"));
  const auto object = parse_reply_json(deep, "reply");
  ASSERT_TRUE(object.has_value());
  set_arguments(call, &*object);
  EXPECT_THAT(call.problem, HasSubstr("deep"));
  EXPECT_EQ(call.arguments, "{}");
}

TEST(ToolCalls, NamesResolveToWhatWasOffered) {
  const ChatRequest request = offer();
  for (const char* sent : {" Functions.Bash ", "default_api.bash", "BASH", "bash<|channel|>x"}) {
    EXPECT_EQ(resolve_tool_name(sent, request.tools), "bash") << sent;
  }
  EXPECT_EQ(resolve_tool_name("other", request.tools), "other");
  EXPECT_EQ(resolve_tool_name("", request.tools), "");
}

TEST(ToolCalls, MissingAndRepeatedIdsGetFreshOnes) {
  Message earlier;
  earlier.role = Role::assistant;
  earlier.tool_calls.push_back({"used", "bash", "{}", ""});
  const auto fresh = [&] {
    std::vector<ToolCall> calls(4);
    calls[0].id = "used";
    calls[2].id = "mine";
    calls[3].id = "mine";
    assign_ids(calls, {earlier}, "salt");
    return calls;
  };
  const std::vector<ToolCall> calls = fresh();
  std::set<std::string> ids = {"used"};
  for (const ToolCall& call : calls) EXPECT_TRUE(ids.insert(call.id).second) << call.id;
  EXPECT_EQ(calls[2].id, "mine");
  EXPECT_EQ(calls[1].id.size(), 9U);
  const std::vector<ToolCall> again = fresh();
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(calls[i].id, again[i].id);
}

TEST(TextCalls, EveryFormatIsReadAndRemoved) {
  const ChatRequest request = offer();
  const std::string call = R"({"name":"bash","arguments":{"command":"ls"}})";
  const std::string bar = "\xEF\xBD\x9C";
  const std::string low = "\xE2\x96\x81";
  const std::vector<std::string> texts = {
      "<tool_call>\n" + call + "\n</tool_call>",
      "<tool_call>" + call,
      call + "</tool_call>",
      "<function=bash><parameter=command>\nls\n</parameter></function>",
      "<tool_call>\n<function=bash>\n<parameter=command>\nls\n</parameter>\n</function>\n"
      "</tool_call>",
      "[TOOL_CALLS][" + call + "]",
      "[TOOL_REQUEST]" + call + "[END_TOOL_REQUEST]",
      R"(<|python_tag|>{"name":"bash","parameters":{"command":"ls"}})",
      R"(<|tool_calls_section_begin|><|tool_call_begin|>functions.bash:0)"
      R"(<|tool_call_argument_begin|>{"command":"ls"}<|tool_call_end|>)"
      R"(<|tool_calls_section_end|>)",
      "<" + bar + "tool" + low + "calls" + low + "begin" + bar + "><" + bar + "tool" + low +
          "call" + low + "begin" + bar + ">function<" + bar + "tool" + low + "sep" + bar +
          ">bash\n```json\n{\"command\":\"ls\"}\n```<" + bar + "tool" + low + "call" + low + "end" +
          bar + "><" + bar + "tool" + low + "calls" + low + "end" + bar + ">",
      "```json\n" + call + "\n```",
      "```tool_call\n" + call + "\n```",
      call,
  };
  for (const std::string& text : texts) {
    std::string rest = text;
    const auto calls = take_text_calls(rest, request.tools);
    ASSERT_EQ(calls.size(), 1U) << text;
    EXPECT_EQ(calls[0].name, "bash") << text;
    EXPECT_EQ(calls[0].arguments, R"({"command":"ls"})") << text;
    EXPECT_EQ(rest, "") << text;
  }
  std::string prose = "I will list.\n<tool_call>" + call + "</tool_call>";
  EXPECT_EQ(take_text_calls(prose, request.tools).size(), 1U);
  EXPECT_EQ(prose, "I will list.");
}

TEST(TextCalls, OnlyOfferedNamesWithFittingArgumentsCount) {
  const ChatRequest request = offer();
  for (const char* text :
       {R"({"name":"rm","arguments":{"command":"x"}})", R"({"name":"bash","arguments":{}})",
        R"({"name":"bash","arguments":{"command":7}})", R"({"answer":42})",
        R"(the call {"name":"bash","arguments":{"command":"x"}})", "<tool_call>", "{", "[[[["}) {
    std::string rest = text;
    EXPECT_TRUE(take_text_calls(rest, request.tools).empty()) << text;
    EXPECT_EQ(rest, text);
  }
  std::string text = R"({"name":"bash","arguments":{"command":"x"}})";
  EXPECT_TRUE(take_text_calls(text, {}).empty());
}

TEST(ReplyJson, WhatServersSendAgainstTheRulesIsMended) {  // R2.22
  for (const char* text : {R"({"a":"\ud83d"})", R"({"a":NaN,"b":-Infinity})", R"({"a":1e999})",
                           "\xEF\xBB\xBF{\"a\":1}", "\n\n {\"a\":\"\xFF\"}"}) {
    EXPECT_TRUE(parse_reply_json(text, "x").has_value()) << text;
  }
  EXPECT_FALSE(parse_reply_json(R"({"a":)", "x").has_value());
  const auto pair = parse_reply_json(R"({"a":"\ud83d\ude00","b":NaN})", "x");
  ASSERT_TRUE(pair.has_value());
  EXPECT_EQ(text_of(member(&*pair, "a")), "\xF0\x9F\x98\x80");
}

}  // namespace
}  // namespace skillgrad::llm
