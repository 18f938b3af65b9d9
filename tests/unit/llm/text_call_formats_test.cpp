// SPDX-License-Identifier: MIT
// The formats in which models write tool calls into their text, and what of a text that only looks
// like one is no answer (R2.13). Formats as vLLM, SGLang and llama.cpp parse them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "llm/text/harmony.hpp"
#include "llm/text/text_calls.hpp"

namespace skillgrad::llm {
namespace {

std::vector<ToolSpec> offered() {
  return {{"shell", "Runs a command.",
           R"({"type":"object","properties":{"command":{"type":"string"},)"
           R"("timeout":{"type":"integer"},"quiet":{"type":"boolean"},"env":{"type":"object"}},)"
           R"("required":["command"]})"},
          {"list_files", "Lists.", R"({"type":"object","properties":{}})"}};
}

/// '|' and '_' of a template as DeepSeek writes them.
std::string wide(std::string text) {
  text = replace_all(std::move(text), "|", "\xEF\xBD\x9C");
  return replace_all(std::move(text), "_", "\xE2\x96\x81");
}

struct Format {
  const char* name;
  std::string text;
  std::vector<std::string> calls = {R"(shell{"command":"echo X"})"};
  std::string rest = "";
};

class CallFormatTest : public ::testing::TestWithParam<Format> {};

TEST_P(CallFormatTest, IsReadAndLeavesNothing) {
  std::string text = GetParam().text;
  std::vector<std::string> calls;
  for (const ToolCall& call : take_text_calls(text, offered()))
    calls.push_back(call.name + call.arguments);
  EXPECT_EQ(calls, GetParam().calls) << GetParam().text;
  EXPECT_EQ(text, GetParam().rest);
  EXPECT_EQ(unread_call(text, offered()), "");
}

/// The same call of a tool that is not offered, or with arguments that do not fit, is noticed.
TEST_P(CallFormatTest, IsNoticedWhereItCannotBeRead) {
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"echo X", ""}, {"command", "cmd"}}) {
    if (from == "echo X") {
      // The text ends in the middle of the call.
      const auto cut = GetParam().text.find(from);
      ASSERT_NE(cut, std::string::npos);
      std::string text = GetParam().text.substr(0, cut + 4);
      if (!take_text_calls(text, offered()).empty()) continue;  // read as far as it goes
      EXPECT_NE(unread_call(text, offered()), "") << text;
      continue;
    }
    std::string text = replace_all(GetParam().text, from, to);
    EXPECT_TRUE(take_text_calls(text, offered()).empty()) << text;
    EXPECT_NE(unread_call(text, offered()), "") << text;
  }
}

const std::string kArgs = R"({"command": "echo X"})";
const std::string kJson = R"({"name": "shell", "arguments": {"command": "echo X"}})";
const std::string kParams = R"({"name": "shell", "parameters": {"command": "echo X"}})";
const std::vector<std::string> kTwice = {R"(shell{"command":"echo X"})",
                                         R"(shell{"command":"pwd"})"};

std::string dsml(const std::string& block) {
  return wide("<|DSML|") + block + ">\n" + wide("<|DSML|") + "invoke name=\"shell\">\n" +
         wide("<|DSML|") + "parameter name=\"command\" string=\"true\">echo X</" + wide("|DSML|") +
         "parameter>\n</" + wide("|DSML|") + "invoke>\n</" + wide("|DSML|") + block + ">";
}

INSTANTIATE_TEST_SUITE_P(
    Models, CallFormatTest,
    ::testing::Values(
        Format{"DeepSeekV32", dsml("function_calls")}, Format{"DeepSeekV4", dsml("tool_calls")},
        Format{"DeepSeekV41", wide("<|DSML| calls>") + wide("<|DSML| invoke") + " name=\"shell\">" +
                                  wide("<|DSML| parameter") + " name=\"command\">echo X" +
                                  wide("</|DSML| parameter></|DSML| invoke></|DSML| calls>")},
        Format{"DeepSeekAsciiBars",
               "<|DSML|function_calls><|DSML|invoke name=\"shell\"><|DSML|parameter "
               "name=\"command\" string=\"true\">echo X</|DSML|parameter></|DSML|invoke>"
               "</|DSML|function_calls>"},
        Format{"DeepSeekV3", wide("<|tool_calls_begin|><|tool_call_begin|>function<|tool_sep|>") +
                                 "shell\n```json\n" + kArgs + "\n```" +
                                 wide("<|tool_call_end|><|tool_calls_end|>")},
        Format{"DeepSeekV31", wide("<|tool_calls_begin|><|tool_call_begin|>") + "shell" +
                                  wide("<|tool_sep|>") + kArgs +
                                  wide("<|tool_call_end|><|tool_calls_end|>")},
        Format{"MiniMaxM2",
               "<minimax:tool_call>\n<invoke name=\"shell\">\n<parameter name=\"command\">echo X"
               "</parameter>\n</invoke>\n</minimax:tool_call>"},
        Format{"MiniMaxM3",
               "]<]minimax[>[<tool_call>\n]<]minimax[>[<invoke name=\"shell\">]<]minimax[>["
               "<command>echo X]<]minimax[>[</command>]<]minimax[>[</invoke>\n"
               "]<]minimax[>[</tool_call>"},
        Format{"MiniMaxM1", "<tool_calls>\n" + kJson + "\n</tool_calls>"},
        Format{"Anthropic",
               "I look.\n<function_calls>\n<invoke name=\"shell\">\n<parameter "
               "name=\"command\">echo X</parameter>\n<parameter name=\"timeout\">7</parameter>\n"
               "</invoke>\n</function_calls>",
               {R"(shell{"command":"echo X","timeout":7})"},
               "I look."},
        Format{"AnthropicOld",
               "<function_calls><invoke><tool_name>shell</tool_name><parameters><command>echo X"
               "</command></parameters></invoke></function_calls>"},
        Format{"BareInvoke",
               "<invoke name=\"shell\"><parameter name=\"command\">echo X</parameter></invoke>"},
        Format{"Step3", wide("<|") + "tool_calls_begin" + wide("|><|") + "tool_call_begin" +
                            wide("|>") + "function" + wide("<|") + "tool_sep" + wide("|>") +
                            "<steptml:invoke name=\"shell\"><steptml:parameter name=\"command\">"
                            "echo X</steptml:parameter></steptml:invoke>" +
                            wide("<|") + "tool_call_end" + wide("|><|") + "tool_calls_end" +
                            wide("|>")},
        Format{"QwenCoder",
               "<tool_call>\n<function=shell>\n<parameter=command>\necho X\n</parameter>\n"
               "</function>\n</tool_call>"},
        Format{"SeedOss",
               "<seed:tool_call>\n<function=shell>\n<parameter=command>echo X</parameter>\n"
               "</function>\n</seed:tool_call>"},
        Format{"Hermes", "<tool_call>\n" + kJson + "\n</tool_call>"},
        Format{"Longcat", "<longcat_tool_call>" + kJson + "</longcat_tool_call>"},
        Format{"Jamba", "<tool_calls>[" + kJson + "]</tool_calls>"},
        Format{"Nemotron", "<TOOLCALL>[" + kJson + "]</TOOLCALL>"},
        Format{"Granite", "<|tool_call|>[" + kJson + "]"},
        Format{"Granite20b", "<function_call> " + kJson},
        Format{"Phi4", "<|tool_call|>[" + kJson + "]<|/tool_call|>"},
        Format{"Functools", "functools[" + kJson + "]"},
        Format{"Cohere",
               "<|START_ACTION|>[\n{\"tool_call_id\": \"0\", \"tool_name\": \"shell\", "
               "\"parameters\": {\"command\": \"echo X\"}}\n]<|END_ACTION|>"},
        Format{"CommandR",
               "Action: ```json\n[{\"tool_name\": \"shell\", \"parameters\": {\"command\": "
               "\"echo X\"}}]\n```",
               {R"(shell{"command":"echo X"})"},
               "Action:"},
        Format{"InternLm", "<|action_start|><|plugin|>\n" + kParams + "<|action_end|>"},
        Format{"Apertus", R"(<|tools_prefix|>[{"shell": {"command": "echo X"}}]<|tools_suffix|>)"},
        Format{"Doubao", "<|FunctionCallBegin|>[" + kParams + "]<|FunctionCallEnd|>"},
        Format{"GigaChat", "function call<|role_sep|>\n" + kJson},
        Format{"Pangu", "[unused11][" + kJson + "][unused12]"},
        Format{"KimiK2",
               "<|tool_calls_section_begin|><|tool_call_begin|>functions.shell:0"
               "<|tool_call_argument_begin|>" +
                   kArgs + "<|tool_call_end|><|tool_calls_section_end|>"},
        Format{"KimiK2WithoutTokens", "functions.shell:0" + kArgs},
        Format{"KimiK2WithoutTokensTwice",
               "I look.\nfunctions.shell:0" + kArgs + "functions.shell:1{\"command\":\"pwd\"}",
               kTwice, "I look."},
        Format{"ToolRequest", "<tool_request>" + kJson + "</tool_request>"},
        Format{"KimiK3",
               "<|open|>tools<|sep|><|open|>call tool=\"shell\" index=\"1\"<|sep|><|open|>argument "
               "key=\"command\" type=\"string\"<|sep|>echo X<|close|>argument<|sep|><|close|>call"
               "<|sep|><|close|>tools<|sep|><|close|>message<|sep|>"},
        Format{"Glm45",
               "<tool_call>shell\n<arg_key>command</arg_key>\n<arg_value>echo X</arg_value>\n"
               "</tool_call>"},
        Format{"HunyuanV3",
               "<tool_calls>\n<tool_call>shell<tool_sep>\n<arg_key>command</arg_key>\n"
               "<arg_value>echo X</arg_value>\n</tool_call>\n</tool_calls>"},
        Format{"FunctionGemma",
               "<start_function_call>call:shell{command:<escape>echo X<escape>}"
               "<end_function_call>"},
        Format{"Gemma4",
               "<|tool_call>call:shell{command:<|\"|>echo X<|\"|>,quiet:true,timeout:7}"
               "<tool_call|>",
               {R"(shell{"command":"echo X","quiet":true,"timeout":7})"}},
        Format{"Gemma3", "```tool_code\nprint(shell(command=\"echo X\"))\n```"},
        Format{"Pythonic", R"([shell(command="echo X")])"},
        Format{"PythonicTwice", R"([shell(command='echo X'), shell("pwd")])", kTwice},
        Format{"PythonicEscapes",
               R"([shell(command='echo X\n\'a\'\u00e9' "b", quiet=True, env={'A': [1, None]})])",
               {"shell{\"command\":\"echo X\\n'a'\xC3\xA9"
                "b\",\"quiet\":true,\"env\":{\"A\":[1,null]}}"}},
        Format{"PythonicAfterProse",
               "I try.\n[shell(command=\"echo X\")]",
               {R"(shell{"command":"echo X"})"},
               "I try."},
        Format{"PythonBare", "shell(command=\"echo X\")"},
        Format{"Llama4", R"(<|python_start|>[shell(command="echo X")]<|python_end|>)"},
        Format{"Llama3", "<|python_tag|>shell.call(command=\"echo X\")<|eom_id|>"},
        Format{"Lfm2", R"(<|tool_call_start|>[shell(command="echo X")]<|tool_call_end|>)"},
        Format{"Olmo3",
               "<function_calls>\nshell(command=\"echo X\")\nshell(command=\"pwd\")\n"
               "</function_calls>",
               kTwice},
        Format{"Mistral", "[TOOL_CALLS]shell[ARGS]" + kArgs},
        Format{"LmStudio", "[TOOL_REQUEST]" + kJson + "[END_TOOL_REQUEST]"},
        Format{"QwenAgent",
               "\xE2\x9C\xBF"
               "FUNCTION\xE2\x9C\xBF: shell\n\xE2\x9C\xBF"
               "ARGS\xE2\x9C\xBF: " +
                   kArgs},
        Format{"Functionary", ">>>shell\n" + kArgs},
        Format{"Functionary2", "<|recipient|>shell\n<|content|>" + kArgs},
        Format{"ChatGlm", "shell\n" + kArgs},
        Format{"ReAct",
               "Thought: I look.\nAction: shell\nAction Input: " + kArgs,
               {R"(shell{"command":"echo X"})"},
               "Thought: I look."},
        Format{"LangChain", R"({"action": "shell", "action_input": {"command": "echo X"}})"},
        Format{"Harmony", "<|channel|>commentary to=functions.shell <|constrain|>json<|message|>" +
                              kArgs + "<|call|>"},
        Format{
            "HarmonyRecipientFirst",
            "<|start|>assistant to=functions.shell<|channel|>commentary json<|message|>" + kArgs},
        Format{"HarmonyInThePrompt",
               "to=functions.shell<|channel|>commentary <|constrain|>json<|message|>" + kArgs +
                   "<|call|>"},
        Format{"HarmonyAnalysis",
               "<|start|>assistant<|channel|>analysis to=functions.shell code<|message|>" + kArgs +
                   "<|call|>"},
        Format{"HarmonyWithoutTokens", "commentary to=functions.shell json" + kArgs},
        Format{"OpenAiMessage",
               R"({"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",)"
               R"("function":{"name":"shell","arguments":"{\"command\": \"echo X\"}"}}]})"},
        Format{"OpenAiFunction",
               R"({"type":"function","function":{"name":"shell","arguments":)" + kArgs + "}}"},
        Format{"OpenAiResponses",
               R"({"type":"function_call","name":"shell","arguments":"{\"command\":\"echo X\"}"})"},
        Format{
            "MultiToolUse",
            R"({"tool_uses":[{"recipient_name":"functions.shell","parameters":)" + kArgs + "}]}"},
        Format{"ToolUse",
               R"({"type":"tool_use","id":"a","name":"shell","input":{"command":"echo X"}})"},
        Format{"XmlOfTheTool", "<shell>\n<command>echo X</command>\n</shell>"},
        Format{"Xlam", "[" + kJson + "]"},
        Format{"JsonAfterProse", "I try.\n" + kJson, {R"(shell{"command":"echo X"})"}, "I try."},
        Format{"FenceAfterProse",
               "I try:\n```json\n" + kJson + "\n```",
               {R"(shell{"command":"echo X"})"},
               "I try:"},
        Format{"TagInAFence", "```xml\n<tool_call>" + kJson + "</tool_call>\n```"}),
    [](const auto& given) { return std::string(given.param.name); });

TEST(CallFormats, ACallWithoutArgumentsIsRead) {
  for (std::string text :
       {"<function_calls><invoke name=\"list_files\"></invoke></function_calls>", "[list_files()]",
        "<tool_call>{\"name\":\"list_files\",\"arguments\":{}}</tool_call>",
        "<tool_call>list_files</tool_call>", "<|tool_call>call:list_files{}<tool_call|>"}) {
    EXPECT_EQ(take_text_calls(text, offered()).size(), 1U) << text;
  }
}

TEST(CallFormats, ATextOfWhichOnlyAPartWasReadIsNoticed) {
  std::string text = "<tool_call>" + kJson + "</tool_call>\n<tool_call>{\"name\":\"rm\"," +
                     "\"arguments\":{}}</tool_call>";
  EXPECT_EQ(take_text_calls(text, offered()).size(), 1U);
  EXPECT_NE(unread_call(text, offered()), "");
}

TEST(CallFormats, WhatLooksLikeACallAndIsNoneIsNoticed) {
  for (const char* text :
       {R"({"name":"get_weather","arguments":{"city":"Paris"}})",
        R"([{"name":"get_weather","parameters":{"city":"Paris"}}])",
        R"({"tool_calls":[{"function":{"name":"get_weather","arguments":"{}"}}]})",
        "```json\n{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Paris\"}}\n```",
        "Sure.\n<tool_call>{\"name\":\"get_weather\",\"arguments\":{}}</tool_call>",
        "Sure. <invoke name=\"rm\"><parameter name=\"path\">x</parameter></invoke>",
        "<function_calls>\n<invoke name=\"shell\">\n<parameter name=\"cmd\">echo",
        "<unknown:tool_call>\nshell: echo X\n</unknown:tool_call>",
        "<|channel|>commentary to=browser.search <|message|>{\"q\":1}<|call|>",
        "{\"name\":\"rm\",\"arguments\":{}}\n</tool_call>", "[shell(command=variable)]",
        "shell(command=\"echo", "Let me see.\n<tool_call>",
        "I use the tool:\n{\"name\": \"shell\", \"arguments\": {\"cmd\": 1}}",
        "<tool_use><name>shell</name><arguments>{\"cmd\":1}</arguments></tool_use>",
        "<|tool_call_begin|>functions.rm:0<|tool_call_argument_begin|>{}<|tool_call_end|>"}) {
    std::string copy = text;
    EXPECT_TRUE(take_text_calls(copy, offered()).empty()) << text;
    EXPECT_NE(unread_call(text, offered()), "") << text;
    EXPECT_EQ(unread_call(text, {}), "") << text;
  }
}

TEST(CallFormats, AnAnswerThatMentionsTheSyntaxStaysAnAnswer) {
  for (const char* text :
       {"42",
        "",
        "The answer is {x}.",
        "Use the <tool_call> tag to call a tool.",
        "Hermes models write `<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>` there.",
        "The tag <tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call> is what Qwen writes.",
        "Llama ends with the <|python_tag|> token, Mistral with [TOOL_CALLS] and so on.",
        "A call looks like this:\n```xml\n<function_calls>\n<invoke name=\"f\">\n</invoke>\n"
        "</function_calls>\n```\nand is run by the client.",
        "Example:\n```python\nshell(command=variable)\nprint(1)\n```\nThat is all.",
        "shell(1) is the command that was meant",
        "Call shell() first, then list_files().",
        "The functions \"<invoke name='x'>\" and '<tool_call>' are marks.",
        R"({"name": "Bob", "age": 4})",
        R"({"answer": {"name": "f", "arguments": {}}})",
        R"([{"name": "a"}, {"name": "b"}])",
        R"({"name":"f","description":"x","parameters":{"type":"object","properties":{}}})",
        R"({"name":"f","parameters":{"type":"object","properties":{"a":{}}}})",
        R"({"text": "<tool_call>\n<function=shell>\n<parameter=command>x</parameter></function>"})",
        "[1, 2, 3]",
        "[a](b) is a link",
        "x = [f(a=1) for a in b]",
        "<html><body>x</body></html>",
        "<result>\n<item name=\"a\">1</item>\n</result>",
        "Action: none is needed.\nThe answer is 4.",
        "| a | b |\n|---|---|\n| <x> | {y} |",
        ">>> 1 + 1\n2",
        "function f() { return {a: 1}; }"}) {
    std::string copy = text;
    EXPECT_TRUE(take_text_calls(copy, offered()).empty()) << text;
    EXPECT_EQ(copy, text);
    EXPECT_EQ(unread_call(text, offered()), "") << text;
  }
}

TEST(Harmony, ChannelsAreToldApart) {
  struct Case {
    const char *text, *visible, *reasoning;
  };
  for (const Case& c : std::vector<Case>{
           {"<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>"
            "4<|return|>",
            "4", "Hm."},
           {"<|start|>assistant<|channel|>final<|message|>4", "4", ""},
           {"Hm.<|end|><|start|>assistant<|channel|>final<|message|>4", "4", "Hm."},
           {"<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>commentary "
            "to=functions.shell <|constrain|>json<|message|>{}<|call|>",
            "I look.\n<|start|>assistant<|channel|>commentary to=functions.shell "
            "<|constrain|>json<|message|>{}<|call|>",
            ""},
           {"analysisHm.assistantfinal4", "4", "Hm."},
           {"analysisHm.assistantcommentary to=functions.shell json{}",
            "assistantcommentary to=functions.shell json{}", "Hm."}}) {
    const auto split = split_harmony(c.text);
    ASSERT_TRUE(split.has_value()) << c.text;
    EXPECT_EQ(split->visible, c.visible);
    EXPECT_EQ(split->reasoning, c.reasoning);
  }
  for (const char* text : {"4", "The token <|channel|>final<|message|> begins an answer.",
                           "analysis of the data: 4", "<|start|> is a token", ""}) {
    EXPECT_FALSE(split_harmony(text).has_value()) << text;
  }
}

/// Each of these would keep a scan that begins anew at each mark busy for many minutes.
TEST(CallFormats, HostileTextsTakeTimeInProportionToTheirLength) {
#if defined(SKILLGRAD_SANITIZED)
  constexpr std::size_t kTimes = 500;
#else
  constexpr std::size_t kTimes = 10'000;
#endif
  for (const std::string piece : {"<invoke name=\"shell\">",
                                  "<invoke name=\"shell\"><parameter name=\"command\">",
                                  "<function_calls>",
                                  "x <function_calls>{",
                                  "</function_calls>",
                                  "}</tool_call>",
                                  "\n[shell(",
                                  "\nshell(command=\"",
                                  "\nshell(command='''",
                                  "\nshell(env={",
                                  "[shell([",
                                  "<|tool_call>call:shell{",
                                  "<start_function_call>call:shell{command:<escape>",
                                  "<|channel|>commentary to=",
                                  "<|start|>assistant<|channel|>final<|message|>",
                                  "\n>>>shell\n",
                                  "<|open|>call tool=\"shell\"<|sep|>",
                                  "<shell><command>",
                                  "\n```\n<tool_call>",
                                  "`a` ",
                                  "\n```x",
                                  "]<]minimax[>[",
                                  "<tool_call>\n```json\n",
                                  "\nAction: shell\nAction Input: {",
                                  "\nAction: shell(command=\"",
                                  "\nAction: shell[",
                                  "\nx = shell(command=1)",
                                  "\n{'name': 'shell', 'arguments': {",
                                  "\n{\"\"\"",
                                  "\n<x>{\"a\":",
                                  "functions.shell:0{",
                                  "<a>shell</a>{",
                                  "\n<x name=\"shell\">{\"command\":",
                                  "\n<shell command=\"\">",
                                  "\n<shell>x</shell>",
                                  "shell ",
                                  "\ntool: shell\ncommand: x"}) {
    std::string repeated;
    for (std::size_t i = 0; i < kTimes; ++i) repeated += piece;
    for (const std::string back : {"", "</tool_call>", ")"}) {
      std::string text = repeated + back;
      static_cast<void>(take_text_calls(text, offered()));
      static_cast<void>(unread_call(repeated + back, offered()));
      static_cast<void>(split_harmony(repeated + back));
    }
  }
}

}  // namespace
}  // namespace skillgrad::llm
