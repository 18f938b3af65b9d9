// SPDX-License-Identifier: MIT
#include <set>

#include <skillgrad/core/text.hpp>

#include "traces/formats/formats.hpp"
#include "traces/parts/session_builder.hpp"

namespace skillgrad::traces {
namespace {

constexpr std::string_view kSkillFolder = "Base directory for this skill:";

/// What the program itself writes in the user's name.
bool is_machinery(std::string_view text) {
  for (const std::string_view start :
       {"<command-name>", "<command-message>", "<local-command-stdout>", "<local-command-stderr>",
        "<local-command-caveat>", "<system-reminder>", "<task-notification>",
        "Caveat: The messages below"})
    if (trim(text).starts_with(start)) return true;
  return false;
}

class ClaudeCodeReader {
 public:
  explicit ClaudeCodeReader(const Source& source)
      : source_(source), builder_(Format::claude_code, *source.cleaner) {
    builder_.agent("claude-code");
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
  void read_line(const Json& line) {
    const std::string type = text_member(line, "type");
    if (member(line, "isSidechain") == Json(true)) return builder_.unused("line of a sub-agent");
    if (const std::string id = text_member(line, "sessionId"); !id.empty()) builder_.name(id);
    if (type == "user") return read_user(line);
    if (type == "assistant") return read_assistant(line);
    builder_.unused(type.empty() ? "line without a type" : "line of type " + type);
  }

  void read_user(const Json& line) {
    const Json& content = member(member(line, "message"), "content");
    const bool meta = member(line, "isMeta") == Json(true);
    if (member(line, "isCompactSummary") == Json(true))
      return builder_.unused("summary of a compaction");
    if (content.is_string()) return read_user_text(content.get<std::string>(), meta);
    if (!content.is_array()) return builder_.unused("message without content");
    for (const Json& block : content) {
      const std::string type = text_member(block, "type");
      if (type == "tool_result")
        builder_.output(text_member(block, "tool_use_id"),
                        text_of_content(member(block, "content"), builder_),
                        member(block, "is_error") == Json(true));
      else if (type == "text")
        read_user_text(text_member(block, "text"), meta);
      else
        builder_.unused("content of type " + type);
    }
  }

  void read_user_text(const std::string& text, bool meta) {
    // The body of a skill follows its call as a text of the program.
    if (trim(text).starts_with(kSkillFolder)) return read_skill(text);
    if (meta || is_machinery(text))
      return builder_.unused("text of the program in the user's name");
    builder_.user(text);
  }

  void read_skill(const std::string& text) {
    std::string_view rest = trim(text);
    rest.remove_prefix(kSkillFolder.size());
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string folder(trim(rest.substr(0, end)));
    while (!folder.empty() && folder.back() == '/') folder.pop_back();
    const std::size_t slash = folder.rfind('/');
    const std::string name = slash == std::string::npos ? folder : folder.substr(slash + 1);
    if (name.empty()) return builder_.unused("text of a skill without a name");
    builder_.skill_text(name, "SKILL.md", trim(rest.substr(end)));
  }

  void read_assistant(const Json& line) {
    const Json& message = member(line, "message");
    // Each block of a reply is a line of its own, with the id and the usage of the whole.
    const std::string id = text_member(message, "id");
    if (id.empty() || id != last_) builder_.next_turn();
    last_ = id;
    if (id.empty() || seen_.insert(id).second) add_usage(member(message, "usage"));
    if (member(line, "isApiErrorMessage") == Json(true)) {
      builder_.error(text_of_content(member(message, "content"), builder_));
      return;
    }
    if (const std::string model = text_member(message, "model"); !model.empty())
      builder_.model(model);
    const Json& content = member(message, "content");
    if (content.is_string()) return builder_.assistant(content.get<std::string>());
    if (!content.is_array()) return builder_.unused("message without content");
    for (const Json& block : content) read_block(block);
  }

  void read_block(const Json& block) {
    const std::string type = text_member(block, "type");
    if (type == "text")
      builder_.assistant(text_member(block, "text"));
    else if (type == "thinking")
      builder_.reasoning(text_member(block, "thinking"));
    else if (type == "tool_use" || type == "server_tool_use")
      builder_.call(text_member(block, "id"), text_member(block, "name"), member(block, "input"));
    else
      builder_.unused("content of type " + type);
  }

  void add_usage(const Json& usage) {
    if (!usage.is_object()) return;
    const std::int64_t cached = count_member(usage, "cache_read_input_tokens");
    usage_.input_tokens += count_member(usage, "input_tokens") + cached +
                           count_member(usage, "cache_creation_input_tokens");
    usage_.cached_tokens += cached;
    usage_.output_tokens += count_member(usage, "output_tokens");
    ++usage_.calls;
  }

  const Source& source_;
  SessionBuilder builder_;
  llm::Usage usage_;
  std::string last_;
  std::set<std::string> seen_;
};

}  // namespace

bool is_claude_code(const Json& line) {
  const std::string type = text_member(line, "type");
  const bool named = member(line, "sessionId").is_string() || member(line, "uuid").is_string() ||
                     member(line, "leafUuid").is_string();
  if (type == "user" || type == "assistant") return member(line, "message").is_object();
  return named && !type.empty() && !member(line, "payload").is_object();
}

std::vector<Session> read_claude_code(const Source& source) {
  return ClaudeCodeReader(source).read();
}

}  // namespace skillgrad::traces
