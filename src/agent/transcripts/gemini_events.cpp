// SPDX-License-Identifier: MIT
#include <map>

#include "agent/transcripts/transcript.hpp"

namespace skillgrad::agent {
namespace {

/// `gemini -p --output-format stream-json`, which Qwen Code has taken over: replies come as deltas.
class GeminiEvents final : public TranscriptReader {
 public:
  using TranscriptReader::TranscriptReader;

  bool event(const Json& event) override {
    const std::string type = text_in(event, "type");
    if (type != "message" || text_in(event, "role") != "assistant") flush();
    if (type == "init")
      out_.session = text_in(event, "session_id");
    else if (type == "message")
      message(event);
    else if (type == "tool_use")
      use(event);
    else if (type == "tool_result")
      end_use(event);
    else if (type == "error")
      trouble(event);
    else if (type == "result")
      last(event);
    else
      return false;
    return true;
  }

  void finish() override {
    flush();
    if (!out_.complete && !out_.fault && !trouble_.empty()) fault(std::nullopt, trouble_);
  }

 private:
  void flush() {
    if (!text_.empty()) ++out_.turns;
    say("assistant", text_);
    text_.clear();
  }

  void message(const Json& event) {
    if (text_in(event, "role") != "assistant") return;  // the prompt, said back
    const auto delta = event.find("delta");
    if (delta == event.end() || !delta->is_boolean() || !delta->get<bool>()) flush();
    text_ += text_in(event, "content");
  }

  void use(const Json& event) {
    const std::string id = text_in(event, "tool_id");
    names_[id] = text_in(event, "tool_name");
    if (out_.turns == 0) ++out_.turns;
    call(id, names_[id], object_in(event, "parameters"));
  }

  void end_use(const Json& event) {
    const std::string id = text_in(event, "tool_id");
    const bool failed = text_in(event, "status") == "error";
    const std::string error = text_in(object_in(event, "error"), "message");
    const std::string output = shown_content(event.value("output", Json()));
    result(id, names_[id], failed && output.empty() ? error : output, failed);
    ++out_.turns;
  }

  void trouble(const Json& event) {
    const std::string text = text_in(event, "message");
    if (text_in(event, "severity") == "error")
      trouble_ = text;
    else
      out_.notes.push_back("the agent warns: " + text);
  }

  void last(const Json& event) {
    out_.complete = true;
    const Json& stats = object_in(event, "stats");
    if (stats.contains("input_tokens") || stats.contains("output_tokens")) {
      out_.usage.emplace();
      out_.usage->input_tokens = count_in(stats, "input_tokens");
      out_.usage->cached_tokens = count_in(stats, "cached");
      out_.usage->output_tokens = count_in(stats, "output_tokens");
    }
    if (text_in(event, "status") != "error") return;
    const Json& error = object_in(event, "error");
    const std::string type = text_in(error, "type"), message = text_in(error, "message");
    if (type.find("MaxSessionTurns") != std::string::npos ||
        type.find("TurnLimit") != std::string::npos)
      out_.end = EndState::turn_limit;
    else
      fault(std::nullopt, message.empty() ? trouble_ : message);
  }

  std::string text_, trouble_;
  std::map<std::string, std::string> names_;
};

}  // namespace

std::unique_ptr<TranscriptReader> read_gemini_events(Transcript& out) {
  return std::make_unique<GeminiEvents>(out);
}

}  // namespace skillgrad::agent
