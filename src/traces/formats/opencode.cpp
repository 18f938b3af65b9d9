// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "traces/formats/formats.hpp"
#include "traces/parts/session_builder.hpp"

namespace skillgrad::traces {
namespace {

/// `opencode run` puts a request with a space between quotes, and a backslash before its own.
std::string without_quotes(const std::string& text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
  std::string out;
  for (std::size_t at = 1; at + 1 < text.size(); ++at) {
    if (text[at] == '"') return text;  // the user's own quotes
    if (text[at] == '\\' && at + 2 < text.size() && text[at + 1] == '"') ++at;
    out += text[at];
  }
  return out.find(' ') == std::string::npos ? text : out;
}

/// The body between `<skill_content name="...">`, `# Skill: NAME` and what the tool adds behind.
std::string skill_body(const std::string& output) {
  constexpr std::string_view kOpen = "<skill_content ",
                             kTitle = "# Skill: ", kBehind = "\n\nBase directory for this skill: ";
  std::string_view text = trim(output);
  if (!text.starts_with(kOpen)) return output;
  text = text.substr(std::min(text.find('\n'), text.size()));
  text = trim(text);
  if (text.starts_with(kTitle)) text = text.substr(std::min(text.find('\n'), text.size()));
  const std::size_t behind = text.rfind(kBehind);
  return std::string(trim(text.substr(0, behind)));
}

class OpencodeReader {
 public:
  OpencodeReader(const Source& source, const Json& session)
      : source_(source), session_(session), builder_(Format::opencode, *source.cleaner) {
    builder_.agent("opencode");
  }

  std::optional<Session> read() {
    if (const std::string id = text_member(member(session_, "info"), "id"); !id.empty())
      builder_.name(id);
    for (const Json& message : member(session_, "messages")) read_message(message);
    builder_.usage(usage_);
    if (cost_ > 0) builder_.cost(cost_);
    return builder_.finish(source_.place, *source_.notes);
  }

 private:
  void read_message(const Json& message) {
    const Json& info = member(message, "info");
    const std::string role = text_member(info, "role");
    const Json& parts = member(message, "parts");
    if (role != "user" && role != "assistant")
      return builder_.unused(role.empty() ? "message without a role" : "message of role " + role);
    if (!parts.is_array()) return builder_.unused("message without parts");
    if (member(info, "summary") == Json(true)) return builder_.unused("summary of a compaction");
    if (role == "user") {
      for (const Json& part : parts) read_user_part(part);
      return;
    }
    builder_.next_turn();
    if (const std::string model = text_member(info, "modelID"); !model.empty())
      builder_.model(model);
    add_usage(info);
    for (const Json& part : parts) read_part(part);
    read_error(member(info, "error"));
  }

  void read_user_part(const Json& part) {
    const std::string type = text_member(part, "type");
    if (type != "text") return builder_.unused("part of type " + type);
    if (member(part, "synthetic") == Json(true) || member(part, "ignored") == Json(true))
      return builder_.unused("text of the program in the user's name");
    builder_.user(without_quotes(text_member(part, "text")));
  }

  void read_part(const Json& part) {
    const std::string type = text_member(part, "type");
    if (type == "text") return builder_.assistant(text_member(part, "text"));
    if (type == "reasoning") return builder_.reasoning(text_member(part, "text"));
    if (type == "tool") return read_tool(part);
    if (type == "retry") return read_error(member(part, "error"));
    // Marks between the parts; their tokens are those of the message.
    if (type == "step-start" || type == "step-finish" || type == "snapshot") return;
    builder_.unused("part of type " + type);
  }

  void read_tool(const Json& part) {
    const std::string id = text_member(part, "callID"), tool = text_member(part, "tool");
    const Json& state = member(part, "state");
    const std::string status = text_member(state, "status");
    builder_.call(id, tool, member(state, "input"));
    if (status == "error") return builder_.output(id, text_member(state, "error"), true);
    // The session ended before its result came.
    if (status != "completed") return builder_.unused("call without a result");
    const Json& exit = member(member(state, "metadata"), "exit");
    const bool failed = exit.is_number_integer() && exit != Json(0);
    const std::string output = text_member(state, "output");
    builder_.output(id, tool == "skill" ? skill_body(output) : output, failed);
  }

  void read_error(const Json& error) {
    if (!error.is_object()) return;
    const std::string message = text_member(member(error, "data"), "message");
    const std::string name = text_member(error, "name");
    builder_.error(message.empty() ? name : name + ": " + message);
  }

  void add_usage(const Json& info) {
    const Json& tokens = member(info, "tokens");
    if (!tokens.is_object()) return;
    const Json& cache = member(tokens, "cache");
    const std::int64_t cached = count_member(cache, "read");
    usage_.input_tokens += count_member(tokens, "input") + cached + count_member(cache, "write");
    usage_.cached_tokens += cached;
    usage_.output_tokens += count_member(tokens, "output") + count_member(tokens, "reasoning");
    ++usage_.calls;
    if (const Json& usd = member(info, "cost"); usd.is_number() && usd.get<double>() > 0)
      cost_ += usd.get<double>();
  }

  const Source& source_;
  const Json& session_;
  SessionBuilder builder_;
  llm::Usage usage_;
  double cost_ = 0;
};

}  // namespace

bool is_opencode(const Json& value) {
  const Json& messages = member(value, "messages");
  return member(value, "info").is_object() && messages.is_array() &&
         std::all_of(messages.begin(), messages.end(), [](const Json& message) {
           return member(message, "info").is_object() && message.contains("parts");
         });
}

std::vector<Session> read_opencode(const Source& source) {
  std::vector<Session> out;
  for (const Line& line : source.lines) {
    if (!is_opencode(line.value)) continue;
    if (auto session = OpencodeReader(source, line.value).read())
      out.push_back(std::move(*session));
  }
  return out;
}

}  // namespace skillgrad::traces
