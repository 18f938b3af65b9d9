// SPDX-License-Identifier: MIT
// Tool calls that stand in the text of a reply (R2.13).
#include "llm/text/text_calls.hpp"

#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>

#include "llm/wire/json_scan.hpp"

namespace skillgrad::llm {
namespace {

std::vector<ToolSpec> offered_tools() {
  return {{"bash", "Runs a command.",
           R"({"type":"object","properties":{"command":{"type":"string"},)"
           R"("timeout":{"type":"integer"}},"required":["command"]})"}};
}

std::string call(const std::string& command) {
  return R"({"name":"bash","arguments":{"command":")" + command + "\"}}";
}

const std::string kBar = "\xEF\xBD\x9C";
const std::string kLow = "\xE2\x96\x81";

std::string deepseek(const std::string& what) {
  return "<" + kBar + "tool" + kLow + what + kBar + ">";
}

/// The commands of the calls found, and what is left of the text.
std::pair<std::vector<std::string>, std::string> commands_in(std::string text) {
  std::vector<std::string> commands;
  for (const ToolCall& found : take_text_calls(text, offered_tools())) {
    EXPECT_EQ(found.name, "bash");
    const auto arguments = parse_json(found.arguments, "arguments");
    commands.push_back(arguments ? arguments->value("command", "-") : "-");
  }
  return {commands, text};
}

struct Text {
  const char* name;
  std::string text;
  std::vector<std::string> commands;
  std::string rest = "";
};

class TextCallsTest : public ::testing::TestWithParam<Text> {};

TEST_P(TextCallsTest, AreReadAndRemoved) {
  const auto [commands, rest] = commands_in(GetParam().text);
  EXPECT_EQ(commands, GetParam().commands);
  EXPECT_EQ(rest, GetParam().rest);
}

const std::vector<std::string> kOne = {"a"};
const std::vector<std::string> kTwo = {"a", "b"};
const std::string kParameters = "<parameter=command>\n";

INSTANTIATE_TEST_SUITE_P(
    Formats, TextCallsTest,
    ::testing::Values(
        Text{"PythonTagTwice", "<|python_tag|>" + call("a") + "; " + call("b"), kTwo},
        Text{"PythonTagWithItsEnd", "<|python_tag|>" + call("a") + "<|eom_id|>", kOne},
        Text{"MistralInARow", "[TOOL_CALLS]" + call("a") + call("b"), kTwo},
        Text{"MistralArray", "Now:[TOOL_CALLS] [" + call("a") + ", " + call("b") + "]", kTwo,
             "Now:"},
        Text{"MistralArguments", R"([TOOL_CALLS]bash[ARGS]{"command":"a"})", kOne},
        Text{"MistralIds", R"([TOOL_CALLS]bash[CALL_ID]x1[ARGS]{"command":"a"})", kOne},
        Text{"MistralNames", R"([TOOL_CALLS]bash{"command":"a"}[TOOL_CALLS]bash{"command":"b"})",
             kTwo},
        Text{"LlamaFunction", R"(<function=bash>{"command":"a"}</function>)", kOne},
        Text{
            "LlamaFunctions",
            R"(<function=bash>{"command":"a"}</function><function=bash>{"command":"b"}</function>)",
            kTwo},
        Text{"TwoInOneTag", "<tool_call>\n" + call("a") + "\n" + call("b") + "\n</tool_call>",
             kTwo},
        Text{"UpperCaseTag", "<TOOL_CALL>" + call("a") + "</TOOL_CALL>", kOne},
        Text{"BareLines", call("a") + "\n" + call("b"), kTwo},
        Text{"BareWithSemicolon", call("a") + "; " + call("b"), kTwo},
        Text{"TwoInOneFence", "Running:\n```json\n" + call("a") + "\n" + call("b") + "\n```\nSoon.",
             kTwo, "Running:\n\nSoon."},
        Text{"FenceWithBlank", "``` json\n" + call("a") + "\n```", kOne},
        Text{"ClosersOnly", call("a") + "</tool_call>\n" + call("b") + "</tool_call>", kTwo},
        Text{"CloserAfterProse", "Do {this}: " + call("a") + "</tool_call>", kOne, "Do {this}:"},
        Text{"Glm",
             "<tool_call>bash\n<arg_key>command</arg_key>\n<arg_value>a</arg_value>\n"
             "<arg_key>timeout</arg_key><arg_value>7</arg_value>\n</tool_call>",
             kOne},
        Text{"GlmTwice",
             "<tool_call>bash<arg_key>command</arg_key><arg_value>a</arg_value></tool_call>"
             "<tool_call>bash<arg_key>command</arg_key><arg_value>b</arg_value></tool_call>",
             kTwo},
        Text{"ValueWithATag",
             "<function=bash>\n" + kParameters +
                 "echo \"<parameter=x>\" a\n</parameter>\n</function>",
             {"echo \"<parameter=x>\" a"}},
        Text{"ValueWithAnEnd",
             "<function=bash>\n" + kParameters + "echo '</function>'\n</parameter>\n</function>",
             {"echo '</function>'"}},
        Text{"ParameterNeverClosed", "<function=bash>\n" + kParameters + "a\n", kOne},
        Text{"ParametersNeverClosed",
             "<function=bash>\n" + kParameters +
                 "a\n<parameter=timeout>\n7\n</parameter></function>",
             kOne},
        Text{"ParameterOfTheNextFunction",
             "<function=bash>" + kParameters + "a\n</function><function=bash>" + kParameters +
                 "b</parameter></function>",
             kTwo},
        Text{"KimiUnknownFirst",
             "<|tool_calls_section_begin|><|tool_call_begin|>functions.nope:0"
             "<|tool_call_argument_begin|>{\"command\":\"x\"}<|tool_call_end|><|tool_call_begin|>"
             "functions.bash:1<|tool_call_argument_begin|>{\"command\":\"b\"}<|tool_call_end|>"
             "<|tool_calls_section_end|>",
             {"b"},
             "<|tool_call_begin|>functions.nope:0<|tool_call_argument_begin|>{\"command\":\"x\"}"
             "<|tool_call_end|>"},
        Text{"DeepSeekWithoutArgumentsFirst",
             deepseek("calls" + kLow + "begin") + deepseek("call" + kLow + "begin") + "bash" +
                 deepseek("sep") + "[]" + deepseek("call" + kLow + "end") +
                 deepseek("call" + kLow + "begin") + "bash" + deepseek("sep") +
                 "{\"command\":\"b\"}" + deepseek("call" + kLow + "end") +
                 deepseek("calls" + kLow + "end"),
             {"b"},
             deepseek("call" + kLow + "begin") + "bash" + deepseek("sep") + "[]" +
                 deepseek("call" + kLow + "end")},
        Text{"UnknownThenKnown",
             R"(<tool_call>{"name":"nope","arguments":{}}</tool_call><tool_call>)" + call("b") +
                 "</tool_call>",
             {"b"},
             R"(<tool_call>{"name":"nope","arguments":{}}</tool_call>)"},
        Text{"MarkersInsideArguments",
             "<tool_call>" + call("echo <tool_call>{}</tool_call>") + "</tool_call>",
             {"echo <tool_call>{}</tool_call>"}},
        Text{"MentionsAreNoCalls",
             "<function=bash> and <tool_call>bash</tool_call> and [TOOL_CALLS]bash",
             {},
             "<function=bash> and <tool_call>bash</tool_call> and [TOOL_CALLS]bash"},
        Text{"FenceWithOtherJson",
             "```json\n" + call("a") + "\n{\"x\":1}\n```",
             {},
             "```json\n" + call("a") + "\n{\"x\":1}\n```"}),
    [](const auto& given) { return given.param.name; });

TEST(TextCalls, NothingBehindTheCertainPartIsRead) {
  std::string text = "<tool_call>" + call("a") + "</tool_call>or <think> <tool_call>" + call("b");
  const std::size_t certain = text.find("<think>");
  EXPECT_EQ(take_text_calls(text, offered_tools(), certain).size(), 1U);
  EXPECT_EQ(text, "or <think> <tool_call>" + call("b"));
}

TEST(TextCalls, ACallThatWasCutIsNoticed) {
  for (const std::string& text :
       {std::string("<tool_call>\n{\"name\":\"bash\",\"arguments\":{\"command\":\"echo"),
        "<tool_call>" + call("a") + "</tool_call>", std::string("Let me.\n<tool_call>"),
        std::string("<tool_call>bash\n<arg_key>comm"), std::string("[TOOL_CALLS]bash[ARGS]{\"co"),
        std::string("<function=bash>\n<parameter=comm"),
        std::string("<|tool_call_begin|>functions.bash:0<|tool_call_arg"),
        std::string("{\"name\": \"bash\", \"arguments\": {\"comm"),
        std::string("```json\n{\"name\": \"bash\", \"argum")}) {
    EXPECT_TRUE(holds_text_call(text, offered_tools())) << text;
    EXPECT_FALSE(holds_text_call(text, {})) << text;
  }
  for (const char* text : {"an answer that was cu", "use the <tool_call> tag to ca",
                           "{\"name\": \"Bob\", \"age\": 4", "```json\n{\"a\": 1,", ""}) {
    EXPECT_FALSE(holds_text_call(text, offered_tools())) << text;
  }
}

/// Each of these would keep a scan that begins anew at each marker busy for many minutes.
TEST(TextCalls, HostileTextsTakeTimeInProportionToTheirLength) {
#if defined(SKILLGRAD_SANITIZED)
  constexpr std::size_t kTimes = 1'000;
#else
  constexpr std::size_t kTimes = 20'000;
#endif
  const std::vector<std::string> pieces = {"{",
                                           "[",
                                           "{\"a\":",
                                           "[1,",
                                           "{\"",
                                           "\"{",
                                           "<tool_call>[",
                                           "<tool_call>{\"a\":\"",
                                           "<tool_call>[\"a\",",
                                           "<tool_call>bash<arg_key>",
                                           "[TOOL_CALLS]{",
                                           "[TOOL_CALLS]bash[ARGS]{\"",
                                           "```json\n{",
                                           "``` {\"",
                                           "```",
                                           "<parameter=a>",
                                           "<function=bash>",
                                           "<function=bash><parameter=a>",
                                           "<function=bash>{",
                                           "<function=",
                                           "<|tool_call_begin|>",
                                           "<|python_tag|>[[",
                                           "</tool_call>",
                                           "<tool_call>",
                                           "<tool_call>bash<arg_key>command</arg_key><arg_value>"};
  for (const std::string& piece : pieces) {
    std::string repeated;
    for (std::size_t i = 0; i < kTimes; ++i) repeated += piece;
    for (const std::string back : {"", "</tool_call>"}) {
      std::string text = repeated + back;
      EXPECT_LE(take_text_calls(text, offered_tools()).size(), 1U);
      EXPECT_LE(text.size(), (repeated + back).size());
      static_cast<void>(holds_text_call(text, offered_tools()));
    }
  }
}

TEST(TextCalls, ManyCallsAreAllRead) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "<tool_call>" + call("a") + "</tool_call>\n";
  EXPECT_EQ(take_text_calls(text, offered_tools()).size(), 5'000U);
  EXPECT_EQ(text, "");
}

TEST(JsonScan, EndsWhereJsonDoes) {
  using Ending = JsonScan::Ending;
  struct Case {
    const char* text;
    Ending ending;
    std::size_t end;
  };
  for (const Case& c :
       std::vector<Case>{{"{}x", Ending::whole, 2},
                         {R"({"a":[1,-2.5e3,true,{"b":"}\""}]} )", Ending::whole, 33},
                         {"[ ]", Ending::whole, 3},
                         {"{{", Ending::broken, 1},
                         {"[1 2]", Ending::broken, 3},
                         {"{\"a\"]", Ending::broken, 4},
                         {"[}", Ending::broken, 1},
                         {"{\"a\nb\":1}", Ending::broken, 3},
                         {"{\"a\":", Ending::cut, 5},
                         {"[\"a", Ending::cut, 3},
                         {"[\"a\\", Ending::cut, 4},
                         {"\"a\"", Ending::broken, 0}}) {
    const JsonScan scan = scan_json(c.text, 0);
    EXPECT_EQ(scan.ending, c.ending) << c.text;
    EXPECT_EQ(scan.end, c.end) << c.text;
  }
  EXPECT_LE(scan_json(std::string(1'000'000, '['), 0).end, 300U);
}

}  // namespace
}  // namespace skillgrad::llm
