// SPDX-License-Identifier: MIT
#include "llm/reply/tool_calls.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "llm/reply/call_members.hpp"
#include "llm/reply/reply_texts.hpp"
#include "llm/text/text_call_formats.hpp"
#include "llm/wire/field.hpp"
#include "llm/wire/tool_arguments.hpp"
#include "llm/wire/tool_names.hpp"

namespace skillgrad::llm {

namespace {

/// One call as an object, or as text that holds it.
Json legacy_call(const Json& message) {
  for (const Json* call : single_calls(message)) {
    if (!call->is_string()) return *call;
    const auto& text = call->get_ref<const std::string&>();
    if (trim(text).empty() || text == "none" || text == "auto") continue;
    auto read = parse_reply_json(text, "function_call", DeepValues::refuse);
    if (read && read->is_object()) return std::move(*read);
    return {{"name", text}, {"arguments", text}};  // which the model is told of
  }
  return {};
}

}  // namespace

std::vector<ToolCall> read_tool_calls(const Json& message, const std::vector<ToolSpec>& offered) {
  std::vector<ToolCall> calls;
  const auto read = [&](const Json* function, std::string id) {
    ToolCall call;
    call.id = std::move(id);
    const Json* arguments = nullptr;
    for (const char* key : name_keys()) {
      if (call.name.empty()) call.name = text_of(member(function, key));
    }
    for (const char* key : argument_keys()) {
      if (arguments == nullptr) arguments = member(function, key);
    }
    call.name = resolve_tool_name(call.name, offered);
    set_arguments(call, arguments);
    calls.push_back(std::move(call));
  };
  const auto read_item = [&](const Json& item) {
    if (!item.is_object()) return;
    const Json* function = member(&item, "function");
    const bool holds = function != nullptr && function->is_object();
    read(holds ? function : &item, text_of(member(&item, "id")));
  };
  for (const Json* list : call_lists(message)) {
    if (!calls.empty()) break;
    if (list->is_object()) read_item(*list);
    if (list->is_array()) std::for_each(list->begin(), list->end(), read_item);
  }
  if (calls.empty()) {
    const Json legacy = legacy_call(message);
    if (legacy.is_object()) read(&legacy, {});
  }
  if (calls.empty()) {
    for (const Json& part : call_parts(message)) read_item(part);
  }
  return calls;
}

}  // namespace skillgrad::llm
