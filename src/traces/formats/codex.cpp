// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include <skillgrad/core/text.hpp>

#include "traces/formats/formats.hpp"
#include "traces/parts/session_builder.hpp"

namespace skillgrad::traces {
namespace {

constexpr std::array<std::string_view, 7> kEnvelopes = {
    "session_meta", "response_item", "event_msg",         "turn_context",
    "compacted",    "world_state",   "token_usage_record"};
/// Events that say again, or for its own screens, what the items say.
constexpr std::array<std::string_view, 10> kToldTwice = {"user_message",
                                                         "agent_message",
                                                         "task_started",
                                                         "task_complete",
                                                         "item_started",
                                                         "item_completed",
                                                         "agent_message_delta",
                                                         "item_updated",
                                                         "thread_settings_applied",
                                                         "turn_diff"};
constexpr std::array<std::string_view, 9> kItems = {"message",
                                                    "reasoning",
                                                    "function_call",
                                                    "local_shell_call",
                                                    "custom_tool_call",
                                                    "function_call_output",
                                                    "web_search_call",
                                                    "local_shell_call_output",
                                                    "custom_tool_call_output"};

template <std::size_t size>
bool is_one_of_words(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What the program tells the model in the user's name.
bool is_context(std::string_view text) {
  for (const std::string_view start :
       {"<environment_context>", "<user_instructions>", "# AGENTS.md instructions",
        "<INSTRUCTIONS>", "<permissions instructions>", "<turn_aborted>", "<collaboration_mode>"})
    if (trim(text).starts_with(start)) return true;
  return false;
}

/// What a command printed, behind the lines that tools of newer versions put before it:
/// "Chunk ID: …", "Wall time: …", "Process exited with code 1" or "Exit code: 1", "Output:".
struct Printed {
  std::string_view text;
  bool failed = false;
};
Printed printed_by_command(std::string_view text) {
  constexpr int kMostHeader = 8;
  constexpr std::array<std::string_view, 2> kCode = {"Process exited with code ", "Exit code: "};
  Printed out{text, false};
  std::string_view rest = text;
  bool known = false;
  for (int line_number = 0; line_number < kMostHeader && !rest.empty(); ++line_number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line == "Output:") {
      if (known) out.text = rest;
      return known ? out : Printed{text, false};
    }
    known = known || line.starts_with("Wall time: ");
    for (const std::string_view mark : kCode)
      if (line.starts_with(mark)) out.failed = line.substr(mark.size()) != "0";
  }
  return {text, false};
}

/// The text between <tag> and </tag>, or "".
std::string_view between(std::string_view text, const std::string& tag) {
  const std::size_t open = text.find("<" + tag + ">");
  if (open == std::string_view::npos) return {};
  const std::size_t begin = open + tag.size() + 2;
  const std::size_t close = text.find("</" + tag + ">", begin);
  return close == std::string_view::npos ? std::string_view() : text.substr(begin, close - begin);
}

class CodexReader {
 public:
  explicit CodexReader(const Source& source)
      : source_(source), builder_(Format::codex, *source.cleaner) {
    builder_.agent("codex");
    has_messages_ = std::any_of(source.lines.begin(), source.lines.end(), [](const Line& line) {
      return text_member(item_of(line.value), "type") == "message";
    });
  }

  std::vector<Session> read() {
    for (const Line& line : source_.lines) read_line(line.value);
    builder_.usage(usage_);
    std::vector<Session> out;
    if (auto session = builder_.finish(source_.place, *source_.notes))
      out.push_back(std::move(*session));
    return out;
  }

 private:
  /// The item of a line: in an envelope, or, in older files, the line itself.
  static const Json& item_of(const Json& line) {
    if (text_member(line, "type") == "response_item") return member(line, "payload");
    static const Json kNothing;
    return member(line, "payload").is_object() ? kNothing : line;
  }

  void read_line(const Json& line) {
    const std::string type = text_member(line, "type");
    const Json& payload = member(line, "payload");
    if (type == "session_meta") return read_meta(payload);
    if (type == "response_item") return read_item(payload);
    if (type == "event_msg") return read_event(payload);
    if (type == "turn_context") {
      if (const std::string model = text_member(payload, "model"); !model.empty())
        builder_.model(model);
      return;
    }
    // Settings, and the usage of each reply, whose sum is in the events.
    if (type == "world_state" || type == "token_usage_record") return;
    if (is_one_of_words(kItems, type)) return read_item(line);
    if (type.empty() && member(line, "id").is_string() && member(line, "timestamp").is_string())
      return read_meta(line);
    if (member(line, "record_type").is_string())
      return builder_.unused("record of the program's state");
    builder_.unused(type.empty() ? "line without a type" : "line of type " + type);
  }

  void read_meta(const Json& meta) {
    if (const std::string id = text_member(meta, "id"); !id.empty()) builder_.name(id);
  }

  void read_item(const Json& item) {
    const std::string type = text_member(item, "type"), id = text_member(item, "call_id");
    if (type == "message") return read_message(item);
    if (type == "reasoning") return read_reasoning(item);
    if (type == "function_call")
      return builder_.call(id, text_member(item, "name"), member(item, "arguments"));
    if (type == "custom_tool_call")
      return builder_.call(id, text_member(item, "name"), member(item, "input"));
    if (type == "local_shell_call")
      return builder_.call(id.empty() ? text_member(item, "id") : id, "shell",
                           member(item, "action"));
    if (type == "web_search_call")
      return builder_.call(text_member(item, "id"), "web_search", member(item, "action"));
    if (type.ends_with("_output")) return read_output(id, member(item, "output"));
    builder_.unused("item of type " + type);
  }

  void read_message(const Json& item) {
    const std::string role = text_member(item, "role");
    const std::string text = text_of_content(member(item, "content"), builder_);
    if (role == "assistant") {
      builder_.next_turn();
      return builder_.assistant(text);
    }
    if (role != "user") return builder_.system(text);
    if (trim(text).starts_with("<skill>")) {
      const std::string name(trim(between(text, "name")));
      if (name.empty()) return builder_.unused("text of a skill without a name");
      std::string_view body = trim(text);
      const std::size_t path_end = body.find("</path>");
      if (path_end != std::string_view::npos) body.remove_prefix(path_end + 7);
      if (body.ends_with("</skill>")) body.remove_suffix(8);
      return builder_.skill_text(name, "SKILL.md", trim(body));
    }
    if (is_context(text)) return builder_.unused("text of the program in the user's name");
    builder_.user(text);
  }

  void read_reasoning(const Json& item) {
    std::string text;
    for (const char* key : {"summary", "content"})
      if (text.empty()) text = text_of_content(member(item, key), builder_);
    if (text.empty() && member(item, "encrypted_content").is_string())
      return builder_.unused("encrypted reasoning");
    builder_.reasoning(text);
  }

  /// Text, or text of {"output", "metadata": {"exit_code"}}, or {"content", "success"}, or blocks.
  void read_output(const std::string& id, const Json& output) {
    Json value = output;
    if (output.is_string()) {
      auto parsed = parse_json(output.get_ref<const std::string&>(), "output");
      if (parsed && parsed->is_object() && parsed->contains("output")) value = std::move(*parsed);
    }
    bool failed = member(value, "success") == Json(false);
    const Json& exit = member(member(value, "metadata"), "exit_code");
    if (exit.is_number_integer()) failed = failed || exit != Json(0);
    std::string text = value.is_object() ? text_member(value, "output") : std::string();
    if (text.empty())
      text = text_of_content(value.is_object() ? member(value, "content") : value, builder_);
    const Printed printed = printed_by_command(text);
    builder_.output(id, printed.text, failed || printed.failed);
  }

  void read_event(const Json& event) {
    const std::string type = text_member(event, "type");
    if (type == "token_count")
      return read_usage(member(member(event, "info"), "total_token_usage"));
    if (type == "error" || type == "stream_error")
      return builder_.error(text_member(event, "message"));
    if (type == "turn_aborted")
      return builder_.error("the turn was aborted: " + text_member(event, "reason"));
    // Of what the items say as well, the items count.
    if (type == "user_message" && !has_messages_)
      return builder_.user(text_member(event, "message"));
    if (type == "agent_message" && !has_messages_) {
      builder_.next_turn();
      return builder_.assistant(text_member(event, "message"));
    }
    if (is_one_of_words(kToldTwice, type) || type.starts_with("agent_reasoning")) return;
    builder_.unused("event of type " + type);
  }

  /// Totals so far, so the last one counts.
  void read_usage(const Json& total) {
    if (!total.is_object()) return;
    usage_.input_tokens = count_member(total, "input_tokens");
    usage_.cached_tokens = count_member(total, "cached_input_tokens");
    usage_.output_tokens = count_member(total, "output_tokens");
    ++usage_.calls;
  }

  const Source& source_;
  SessionBuilder builder_;
  llm::Usage usage_;
  bool has_messages_ = false;
};

}  // namespace

bool is_codex(const Json& line) {
  const std::string type = text_member(line, "type");
  if (member(line, "payload").is_object()) return is_one_of_words(kEnvelopes, type);
  if (is_one_of_words(kItems, type)) return type != "message" || member(line, "content").is_array();
  if (member(line, "record_type").is_string()) return true;
  return type.empty() && member(line, "id").is_string() && member(line, "timestamp").is_string() &&
         (line.contains("instructions") || line.contains("git"));
}

std::vector<Session> read_codex(const Source& source) { return CodexReader(source).read(); }

}  // namespace skillgrad::traces
