// SPDX-License-Identifier: MIT
#include "sim/wire/conversation.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/wire/conversation.hpp"

namespace skillgrad::sim {
namespace {

std::string at(std::size_t index) { return "messages[" + std::to_string(index) + "]"; }

const Json* member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const std::string* string_member(const Json& object, const char* key) {
  const Json* value = member(object, key);
  return value != nullptr && value->is_string() ? &value->get_ref<const std::string&>() : nullptr;
}

/// A string, or an array of text parts; nullopt: neither.
std::optional<std::string> text_of(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return std::nullopt;
  std::string joined;
  for (const Json& part : content) {
    const std::string* text = string_member(part, "text");
    if (text == nullptr) return std::nullopt;
    joined += *text;
  }
  return joined;
}

std::optional<Turn::Role> role_of(const std::string& name) {
  static const std::map<std::string, Turn::Role> roles = {{"system", Turn::Role::system},
                                                          {"developer", Turn::Role::system},
                                                          {"user", Turn::Role::user},
                                                          {"assistant", Turn::Role::assistant},
                                                          {"tool", Turn::Role::tool}};
  const auto found = roles.find(name);
  return found == roles.end() ? std::nullopt : std::optional(found->second);
}

tl::expected<std::vector<ToolUse>, ApiError> read_calls(const Json& list,
                                                        const std::string& where) {
  if (!list.is_array()) return refuse("tool_calls must be an array", where + ".tool_calls");
  std::vector<ToolUse> calls;
  for (const Json& item : list) {
    const Json* function = member(item, "function");
    const std::string* id = string_member(item, "id");
    const std::string* name = function != nullptr ? string_member(*function, "name") : nullptr;
    const std::string* arguments =
        function != nullptr ? string_member(*function, "arguments") : nullptr;
    if (id == nullptr || id->empty() || name == nullptr || name->empty() || arguments == nullptr)
      return refuse("each tool call needs id, function.name and function.arguments",
                    where + ".tool_calls");
    const auto parsed = Json::parse(*arguments, nullptr, false);
    if (!parsed.is_object())
      return refuse("invalid tool call arguments: not a JSON object, or encoded twice",
                    where + ".tool_calls");
    calls.push_back({*id, *name, *arguments});
  }
  return calls;
}

tl::expected<Turn, ApiError> read_turn(const Json& message, const std::string& where) {
  const std::string* role_name = string_member(message, "role");
  const auto role = role_name != nullptr ? role_of(*role_name) : std::nullopt;
  if (!role)
    return refuse("role must be system, developer, user, assistant or tool", where + ".role");
  Turn turn;
  turn.role = *role;
  const Json* content = member(message, "content");
  if (content != nullptr) {
    auto text = text_of(*content);
    if (!text) return refuse("content must be a string or text parts", where + ".content");
    turn.text = std::move(*text);
  } else if (turn.role != Turn::Role::assistant) {
    return refuse("content is missing", where + ".content");
  }
  if (turn.role == Turn::Role::tool) {
    const std::string* id = string_member(message, "tool_call_id");
    if (id == nullptr) return refuse("tool_call_id is missing", where + ".tool_call_id");
    turn.call_id = *id;
  }
  if (const Json* calls = member(message, "tool_calls")) {
    if (turn.role != Turn::Role::assistant)
      return refuse("only an assistant message may hold tool_calls", where + ".tool_calls");
    auto read = read_calls(*calls, where);
    if (!read) return tl::make_unexpected(read.error());
    turn.calls = std::move(*read);
  }
  if (turn.role == Turn::Role::assistant && turn.text.empty() && turn.calls.empty())
    return refuse("an assistant message needs content or tool_calls", where);
  return turn;
}

tl::expected<void, ApiError> check_history(const std::vector<Turn>& turns) {
  std::size_t i = 0;
  while (i < turns.size()) {
    if (turns[i].role == Turn::Role::tool)
      return refuse("a tool message must answer a tool call of the assistant message before it",
                    at(i));
    const std::size_t calls = turns[i].calls.size();
    for (std::size_t k = 0; k < calls; ++k) {
      const std::size_t answer = i + 1 + k;
      if (answer >= turns.size() || turns[answer].role != Turn::Role::tool ||
          turns[answer].call_id != turns[i].calls[k].id)
        return refuse("tool call " + turns[i].calls[k].id +
                          " must be answered by exactly one tool message, in order",
                      at(std::min(answer, turns.size() - 1)));
    }
    i += 1 + calls;
  }
  return {};
}

tl::expected<void, ApiError> read_options(const Json& body, Conversation& out) {
  if (const Json* stream = member(body, "stream")) {
    if (!stream->is_boolean()) return refuse("stream must be a boolean", "stream");
    out.stream = stream->get<bool>();
  }
  if (const Json* options = member(body, "stream_options")) {
    if (!out.stream) return refuse("stream_options is only allowed with stream", "stream_options");
    const Json* usage = member(*options, "include_usage");
    out.include_usage = usage != nullptr && usage->is_boolean() && usage->get<bool>();
  }
  for (const char* key : {"max_tokens", "max_completion_tokens"}) {
    const Json* cap = member(body, key);
    if (cap == nullptr) continue;
    if (!cap->is_number_integer() || cap->get<std::int64_t>() < 1)
      return refuse("must be an integer of at least 1", key);
    out.max_tokens = cap->get<std::int64_t>();
  }
  if (const Json* seed = member(body, "seed")) {
    if (!seed->is_number_integer()) return refuse("must be an integer", "seed");
    out.seed = dump_json(*seed);
  }
  const Json* n = member(body, "n");
  if (n != nullptr && *n != 1) return refuse("only n = 1 is supported", "n");
  return {};
}

tl::expected<void, ApiError> read_tools(const Json& body, Conversation& out, PartHasher& hasher) {
  const Json* tools = member(body, "tools");
  if (tools == nullptr) return {};
  if (!tools->is_array() || tools->empty())
    return refuse("tools must be an array that is not empty", "tools");
  for (const Json& tool : *tools) {
    const Json* function = member(tool, "function");
    const std::string* name = function != nullptr ? string_member(*function, "name") : nullptr;
    if (name == nullptr || name->empty()) return refuse("a tool needs function.name", "tools");
    out.tools.push_back(*name);
  }
  const std::string text = dump_json(*tools);
  out.prompt_bytes += static_cast<std::int64_t>(text.size());
  hasher.add(text);
  return {};
}

void measure(const Turn& turn, Conversation& out, PartHasher& hasher) {
  std::size_t bytes = turn.text.size();
  hasher.add(std::to_string(static_cast<int>(turn.role))).add(turn.text).add(turn.call_id);
  for (const ToolUse& call : turn.calls) {
    bytes += call.name.size() + call.arguments.size();
    hasher.add(call.id).add(call.name).add(call.arguments);
  }
  out.prompt_bytes += static_cast<std::int64_t>(bytes);
}

}  // namespace

tl::unexpected<ApiError> refuse(std::string message, std::string param) {
  return tl::make_unexpected(
      ApiError{400, std::move(message), "invalid_request_error", std::move(param), ""});
}

bool Conversation::offers(std::string_view tool) const {
  return std::find(tools.begin(), tools.end(), tool) != tools.end();
}

std::string Conversation::system_text() const {
  std::string text;
  for (const Turn& turn : turns)
    if (turn.role == Turn::Role::system) text += turn.text + "\n";
  return text;
}

std::string_view Conversation::first_user() const {
  for (const Turn& turn : turns)
    if (turn.role == Turn::Role::user) return turn.text;
  return {};
}

tl::expected<Conversation, ApiError> read_request(const std::string& body) {
  return read_conversation(Json::parse(body, nullptr, false));
}

tl::expected<Conversation, ApiError> read_conversation(const Json& json) {
  if (!json.is_object()) return refuse("the body is not a JSON object", "");
  Conversation out;
  const std::string* model = string_member(json, "model");
  if (model == nullptr) return refuse("model is missing", "model");
  out.model = *model;
  const Json* messages = member(json, "messages");
  if (messages == nullptr || !messages->is_array() || messages->empty())
    return refuse("messages must be an array that is not empty", "messages");
  PartHasher hasher;
  for (std::size_t i = 0; i < messages->size(); ++i) {
    auto turn = read_turn((*messages)[i], at(i));
    if (!turn) return tl::make_unexpected(turn.error());
    measure(*turn, out, hasher);
    out.turns.push_back(std::move(*turn));
  }
  if (auto ok = check_history(out.turns); !ok) return tl::make_unexpected(ok.error());
  if (out.turns.back().role == Turn::Role::assistant)
    return refuse("the last message must not be the assistant's", at(out.turns.size() - 1));
  if (auto ok = read_tools(json, out, hasher); !ok) return tl::make_unexpected(ok.error());
  if (auto ok = read_options(json, out); !ok) return tl::make_unexpected(ok.error());
  out.key = hasher.finish();
  return out;
}

bool PastCall::failed() const {
  static const std::vector<std::string> openings = [] {
    std::vector<std::string> out = {"error", "there is no ", "the skill has no ", "not executed",
                                    "the arguments could not be read"};
    // Errors of the library begin with the name of their code.
    for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code)
      out.push_back(std::string(name_of(static_cast<ErrorCode>(code))) + ": ");
    return out;
  }();
  const std::string_view text = trim(result);
  return std::any_of(openings.begin(), openings.end(),
                     [&](const std::string& opening) { return starts_with_icase(text, opening); });
}

std::vector<PastCall> past_calls(const Conversation& conversation) {
  std::vector<PastCall> out;
  for (std::size_t i = 0; i < conversation.turns.size(); ++i) {
    const auto& calls = conversation.turns[i].calls;
    for (std::size_t k = 0; k < calls.size(); ++k) {
      const std::size_t answer = i + 1 + k;
      out.push_back({calls[k].name, calls[k].arguments,
                     answer < conversation.turns.size() ? conversation.turns[answer].text : "", i});
    }
  }
  return out;
}

}  // namespace skillgrad::sim
