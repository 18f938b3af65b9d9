// SPDX-License-Identifier: MIT
#include "llm/delta.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "llm/error_body.hpp"
#include "llm/field.hpp"
#include "llm/usage.hpp"

namespace skillgrad::llm {

void DeltaAssembler::event(const SseEvent& event) {
  if (done_ || error_) return;
  const std::string_view data = trim(event.data);
  if (data.empty()) return;
  if (data.starts_with("[DONE]")) {
    done_ = true;
    return;
  }
  auto parsed = parse_reply_json(data, "stream");
  if (!parsed) {
    if (event.event == "error") {
      error_ = Json{{"error", {{"message", sanitize_utf8(data)}}}};
    } else if (malformed_.empty()) {
      malformed_ = truncate_middle(sanitize_utf8(data), 200);
    }
    return;
  }
  if (event.event == "error" || is_error_json(*parsed)) {
    error_ = std::move(*parsed);
    return;
  }
  if (!ResponseEvents::is_event(*parsed)) {
    chunk(*parsed);
    return;
  }
  progressed_ = responses_.event(*parsed) || progressed_;
  error_ = responses_.error();
}

void DeltaAssembler::chunk(const Json& value) {
  for (const char* key : {"id", "model", "provider", "system_fingerprint"}) {
    const Json* found = member(&value, key);
    if (found != nullptr && !head_.contains(key)) head_[key] = *found;
  }
  // Cumulative counts come again and again, perhaps followed by null: the last real one holds.
  if (read_usage(value)) {
    const Json* usage = member(&value, "usage");
    if (usage == nullptr) usage = member(member(&value, "x_groq"), "usage");
    if (usage == nullptr) usage = member(&value.at("choices").front(), "usage");
    usage_ = *usage;
  }
  const Json* choices = member(&value, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) return;
  const Json& choice = choices->front();
  if (const Json* found = member_of(&choice, {"delta", "message"})) delta(*found);
  const std::string reason = text_of(member(&choice, "finish_reason"));
  if (!reason.empty()) {
    finish_reason_ = reason;
    finished_ = true;
    progressed_ = true;
  }
}

void DeltaAssembler::delta(const Json& value) {
  for (const char* key : {"content", "reasoning_content", "reasoning", "refusal"}) {
    const Json* found = member(&value, key);
    if (found == nullptr) continue;
    if (found->is_array()) {
      for (const Json& part : *found) content_parts_.push_back(part);
      progressed_ = progressed_ || !found->empty();
    } else {
      const std::string text = text_of(found);
      progressed_ = progressed_ || !text.empty();
      texts_[key] += text;
    }
  }
  if (const Json* details = member(&value, "reasoning_details");
      details != nullptr && details->is_array()) {
    for (const Json& part : *details) reasoning_details_.push_back(part);
  }
  if (const Json* calls = member(&value, "tool_calls"); calls != nullptr && calls->is_array()) {
    for (const Json& call : *calls) tool_delta(call);
  }
  if (const Json* legacy = member(&value, "function_call")) {
    const std::string name = text_of(member(legacy, "name"));
    std::string arguments;
    if (function_call_.is_object()) arguments = function_call_["arguments"].get<std::string>();
    if (!function_call_.is_object()) function_call_ = Json::object();
    if (!name.empty() || !function_call_.contains("name")) function_call_["name"] = name;
    function_call_["arguments"] = arguments + text_of(member(legacy, "arguments"));
    progressed_ = true;
  }
}

DeltaAssembler::Call& DeltaAssembler::call_for(const Json& value) {
  const std::string id(trim(text_of(member(&value, "id"))));
  const bool named = !text_of(member(member(&value, "function"), "name")).empty();
  const auto index = integer_of(member(&value, "index"));
  if (index) {
    const auto known = by_index_.find(*index);
    if (known != by_index_.end()) {
      Call& call = calls_[known->second];
      const bool another = named && !id.empty() && !call.id.empty() && id != call.id;
      if (!another) return call;
    }
    by_index_[*index] = calls_.size();
    return calls_.emplace_back();
  }
  if (!id.empty()) {
    const auto same =
        std::find_if(calls_.begin(), calls_.end(), [&](const Call& call) { return call.id == id; });
    if (same != calls_.end()) return *same;
    return calls_.emplace_back();
  }
  // Without index and id: a name begins a call, a nameless piece continues the latest.
  if (calls_.empty() || (named && !calls_.back().arguments.empty())) return calls_.emplace_back();
  return calls_.back();
}

void DeltaAssembler::tool_delta(const Json& value) {
  if (!value.is_object()) return;
  progressed_ = true;
  Call& call = call_for(value);
  const std::string id(trim(text_of(member(&value, "id"))));
  if (!id.empty() && call.id.empty()) call.id = id;
  const Json* function = member(&value, "function");
  if (const std::string name = text_of(member(function, "name")); !name.empty()) call.name = name;
  if (const Json* arguments = member(function, "arguments")) {
    if (arguments->is_string()) {
      call.arguments += arguments->get_ref<const std::string&>();
    } else {
      call.arguments_object = *arguments;
    }
  }
  if (const Json* extra = member(&value, "extra_content")) call.extra_content = *extra;
}

bool DeltaAssembler::has_output() const {
  return responses_.output_bytes() > 0 || !calls_.empty() || function_call_.is_object() ||
         !content_parts_.empty() ||
         std::any_of(texts_.begin(), texts_.end(),
                     [](const auto& entry) { return !entry.second.empty(); });
}

std::size_t DeltaAssembler::output_bytes() const {
  std::size_t bytes = responses_.output_bytes();
  for (const auto& [key, text] : texts_) bytes += text.size();
  for (const Call& call : calls_) bytes += call.name.size() + call.arguments.size();
  return bytes;
}

Json DeltaAssembler::reply() const {
  if (responses_.seen()) return responses_.reply();
  Json message = {{"role", "assistant"}};
  for (const auto& [key, text] : texts_) message[key] = text;
  if (!content_parts_.empty()) {
    Json parts = content_parts_;
    if (const auto text = texts_.find("content"); text != texts_.end() && !text->second.empty()) {
      parts.push_back({{"type", "text"}, {"text", text->second}});
    }
    message["content"] = std::move(parts);
  }
  if (const auto refusal = texts_.find("refusal");
      refusal != texts_.end() && refusal->second.empty()) {
    message.erase("refusal");
  }
  if (!reasoning_details_.empty()) message["reasoning_details"] = reasoning_details_;
  for (const Call& call : calls_) {
    Json function = {{"name", call.name}, {"arguments", call.arguments}};
    if (!call.arguments_object.is_null()) function["arguments"] = call.arguments_object;
    Json item = {{"id", call.id}, {"type", "function"}, {"function", std::move(function)}};
    if (!call.extra_content.is_null()) item["extra_content"] = call.extra_content;
    message["tool_calls"].push_back(std::move(item));
  }
  if (function_call_.is_object()) message["function_call"] = function_call_;
  Json reply = head_;
  Json choice = {{"index", 0}, {"message", std::move(message)}};
  choice["finish_reason"] = finish_reason_.empty() ? Json() : Json(finish_reason_);
  reply["choices"] = Json::array({std::move(choice)});
  if (!usage_.is_null()) reply["usage"] = usage_;
  return reply;
}

}  // namespace skillgrad::llm
