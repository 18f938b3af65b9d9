// SPDX-License-Identifier: MIT
#include "llm/text/text_call_values.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/core/text.hpp>

#include "llm/text/written_calls.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

/// Members that say something of the call, or of what the model thinks of it.
constexpr std::array<const char*, 12> kBeside = {
    "id",   "call_id",  "tool_call_id", "type",   "index",       "thought",
    "role", "thoughts", "reasoning",    "server", "server_name", "explanation"};

template <typename Keys>
bool one_of(const Keys& keys, const std::string& key) {
  return std::any_of(keys.begin(), keys.end(), [&](const char* word) { return key == word; });
}

/// A schema is the definition of a tool, not its call.
bool may_be_arguments(const Json& value) {
  return (value.is_object() && member(&value, "properties") == nullptr) || value.is_string();
}

bool has_name_and_arguments(const Json& value, CallNames names, const TextCallReader& reader) {
  std::string name;
  bool arguments = false;
  for (const auto& [key, item] : value.items()) {
    if (one_of(name_keys(), key) && item.is_string()) {
      name = item.get<std::string>();
    } else if (one_of(argument_keys(), key)) {
      arguments = may_be_arguments(item);
    } else if (!one_of(kBeside, key)) {
      return false;
    }
  }
  if (name.empty() || !arguments) return false;
  return names == CallNames::any || !reader.offered_name(name).empty();
}

/// {"tool":"shell","command":"ls"}, {"tool_to_call":"shell","tool_input":{}}: the name of an
/// offered tool under a key that says so, and nothing but arguments of that tool beside it.
bool names_tool_beside_arguments(const Json& value, const TextCallReader& reader) {
  std::string tool;
  for (const auto& [name, item] : value.items()) {
    const std::string& key = name;  // clang 14 captures no structured binding
    const bool says_so = std::any_of(name_keys().begin(), name_keys().end(), [&](const char* word) {
      return key.find(word) != std::string::npos;
    });
    if (tool.empty() && says_so && item.is_string())
      tool = reader.offered_name(item.get<std::string>());
    if (!tool.empty()) break;
  }
  if (tool.empty()) return false;
  bool arguments = false;
  for (const auto& [key, item] : value.items()) {
    const bool given =
        reader.has_parameter(tool, key) || (one_of(argument_keys(), key) && may_be_arguments(item));
    const bool name = item.is_string() && reader.offered_name(item.get<std::string>()) == tool;
    arguments = arguments || (given && !name);
    if (!given && !name && !one_of(kBeside, key)) return false;
  }
  return arguments;
}

/// {"thought":"..","action":{"name":"shell","args":{}}}: agents put a call beside their thoughts.
bool holds_offered_call(const Json& value, const TextCallReader& reader) {
  for (const char* key : {"action", "command", "tool", "call", "next_action", "actions"}) {
    const Json* held = member(&value, key);
    if (held != nullptr && held->is_structured() &&
        is_call_value(*held, CallNames::offered, reader)) {
      return true;
    }
  }
  // {"tool_code":"shell(command='ls')"}
  if (value.size() != 1 || !value.front().is_string()) return false;
  const std::string text = value.front().get<std::string>();
  const auto call = python_call(text, 0);
  return call && call->end == text.size() && !reader.offered_name(call->name).empty();
}

}  // namespace

bool is_call_value(const Json& value, CallNames names, const TextCallReader& reader) {
  if (value.is_array()) {
    return !value.empty() && std::all_of(value.begin(), value.end(), [&](const Json& item) {
      return item.is_object() && is_call_value(item, names, reader);
    });
  }
  if (!value.is_object()) return false;
  for (const char* key : holder_keys()) {
    const Json* held = member(&value, key);
    if (held != nullptr && held->is_structured() && is_call_value(*held, names, reader))
      return true;
  }
  if (const Json* inner = member(&value, "function"); inner != nullptr && inner->is_object()) {
    return is_call_value(*inner, names, reader);
  }
  if (holds_offered_call(value, reader)) return true;
  if (value.size() == 1 && value.front().is_object()) {
    return !reader.offered_name(value.items().begin().key()).empty();
  }
  return has_name_and_arguments(value, names, reader) || names_tool_beside_arguments(value, reader);
}

}  // namespace skillgrad::llm
