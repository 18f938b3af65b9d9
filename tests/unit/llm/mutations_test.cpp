// SPDX-License-Identifier: MIT
// Which change of the request answers which refusal (R1.19), in the words of many
// endpoints.
#include "llm/learn/mutations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skillgrad::llm {
namespace {

using ::testing::HasSubstr;

/// How a request was asked for, and what its history holds.
struct Sent {
  std::string extra;  ///< extra_body
  std::optional<double> temperature;
  std::string mirror;  ///< fields of the earlier reply, JSON; "" = no earlier reply
  WireStyle style;

  [[nodiscard]] Body body() const {
    ChatRequest request;
    Message system, user, turn, result;
    system.role = Role::system;
    system.content = "be brief";
    user.content = "do it";
    request.messages = {system, user};
    if (!mirror.empty()) {
      turn.role = Role::assistant;
      turn.tool_calls = {{"call_1", "bash", "{}", {}}};
      turn.mirror = R"({"from":"here","fields":)" + mirror + "}";
      result.role = Role::tool;
      result.tool_call_id = "call_1";
      result.content = "ok";
      request.messages.push_back(turn);
      request.messages.push_back(result);
    }
    auto builder = BodyBuilder::create({"m", extra, temperature, std::nullopt, "here"});
    EXPECT_TRUE(builder.has_value()) << builder.error().to_text();
    auto built = (*builder)->build(request, style, 16'000);
    EXPECT_TRUE(built.has_value());
    return *built;
  }
};

/// The change in words; "" if there is none.
std::string answer(const std::string& error_body, const Sent& sent) {
  const auto found = find_mutation(parse_error_body(error_body), sent.body(), sent.style);
  return found ? found->description : "";
}

std::string says(const std::string& message) {
  return dump_json({{"error", {{"message", message}, {"type", "invalid_request_error"}}}});
}

struct MutationCase {
  const char* name;
  const char* body;  ///< JSON, or the message alone
  const char* change;
};

std::string json_of(const MutationCase& given) {
  const std::string text = given.body;
  return text.front() == '{' || text.front() == '[' ? text : says(text);
}

std::string case_name(const ::testing::TestParamInfo<MutationCase>& given) {
  return given.param.name;
}

class RefusedKeyTest : public ::testing::TestWithParam<MutationCase> {};

TEST_P(RefusedKeyTest, IsDroppedInWhateverWords) {
  const Sent sent{R"({"seed":1,"top_p":0.5,"presence_penalty":0.5,"user":"me",)"
                  R"("parallel_tool_calls":false,"store":false,"n":1})",
                  0.3,
                  "",
                  {}};
  EXPECT_EQ(answer(json_of(GetParam()), sent), GetParam().change);
}

INSTANTIATE_TEST_SUITE_P(
    Wordings, RefusedKeyTest,
    ::testing::Values(
        MutationCase{"Pydantic1",
                     R"({"detail":[{"loc":["body","seed"],"msg":"extra fields not permitted",)"
                     R"("type":"value_error.extra"}]})",
                     "seed dropped"},
        MutationCase{"Pydantic2",
                     R"({"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":)"
                     R"("Extra inputs are not permitted"}]})",
                     "seed dropped"},
        MutationCase{"LocAlone", R"({"detail":[{"loc":["body","Request","seed"],"msg":"no"}]})",
                     "seed dropped"},
        MutationCase{
            "BedrockKey",
            "Malformed input request: #: extraneous key [temperature] is not permitted, please "
            "reformat your input and try again.",
            "temperature dropped"},
        MutationCase{
            "BedrockField",
            "This model doesn't support the temperature field. Remove temperature and try again.",
            "temperature dropped"},
        MutationCase{"Argument", "Unknown argument: 'seed'", "seed dropped"},
        MutationCase{"RequestParameters", "Unknown request parameter(s): seed", "seed dropped"},
        MutationCase{"Unexpected", "Unexpected field 'seed' in request body", "seed dropped"},
        MutationCase{"NotRecognized", "Parameter 'seed' is not recognized.", "seed dropped"},
        MutationCase{"NotPermitted", "seed: this field is not permitted", "seed dropped"},
        MutationCase{"NoLonger", "Parameter `top_p` is no longer supported for this model",
                     "top_p dropped"},
        MutationCase{"NotAllowed", "The following parameters are not allowed: seed",
                     "seed dropped"},
        MutationCase{"InvalidParameter",
                     R"({"error":{"message":"Invalid parameter: seed","param":"seed",)"
                     R"("code":"invalid_parameter"}})",
                     "seed dropped"},
        MutationCase{"ParamAlone", R"({"error":{"message":"no","param":"seed"}})", "seed dropped"},
        MutationCase{
            "XaiCamelCase",
            R"({"code":"Client specified an invalid argument","error":"Argument not supported )"
            R"(on this model: presencePenalty"})",
            "presence_penalty dropped"},
        MutationCase{"InProse", "Parallel tool calls are not supported by this model.",
                     "parallel_tool_calls dropped"},
        MutationCase{"Kimi", "invalid temperature: only 1 is allowed for this model",
                     "temperature dropped"},
        MutationCase{
            "Anthropic",
            "`temperature` and `top_p` cannot both be specified for this model. Please use only "
            "one.",
            "top_p dropped"},
        MutationCase{"EverydayWordMarked", "Unsupported parameter: 'user'", "user dropped"},
        MutationCase{"EverydayWordUnmarked",
                     "This model does not support images of the user in chat", ""},
        MutationCase{"EverydayWordAlone", "Unknown parameters: n", "n dropped"},
        MutationCase{"KeyThatWasNotSent", "Unsupported parameter: 'logit_bias'", ""},
        MutationCase{"OutOfRangeIsForTheUser",
                     R"({"error":{"message":"temperature: must be between 0 and 0.2","param":)"
                     R"("temperature"}})",
                     ""},
        MutationCase{"NotARefusal", "The request failed. seed=1", ""},
        MutationCase{"FieldOfATool", "Unknown parameter: 'tools[0].seed'.", ""},
        MutationCase{"Cap",
                     "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
                     "max_tokens replaced by max_completion_tokens"},
        MutationCase{"CapTooLarge", "max_tokens of 16000 is not supported: it exceeds the limit",
                     ""},
        MutationCase{
            "StreamMode",
            "This model only support stream mode, please enable the stream parameter to access "
            "the model. ",
            "streaming switched on"}),
    case_name);

struct EffortCase {
  const char* name;
  const char* body;
  const char* sent;
  const char* change;
};

class RefusedEffortTest : public ::testing::TestWithParam<EffortCase> {};

TEST_P(RefusedEffortTest, BecomesTheNearestThatIsOffered) {  // R1.8, R1.19
  const EffortCase& given = GetParam();
  const Sent sent{R"({"reasoning_effort":")" + std::string(given.sent) + "\"}", {}, "", {}};
  EXPECT_EQ(answer(json_of({given.name, given.body, ""}), sent), given.change);
}

INSTANTIATE_TEST_SUITE_P(
    Wordings, RefusedEffortTest,
    ::testing::Values(
        EffortCase{"PydanticList",
                   R"({"detail":[{"type":"literal_error","loc":["body","reasoning_effort"],"msg":)"
                   R"("Input should be 'low', 'medium' or 'high'","input":"minimal"}]})",
                   "minimal", "reasoning_effort changed from minimal to low"},
        EffortCase{"PydanticAsText",
                   R"({"object":"error","message":"1 validation error:\n  {'type': )"
                   R"('literal_error', 'loc': ('body', 'reasoning_effort'), 'msg': \"Input should )"
                   R"(be 'low', 'medium' or 'high'\", 'input': 'minimal'}","code":400})",
                   "minimal", "reasoning_effort changed from minimal to low"},
        EffortCase{"Groq", "`reasoning_effort` must be one of `low`, `medium`, or `high`", "xhigh",
                   "reasoning_effort changed from xhigh to high"},
        EffortCase{"GroqDefault", "`reasoning_effort` must be one of `none` or `default`", "low",
                   "reasoning_effort dropped"},
        EffortCase{"Ollama",
                   "invalid reasoning value: 'minimal' (must be \"high\", \"medium\", \"low\", or "
                   "\"none\")",
                   "minimal", "reasoning_effort changed from minimal to low"},
        EffortCase{"Unquoted",
                   "Unsupported value: reasoning_effort minimal. Supported values are: low, "
                   "medium, high.",
                   "minimal", "reasoning_effort changed from minimal to low"},
        EffortCase{"Bars",
                   "reasoning_effort 'xhigh' is not supported by this model. Allowed: low | "
                   "medium | high",
                   "xhigh", "reasoning_effort changed from xhigh to high"},
        EffortCase{"TiesGoUp", "reasoning_effort: allowed values are low, high", "medium",
                   "reasoning_effort changed from medium to high"},
        EffortCase{"NoneAlone", "reasoning_effort: the only supported value is 'none'", "high",
                   "reasoning_effort changed from high to none"},
        EffortCase{"RefusedListOffersNothing",
                   "reasoning_effort 'xhigh' and 'max' are not supported", "xhigh",
                   "reasoning_effort dropped"},
        EffortCase{"XaiField",
                   R"({"code":"Client specified an invalid argument","error":"Model grok-4-0709 )"
                   R"(does not support parameter reasoningEffort."})",
                   "low", "reasoning_effort dropped"},
        EffortCase{"WordsThatAreNoValues",
                   "reasoning_effort is not supported; set a high limit for max output", "low",
                   "reasoning_effort dropped"}),
    [](const auto& given) { return given.param.name; });

class ReasoningFieldTest : public ::testing::TestWithParam<MutationCase> {};

TEST_P(ReasoningFieldTest, GoesBackOrStaysOutAsTheEndpointWants) {  // R2.7
  const std::string fields = R"({"reasoning_content":"t","reasoning":"t","reasoning_details":[1]})";
  EXPECT_EQ(answer(json_of(GetParam()), {"", {}, fields, {}}), GetParam().change);
}

constexpr const char* kStrip = "reasoning fields no longer sent back";
constexpr const char* kBackfill = "reasoning_content sent back on every turn with tool calls";

INSTANTIATE_TEST_SUITE_P(
    Wordings, ReasoningFieldTest,
    ::testing::Values(
        MutationCase{"OpenAi", "Unrecognized request argument supplied: reasoning_content", kStrip},
        MutationCase{"Go",
                     R"({"message":"Bad request: json: unknown field \"reasoning_content\""})",
                     kStrip},
        MutationCase{"InputPath", "Unknown parameter: 'input[2].reasoning_content'.", kStrip},
        MutationCase{"InInput", "reasoning_content is not allowed in input", kStrip},
        MutationCase{"MessagePath", "body.message.2.reasoning_details: unsupported", kStrip},
        MutationCase{"GroqProperty", "property 'messages.2.reasoning' is unsupported", kStrip},
        MutationCase{"BareProperty", "property 'reasoning' is unsupported", kStrip},
        MutationCase{"Gemini",
                     R"({"error":{"message":"Unknown name \"reasoning_content\" at )"
                     R"('messages[2]': Cannot find field."}})",
                     kStrip},
        MutationCase{"DeepSeek",
                     "The `reasoning_content` in the thinking mode must be passed back.",
                     kBackfill},
        MutationCase{
            "DeepSeekMissing",
            "Missing `reasoning_content` field in the assistant message at message index 2. For "
            "more information, please refer to https://api-docs.deepseek.com/guides/thinking_mode",
            kBackfill},
        MutationCase{
            "Kimi",
            "thinking is enabled but reasoning_content is missing in assistant tool call message",
            kBackfill},
        MutationCase{"Required",
                     "messages[2]: reasoning_content is required when thinking is enabled",
                     kBackfill}),
    case_name);

TEST(Mutations, AKeyOfTheBodyComesBeforeAFieldOfTheSameNameInTheMessages) {
  Sent sent{R"({"reasoning":{"effort":"low"}})", {}, R"({"reasoning":"t"})", {}};
  EXPECT_EQ(answer(says("property 'reasoning' is unsupported"), sent), "reasoning dropped");
  EXPECT_EQ(answer(says("property 'messages.2.reasoning' is unsupported"), sent), kStrip);
}

TEST(Mutations, WhatTheMessagesDoNotHoldIsNotStripped) {
  EXPECT_EQ(answer(says("property 'reasoning' is unsupported"), {"", {}, "{}", {}}), "");
}

TEST(Mutations, ARefusalOfTheSystemRoleIsAnsweredOnceAndOnlyByFolding) {
  const std::string refusal = says(
      "Reasoning models do not support messages with role 'system' when max_tokens is set; "
      "unsupported");
  Sent sent{"", {}, R"({"reasoning":"t"})", {}};
  EXPECT_THAT(answer(refusal, sent), HasSubstr("system text put in front"));
  sent.style.fold_system = true;
  EXPECT_EQ(answer(refusal, sent), "");
}

TEST(Mutations, SystemTextIsFoldedInWhateverWordsItIsRefused) {
  for (const char* text :
       {"System role not supported",
        "Only user, assistant and tool roles are supported, got system.",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "'system' role is not supported by this model",
        "Invalid role: system. Must be one of user, assistant", "Unexpected role 'system'",
        "This model does not support system messages.", "role 'system' is not allowed"}) {
    EXPECT_THAT(answer(says(text), {R"({"user":"me"})", {}, "", {}}), HasSubstr("system text"))
        << text;
  }
}

TEST(Mutations, NullContentBecomesEmptyInWhateverWordsItIsRefused) {
  for (const char* text :
       {"messages[2].content: expected a string, got None", "messages.2.content: Field required",
        "'content' is a required property - 'messages.2'", "messages[2]: missing field `content`",
        "invalid message content type: <nil>",
        "Assistant message must have either content or tool_calls. content cannot be empty",
        "Invalid type for 'messages[2].content': expected a string or array, got null"}) {
    EXPECT_EQ(answer(says(text), {"", {}, "{}", {}}), "content \"\" sent instead of null") << text;
    EXPECT_EQ(answer(says(text), {"", {}, "", {}}), "") << "no turn had null: " << text;
  }
}

TEST(Mutations, AnEndpointThatRefusesBothCapsIsSentNone) {
  Sent sent;
  const std::string first = says("Unsupported parameter: 'max_tokens'");
  auto found = find_mutation(parse_error_body(first), sent.body(), sent.style);
  ASSERT_TRUE(found.has_value());
  sent.style = found->style;
  EXPECT_TRUE(sent.body().has("max_completion_tokens"));
  const std::string second = says("Unsupported parameter: 'max_completion_tokens'");
  found = find_mutation(parse_error_body(second), sent.body(), sent.style);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->description, HasSubstr("no output cap sent"));
  sent.style = found->style;
  EXPECT_FALSE(sent.body().has("max_completion_tokens"));
  EXPECT_FALSE(sent.body().has("max_tokens"));
  EXPECT_EQ(sent.body().output_cap, 16'000) << "what a call may cost is still reserved";
}

}  // namespace
}  // namespace skillgrad::llm
