// SPDX-License-Identifier: MIT
// A server without the right tool call parser leaves calls in the text: whole runs end with the
// right scores or with errors, never with lower scores (R2.13).
#include <atomic>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

/// Each writes the call shell(command=..) in the words of one model; @ is the command.
const std::vector<std::string> kDialects = {
    // DeepSeek V3.2, V4, V3.1, V3
    "<\uFF5CDSML\uFF5Cfunction_calls>\n<\uFF5CDSML\uFF5Cinvoke name=\"shell\">\n<\uFF5CDSML\uFF5C"
    "parameter name=\"command\" string=\"true\">@</\uFF5CDSML\uFF5Cparameter>\n</\uFF5CDSML\uFF5C"
    "invoke>\n</\uFF5CDSML\uFF5Cfunction_calls>",
    "<\uFF5CDSML\uFF5Ctool_calls><\uFF5CDSML\uFF5Cinvoke name=\"shell\"><\uFF5CDSML\uFF5Cparameter "
    "name=\"command\" string=\"true\">@</\uFF5CDSML\uFF5Cparameter></\uFF5CDSML\uFF5Cinvoke>"
    "</\uFF5CDSML\uFF5Ctool_calls>",
    "<\uFF5Ctool\u2581calls\u2581begin\uFF5C><\uFF5Ctool\u2581call\u2581begin\uFF5C>shell"
    "<\uFF5Ctool\u2581sep\uFF5C>{\"command\":\"@\"}<\uFF5Ctool\u2581call\u2581"
    "end\uFF5C><\uFF5Ctool\u2581calls\u2581"
    "end\uFF5C>",
    // MiniMax M2 and M3, Anthropic, Step 3
    "<minimax:tool_call>\n<invoke name=\"shell\">\n<parameter name=\"command\">@</parameter>\n"
    "</invoke>\n</minimax:tool_call>",
    "]<]minimax[>[<tool_call>\n]<]minimax[>[<invoke name=\"shell\">]<]minimax[>[<command>@"
    "]<]minimax[>[</command>]<]minimax[>[</invoke>\n]<]minimax[>[</tool_call>",
    "I look.\n<function_calls>\n<invoke name=\"shell\">\n<parameter "
    "name=\"command\">@</parameter>\n"
    "</invoke>\n</function_calls>",
    "<invoke name=\"shell\"><parameter name=\"command\">@</parameter></invoke>",
    "<steptml:toolcall><steptml:invoke name=\"shell\"><steptml:parameter name=\"command\">@"
    "</steptml:parameter></steptml:invoke></steptml:toolcall>",
    // gpt-oss
    "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary "
    "to=functions.shell <|constrain|>json<|message|>{\"command\":\"@\"}<|call|>",
    "<|start|>assistant to=functions.shell<|channel|>commentary json<|message|>"
    "{\"command\":\"@\"}",
    // Llama 4, LFM2, OLMo 3, Gemma
    "[shell(command=\"@\")]", "I look.\n[shell(command='@')]",
    "<|python_start|>[shell(command=\"@\")]<|python_end|>",
    "<|tool_call_start|>[shell(command=\"@\")]<|tool_call_end|>",
    "<function_calls>\nshell(command=\"@\")\n</function_calls>",
    "```tool_code\nprint(shell(command=\"@\"))\n```",
    "<start_function_call>call:shell{command:<escape>@<escape>}<end_function_call>",
    "<|tool_call>call:shell{command:<|\"|>@<|\"|>}<tool_call|>",
    // JSON in many coats
    "<tool_calls>[{\"name\":\"shell\",\"arguments\":{\"command\":\"@\"}}]</tool_calls>",
    "<|tool_call|>[{\"name\":\"shell\",\"arguments\":{\"command\":\"@\"}}]",
    "<TOOLCALL>[{\"name\":\"shell\",\"arguments\":{\"command\":\"@\"}}]</TOOLCALL>",
    "<|START_ACTION|>[{\"tool_call_id\":\"0\",\"tool_name\":\"shell\",\"parameters\":{\"command\":"
    "\"@\"}}]<|END_ACTION|>",
    "functools[{\"name\":\"shell\",\"arguments\":{\"command\":\"@\"}}]",
    "<function_call> {\"name\":\"shell\",\"arguments\":{\"command\":\"@\"}}",
    "<|action_start|><|plugin|>{\"name\":\"shell\",\"parameters\":{\"command\":\"@\"}}"
    "<|action_end|>",
    "<|tools_prefix|>[{\"shell\":{\"command\":\"@\"}}]<|tools_suffix|>",
    "{\"tool_calls\":[{\"type\":\"function\",\"function\":{\"name\":\"shell\",\"arguments\":"
    "\"{\\\"command\\\":\\\"@\\\"}\"}}]}",
    "{\"type\":\"function\",\"function\":{\"name\":\"shell\",\"arguments\":{\"command\":\"@\"}}}",
    // Kimi, GLM, Qwen, Seed-OSS, Functionary, ReAct
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.shell:0<|tool_call_argument_begin|>"
    "{\"command\":\"@\"}<|tool_call_end|><|tool_calls_section_end|>",
    "<|open|>tools<|sep|><|open|>call tool=\"shell\" index=\"1\"<|sep|><|open|>argument "
    "key=\"command\" type=\"string\"<|sep|>@<|close|>argument<|sep|><|close|>call<|sep|>"
    "<|close|>tools<|sep|>",
    "<tool_call>shell\n<arg_key>command</arg_key>\n<arg_value>@</arg_value>\n</tool_call>",
    "<tool_call>\n<function=shell>\n<parameter=command>\n@\n</parameter>\n</function>\n</"
    "tool_call>",
    "<seed:tool_call><function=shell><parameter=command>@</parameter></function></seed:tool_call>",
    ">>>shell\n{\"command\":\"@\"}", "Action: shell\nAction Input: {\"command\":\"@\"}"};

/// In no model's words, or not what the tool takes: nobody can read these.
const std::vector<std::string> kUnreadable = {
    "<function_calls>\n<invoke name=\"shell\">\n<parameter name=\"cmd\">@",
    "<tool_call>{\"name\":\"terminal\",\"arguments\":{\"command\":\"@\"}}</tool_call>",
    "[shell(command=command_of(\"@\"))]",
    "{\"name\":\"terminal\",\"arguments\":{\"command\":\"@\"}}",
    "<|tool_call_begin|>shell: @<|tool_call_end|>",
    "<tool_call>\nshell --command '@'\n</tool_call>"};

struct Wire {
  std::string api, stream;
};

/// Asks for one command in its first turn and says "ok" when it sees what the command printed.
/// Every fourth call stands in the text.
class LeakingServer {
 public:
  /// `again`: a reply that is asked for once more leaks once more.
  LeakingServer(std::vector<std::string> dialects, bool again)
      : dialects_(std::move(dialects)), again_(again) {
    server_.handler([this](const fault::Hit& hit, std::size_t) { return answer(hit); });
  }
  [[nodiscard]] std::string url() const { return server_.base_url(); }
  [[nodiscard]] int leaks() const { return leaks_.load(); }

 private:
  fault::Step answer(const fault::Hit& hit) {
    const auto at = hit.body.find("when task-");
    if (hit.method != "POST" || at == std::string::npos) return fault::json_step(404, "{}");
    const int task = std::stoi(hit.body.substr(at + 10, 3));
    const bool stream = hit.body.find("\"stream\":true") != std::string::npos;
    const bool responses = hit.target.ends_with("/responses");
    if (hit.body.find(std::to_string(task + 73510000)) != std::string::npos) {
      return step(Json{{"content", "ok"}}, responses, stream);
    }
    const bool first = [&] {
      const std::scoped_lock lock(mutex_);
      return seen_[task]++ == 0;
    }();
    const std::string command = fmt::format("expr {} + 73510000", task);
    if (task % 4 == 0 && (first || again_)) {
      ++leaks_;
      const std::string& dialect = dialects_[static_cast<std::size_t>(task / 4) % dialects_.size()];
      return step(Json{{"content", replace_all(dialect, "@", command)}}, responses, stream);
    }
    return step(Json{{"call", dump_json(Json{{"command", command}})}}, responses, stream);
  }

  static fault::Step step(const Json& said, bool responses, bool stream) {
    const bool call = said.contains("call");
    if (responses) {
      const Json item =
          call ? Json{{"type", "function_call"},
                      {"call_id", "c1"},
                      {"name", "shell"},
                      {"arguments", said["call"]}}
               : Json{{"type", "message"},
                      {"content",
                       Json::array({{{"type", "output_text"}, {"text", said["content"]}}})}};
      const Json whole = {{"object", "response"},
                          {"status", "completed"},
                          {"output", Json::array({item})},
                          {"usage", {{"input_tokens", 9}, {"output_tokens", 9}}}};
      if (!stream) return fault::json_step(200, dump_json(whole));
      return fault::stream_step(
          {"data: " + dump_json({{"type", "response.completed"}, {"response", whole}}) + "\n\n"});
    }
    Json message = {{"role", "assistant"}, {"content", call ? Json() : said["content"]}};
    if (call) {
      message["tool_calls"] =
          Json::array({{{"id", "c1"},
                        {"index", 0},
                        {"type", "function"},
                        {"function", {{"name", "shell"}, {"arguments", said["call"]}}}}});
    }
    const char* reason = call ? "tool_calls" : "stop";
    const Json usage = {{"prompt_tokens", 9}, {"completion_tokens", 9}};
    if (!stream) {
      return fault::json_step(
          200,
          dump_json({{"choices", Json::array({{{"message", message}, {"finish_reason", reason}}})},
                     {"usage", usage}}));
    }
    return stream_of(message, reason, usage);
  }

  /// The text comes in pieces of a few bytes.
  static fault::Step stream_of(const Json& message, const char* reason, const Json& usage) {
    std::vector<std::string> events;
    const auto add = [&](const Json& delta, const Json& finish) {
      const Json choice = {{"index", 0}, {"delta", delta}, {"finish_reason", finish}};
      events.push_back(
          "data: " + dump_json({{"choices", Json::array({choice})}, {"usage", usage}}) + "\n\n");
    };
    if (message.contains("tool_calls")) {
      add(message, Json());
    } else {
      const auto text = message["content"].get<std::string>();
      for (std::size_t at = 0; at < text.size();) {
        std::size_t size = std::min<std::size_t>(7, text.size() - at);
        while (at + size < text.size() &&
               (static_cast<unsigned char>(text[at + size]) & 0xC0U) == 0x80U)
          ++size;
        add({{"content", text.substr(at, size)}}, Json());
        at += size;
      }
    }
    add(Json::object(), reason);
    events.emplace_back("data: [DONE]\n\n");
    return fault::stream_step(std::move(events));
  }

  std::vector<std::string> dialects_;
  bool again_;
  std::atomic<int> leaks_ = 0;
  std::mutex mutex_;
  std::map<int, int> seen_;
  fault::Server server_;
};

class LeakedCalls : public ::testing::TestWithParam<Wire> {
 protected:
  /// Four tasks for each dialect, one of which meets it.
  Json eval(const LeakingServer& server, std::size_t dialects) {
    std::string tasks;
    for (std::size_t task = 0; task < 4 * dialects; ++task) {
      tasks += fmt::format(
          R"({{"id":"t{0}","split":"test","input":"Say ok when task-{0:03} is done.","target":"ok"}})"
          "\n",
          task);
    }
    scratch_.put("tasks.jsonl", tasks);
    const auto outcome = run(scratch_, {"eval",
                                        "none",
                                        "--benchmark",
                                        "tasks.jsonl",
                                        "--split",
                                        "all",
                                        "--run",
                                        "r",
                                        "--json",
                                        "--model",
                                        "m",
                                        "--jobs",
                                        "8",
                                        "--base-url",
                                        server.url(),
                                        "--max-error-rate",
                                        "1",
                                        "--api",
                                        GetParam().api,
                                        "--stream",
                                        GetParam().stream});
    said_ = outcome.err;
    return outcome.json();
  }
  static int count(const Json& result, const char* status) {
    return result["by_status"].value(status, 0);
  }

  Scratch scratch_;
  std::string said_;
};

TEST_P(LeakedCalls, OfEveryDialectAreReadAndTheScoreIsRight) {
  const LeakingServer server(kDialects, true);
  const Json result = eval(server, kDialects.size());
  ASSERT_GE(kDialects.size(), 20U);
  EXPECT_EQ(server.leaks(), static_cast<int>(kDialects.size())) << "none was asked for again";
  EXPECT_EQ(count(result, "pass"), static_cast<int>(4 * kDialects.size()))
      << result.dump(1) << said_;
  EXPECT_TRUE(holds(said_, {"text_tool_call"}));
}

TEST_P(LeakedCalls, ThatNobodyCanReadAreAskedForAgain) {
  const LeakingServer server(kUnreadable, false);
  const Json result = eval(server, kUnreadable.size());
  EXPECT_EQ(server.leaks(), static_cast<int>(kUnreadable.size()));
  EXPECT_EQ(count(result, "pass"), static_cast<int>(4 * kUnreadable.size())) << result.dump(1);
}

TEST_P(LeakedCalls, ThatNobodyCanReadAndThatStayAreErrorsAndLowerNoScore) {
  const LeakingServer server(kUnreadable, true);
  const Json result = eval(server, kUnreadable.size());
  EXPECT_EQ(count(result, "error"), static_cast<int>(kUnreadable.size())) << result.dump(1);
  EXPECT_EQ(count(result, "pass"), static_cast<int>(3 * kUnreadable.size())) << result.dump(1);
  EXPECT_EQ(count(result, "fail"), 0) << result.dump(1);
}

INSTANTIATE_TEST_SUITE_P(Wires, LeakedCalls,
                         ::testing::Values(Wire{"chat", "off"}, Wire{"chat", "on"},
                                           Wire{"responses", "off"}, Wire{"responses", "on"}),
                         [](const auto& given) {
                           return given.param.api + (given.param.stream == "on" ? "Streamed" : "");
                         });

}  // namespace
}  // namespace skillgrad::e2e
