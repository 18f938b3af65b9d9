// SPDX-License-Identifier: MIT
#include <set>

#include "agent/transcripts/transcript.hpp"

namespace skillgrad::agent {
namespace {

/// `codex exec --json`: what was done is told as items that begin and end.
class CodexEvents final : public TranscriptReader {
 public:
  using TranscriptReader::TranscriptReader;

  bool event(const Json& event) override {
    const std::string type = text_in(event, "type");
    if (type == "thread.started")
      out_.session = text_in(event, "thread_id");
    else if (type == "turn.started" || type == "item.updated")
      return true;
    else if (type == "item.started")
      start(object_in(event, "item"));
    else if (type == "item.completed")
      return complete(object_in(event, "item"));
    else if (type == "turn.completed")
      end_turn(event);
    else if (type == "turn.failed")
      fail_turn(text_in(object_in(event, "error"), "message"));
    else if (type == "error")
      trouble_ = text_in(event, "message");
    else
      return false;
    return true;
  }

  /// An error on the stream that no turn came after is the reason of a fatal exit; others were
  /// retried.
  void finish() override {
    if (!out_.complete && !out_.fault && !trouble_.empty()) fault(std::nullopt, trouble_);
  }

 private:
  static Json arguments_of(const std::string& type, const Json& item) {
    Json out = Json::object();
    for (const char* key : {"command", "changes", "arguments", "query", "items", "server"})
      if (item.contains(key)) out[key] = item[key];
    if (type == "mcp_tool_call" && out.contains("arguments")) return out["arguments"];
    return out;
  }

  static std::string name_of_item(const std::string& type, const Json& item) {
    if (type == "command_execution") return "shell";
    if (type == "file_change") return "apply_patch";
    if (type == "mcp_tool_call") return text_in(item, "server") + "." + text_in(item, "tool");
    return type;
  }

  static bool is_action(const std::string& type) {
    return type == "command_execution" || type == "file_change" || type == "mcp_tool_call" ||
           type == "web_search";
  }

  void start(const Json& item) {
    const std::string type = text_in(item, "type"), id = text_in(item, "id");
    if (!is_action(type) || !begun_.insert(id).second) return;
    ++out_.turns;
    call(id, name_of_item(type, item), arguments_of(type, item));
  }

  bool complete(const Json& item) {
    const std::string type = text_in(item, "type"), id = text_in(item, "id");
    if (type == "agent_message") {
      ++out_.turns;
      say("assistant", text_in(item, "text"));
    } else if (type == "reasoning") {
      think(text_in(item, "text"));
    } else if (type == "error") {
      out_.notes.push_back("the agent says: " + text_in(item, "message"));
    } else if (type == "todo_list") {
      think(shown_content(item.value("items", Json())));
    } else if (is_action(type)) {
      start(item);
      result(id, name_of_item(type, item), outcome_of(item), text_in(item, "status") == "failed");
    } else {
      return false;
    }
    return true;
  }

  static std::string outcome_of(const Json& item) {
    std::string out;
    if (const auto code = item.find("exit_code"); code != item.end() && code->is_number_integer())
      out = "exit code: " + dump_json(*code) + "\n";
    if (item.contains("aggregated_output")) return out + text_in(item, "aggregated_output");
    const std::string error = text_in(object_in(item, "error"), "message");
    if (!error.empty()) return out + error;
    const Json& got = object_in(item, "result");
    return out +
           (got.contains("content") ? shown_content(got["content"]) : text_in(item, "status"));
  }

  void end_turn(const Json& event) {
    out_.complete = true;
    trouble_.clear();
    const Json& usage = object_in(event, "usage");
    if (usage.empty()) return;
    llm::Usage sum = out_.usage.value_or(llm::Usage());
    sum.input_tokens += count_in(usage, "input_tokens");
    sum.cached_tokens += count_in(usage, "cached_input_tokens");
    sum.output_tokens += count_in(usage, "output_tokens");
    out_.usage = sum;
  }

  void fail_turn(const std::string& message) {
    out_.complete = true;
    fault(std::nullopt, message.empty() ? trouble_ : message);
  }

  std::set<std::string> begun_;
  std::string trouble_;
};

}  // namespace

std::unique_ptr<TranscriptReader> read_codex_events(Transcript& out) {
  return std::make_unique<CodexEvents>(out);
}

}  // namespace skillgrad::agent
