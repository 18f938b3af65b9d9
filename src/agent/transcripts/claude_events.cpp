// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include "agent/transcripts/transcript.hpp"

namespace skillgrad::agent {
namespace {

/// `claude -p --output-format stream-json --verbose`: a message is told in pieces, each with one
/// part of its content and the same id.
class ClaudeEvents final : public TranscriptReader {
 public:
  using TranscriptReader::TranscriptReader;

  bool event(const Json& event) override {
    const std::string type = text_in(event, "type");
    if (type == "system") return system(event);
    if (type == "assistant") return assistant(event);
    if (type == "user") return user(event);
    if (type == "result") return last(event);
    if (type == "rate_limit_event" || type == "stream_event") return true;
    return false;
  }

 private:
  bool system(const Json& event) {
    if (text_in(event, "subtype") != "init") return true;
    out_.session = text_in(event, "session_id");
    out_.version = text_in(event, "claude_code_version");
    const auto skills = event.find("skills");
    if (skills == event.end() || !skills->is_array()) return true;
    out_.offered.emplace();
    for (const Json& skill : *skills)
      out_.offered->push_back(skill.is_string() ? skill.get<std::string>()
                                                : text_in(skill, "name"));
    std::sort(out_.offered->begin(), out_.offered->end());
    return true;
  }

  bool assistant(const Json& event) {
    const Json& message = object_in(event, "message");
    const std::string id = text_in(message, "id");
    if (id.empty() || id != message_) ++out_.turns;
    message_ = id;
    const auto content = message.find("content");
    if (content == message.end() || !content->is_array()) return true;
    for (const Json& part : *content) {
      const std::string type = text_in(part, "type");
      if (type == "text") say("assistant", text_in(part, "text"));
      if (type == "thinking") think(text_in(part, "thinking"));
      if (type != "tool_use") continue;
      names_[text_in(part, "id")] = text_in(part, "name");
      call(text_in(part, "id"), text_in(part, "name"), object_in(part, "input"));
    }
    return true;
  }

  bool user(const Json& event) {
    const Json& message = object_in(event, "message");
    const auto content = message.find("content");
    if (content == message.end() || !content->is_array()) return true;
    for (const Json& part : *content) {
      if (text_in(part, "type") != "tool_result") {
        say("user", text_in(part, "text"));
        continue;
      }
      const std::string id = text_in(part, "tool_use_id");
      const auto failed = part.find("is_error");
      result(id, names_[id], shown_content(part.value("content", Json())),
             failed != part.end() && failed->is_boolean() && failed->get<bool>());
    }
    return true;
  }

  bool last(const Json& event) {
    out_.complete = true;
    out_.cost_usd = cost_in(event, "total_cost_usd");
    constexpr std::int64_t kMostToldTurns = 1'000'000;
    if (const auto turns = count_in(event, "num_turns"); turns > 0)
      out_.turns = static_cast<int>(std::min(turns, kMostToldTurns));
    read_usage(event);
    const std::string subtype = text_in(event, "subtype"), text = text_in(event, "result");
    if (!text.empty()) out_.final_message = text;
    const auto status = http_status_in(event, "api_error_status");
    const auto error = event.find("is_error");
    const bool failed = error != event.end() && error->is_boolean() && error->get<bool>();
    if (subtype == "error_max_turns")
      out_.end = EndState::turn_limit;
    else if (subtype == "error_max_budget_usd")
      out_.end = EndState::token_limit;
    else if (failed || status || subtype.starts_with("error"))
      fault(status, text.empty() ? shown_content(event.value("errors", Json(subtype))) : text);
    return true;
  }

  void read_usage(const Json& event) {
    const Json& usage = object_in(event, "usage");
    if (usage.empty()) return;
    out_.usage.emplace();
    out_.usage->cached_tokens = count_in(usage, "cache_read_input_tokens");
    out_.usage->input_tokens = count_in(usage, "input_tokens") + out_.usage->cached_tokens +
                               count_in(usage, "cache_creation_input_tokens");
    out_.usage->output_tokens = count_in(usage, "output_tokens");
  }

  std::string message_;
  std::map<std::string, std::string> names_;
};

}  // namespace

std::unique_ptr<TranscriptReader> read_claude_events(Transcript& out) {
  return std::make_unique<ClaudeEvents>(out);
}

}  // namespace skillgrad::agent
