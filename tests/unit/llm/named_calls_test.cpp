// SPDX-License-Identifier: MIT
// Calls in syntaxes that no table has, which their shape gives away (R2.13).
#include "llm/text/named_calls.hpp"

#include <gtest/gtest.h>

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

const std::string kArgs = R"({"command": "echo X"})";
const std::string kJson = R"({"name": "shell", "arguments": {"command": "echo X"}})";

TEST(NamedCalls, ACallIsNoticedByItsShape) {
  for (const std::string& text : std::vector<std::string>{
           "<|tool_calls|><|tool_call:begin|>abc<|tool_call:name|>shell<|tool_call:args|>" + kArgs +
               "<|tool_call:end|><|calls|>",
           "<use_mcp_tool>\n<server_name>default</server_name>\n<tool_name>shell</tool_name>\n"
           "<arguments>\n" +
               kArgs + "\n</arguments>\n</use_mcp_tool>",
           "<do_it>\n<tool_name>shell</tool_name>\n<arguments>" + kArgs + "</arguments>\n</do_it>",
           "<do_it><name>shell</name><command>echo X</command></do_it>",
           "{'name': 'shell', 'arguments': {'command': 'echo X'}}",
           "I look.\n[{'name': 'shell', 'arguments': {'command': \"it's\"}}]",
           "```python\n{'name': 'shell', 'arguments': {'command': 'echo X'}}\n```",
           "<code>shell(command=\"echo X\")</code>",
           "<code>\nshell(command=\"echo X\")\n</code>",
           "<execute>shell(command=\"echo X\")</execute>",
           "result = shell(command=\"echo X\")",
           "result = shell(command=\"echo X\")\nprint(result)",
           "result = await shell(command=\"echo X\")",
           "Thought: run\nCode:\n```py\nresult = shell(command='echo X')\nprint(result)\n```"
           "<end_code>",
           "Thought: run\nAction: shell[echo X]",
           "Thought: run\nAction: shell(command=\"echo X\")",
           "Thought: run\nAction: shell(command=\"echo",
           "I will check.\n\nCall: shell(command='echo X')<bot_end>",
           "Tool call: shell " + kArgs,
           "[Tool call: shell(" + kArgs + ")]",
           "[API_REQUEST] shell(" + kArgs + ") [/API_REQUEST]",
           "@shell(command=\"echo X\")",
           "shell -> " + kArgs,
           "to=shell " + kArgs,
           "FUNCTION_CALL: shell|command=echo X",
           "<functioncall> {\"name\": \"shell\", \"arguments\": '" + kArgs + "'}",
           "<function_to_run> {\"name\": \"shell\", \"arguments\": '" + kArgs + "'}",
           "<what_i_do>" + kJson + "</what_i_do>",
           "shell\n```python\ntool_call(command='echo X')\n```",
           "<action>shell</action><action_input>" + kArgs + "</action_input>",
           R"({"tool":"shell","command":"echo X"})",
           R"({"tool_to_call":"shell","tool_input":{"command":"echo X"}})",
           R"({"thought":"run it","action":{"name":"shell","args":{"command":"echo X"}}})",
           R"({"thoughts":"run","command":{"name":"shell","args":{"command":"echo X"}}})",
           "{\"tool_code\":\"shell(command='echo X')\"}",
           "tool: shell\narguments:\n  command: echo X",
           "I look.\n```yaml\ntool: shell\ncommand: echo X\n```",
           "<action name=\"shell\">" + kArgs + "</action>",
           "<run_tool name='shell'>\n" + kArgs + "\n</run_tool>",
           "I look.\n<shell command=\"echo X\"/>",
           "<shell>ls -l</shell>",
           "I look.\n<shell>\nls -l\n</shell>",
           "<execute_bash>\nls -l\n</execute_bash>",
           "<bash>ls</bash>",
           "functions.rm:0{\"path\":\"x\"}",
           "functions.list_files:0{}"}) {
    std::string rest = text;
    const bool read = !take_text_calls(rest, offered()).empty();
    EXPECT_TRUE(read || !unread_call(text, offered()).empty()) << text;
    EXPECT_EQ(unread_call(text, {}), "") << text;
  }
}

TEST(NamedCalls, ProseAboutAToolStaysAnAnswer) {
  for (const char* text :
       {"Use the shell command: ls",
        "The shell: command=ls is how it is written.",
        "The tool to use is shell(command=\"ls\")",
        "Use shell(command=\"ls\") for that, and list_files() for the rest.",
        "Action: shell is the tool that was called.",
        "Action: shell(command=\"ls\") lists the files.",
        "- `shell(command=\"ls\")` lists\n- `list_files()` too",
        "Tool: shell (runs `command`)",
        "Function: shell(command: string, timeout: integer)",
        "shell (command: ls) is used here",
        "shell: a tool whose command is text",
        "shell\n\nThe command: ls",
        "name: shell",
        "Tools:\n- shell: runs a command\n- list_files: lists",
        "| tool | use |\n|---|---|\n| shell | command=ls |",
        "The result = shell(command) of the night",
        "<p>shell</p><p>command: ls</p>",
        "<tool_name>shell</tool_name> is a part of it.",
        "Write {'name': 'shell', 'arguments': {'command': 'ls'}} for it.",
        "{'name': 'shell', 'arguments': {'command': 'ls'}} is what it sent.",
        "{'name': 'Bob', 'command': 'x'}",
        R"({"tool":"hammer","command":"hit"})",
        R"({"tool":"shell","version":4})",
        R"({"tools":[{"name":"shell","description":"Runs a command."}]})",
        R"({"command":{"name":"ls","args":["-l"]}})",
        "tool: hammer\ncommand: hit",
        "The file says:\n```yaml\ntool: shell\ncommand: ls\n```\nand nothing else.",
        "<action name=\"shell\">it was</action>",
        "<shell>a bash or a zsh</shell> is one",
        "<shell kind=\"command\"/>",
        "<shell></shell>",
        "<terminal>Gate 4</terminal> is where it leaves.",
        "The sea gave us a <shell>spiral</shell>",
        "<item name=\"shell\">{\"weight\": 4}</item>",
        "functions.shell is the full name.",
        "Kimi writes `functions.shell:0{}` there.",
        "a <b>shell</b> on the beach (command = x)"}) {
    std::string copy = text;
    EXPECT_TRUE(take_text_calls(copy, offered()).empty()) << text;
    EXPECT_EQ(unread_call(text, offered()), "") << text;
  }
}

}  // namespace
}  // namespace skillgrad::llm
