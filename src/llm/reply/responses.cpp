// SPDX-License-Identifier: MIT
#include "llm/reply/responses.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "llm/errors/error_body.hpp"
#include "llm/errors/reply_shape.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::string_view kPrefix = "response.";

std::string type_of(const Json& value) { return text_of(member(&value, "type")); }

/// {"text":...} of each entry, joined.
std::string joined_texts(const Json* list) {
  std::string out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& entry : *list) {
    const std::string text = text_of(member(&entry, "text"));
    if (!out.empty() && !text.empty()) out += "\n";
    out += text;
  }
  return out;
}

Json call_of(const Json& item) {
  const std::string id = text_of(member_of(&item, {"call_id", "id"}));
  Json function = {{"name", text_of(member(&item, "name"))}};
  if (const Json* arguments = member(&item, "arguments")) function["arguments"] = *arguments;
  return {{"id", id}, {"type", "function"}, {"function", std::move(function)}};
}

Json message_of(const Json& output) {
  Json content = Json::array();
  Json calls = Json::array();
  std::string reasoning;
  for (const Json& item : output) {
    const std::string type = type_of(item);
    if (type == "function_call") {
      calls.push_back(call_of(item));
    } else if (type == "reasoning") {
      std::string text = joined_texts(member(&item, "content"));
      if (text.empty()) text = joined_texts(member(&item, "summary"));
      if (!reasoning.empty() && !text.empty()) reasoning += "\n";
      reasoning += text;
    } else if (const Json* parts = member(&item, "content"); type == "message" && parts) {
      if (parts->is_array()) {
        for (const Json& part : *parts) content.push_back(part);
      } else {
        content.push_back({{"type", "output_text"}, {"text", text_of(parts)}});
      }
    } else if (type != "message") {
      content.push_back({{"type", type.empty() ? "unnamed" : type}});  // nobody reads it: said so
    }
  }
  Json message = {{"role", "assistant"}, {"content", std::move(content)}};
  if (!reasoning.empty()) message["reasoning"] = reasoning;
  if (!calls.empty()) message["tool_calls"] = std::move(calls);
  message["responses_items"] = output;
  return message;
}

/// The finish reason of chat completions that means the same; "" when the status says nothing.
std::string finish_of(const Json& response, bool has_calls) {
  const std::string status = to_lower_ascii(text_of(member(&response, "status")));
  // An item may be cut although the response says that it is whole.
  if (const Json* output = member(&response, "output"); output != nullptr && output->is_array()) {
    const bool cut = std::any_of(output->begin(), output->end(), [](const Json& item) {
      const std::string state = to_lower_ascii(text_of(member(&item, "status")));
      return state == "incomplete" || state == "in_progress";
    });
    if (cut && (status.empty() || status == "completed")) return "length";
  }
  const std::string reason = text_of(member(member(&response, "incomplete_details"), "reason"));
  if (!reason.empty() && (status.empty() || status == "completed")) return reason;
  if (status == "incomplete") return reason.empty() ? "length" : reason;
  if (status == "cancelled" || status == "in_progress" || status == "queued") return "abort";
  if (status != "completed") return status;
  return has_calls ? "tool_calls" : "stop";
}

}  // namespace

bool is_response(const Json& body) {
  if (!body.is_object() || member(&body, "choices") != nullptr) return false;
  if (text_of(member(&body, "object")) == "response") return true;
  const Json* output = member(&body, "output");
  return output != nullptr && output->is_array();
}

Json chat_shape(const Json& response) {
  Json out = Json::object();
  if (const Json* usage = member(&response, "usage")) out["usage"] = *usage;
  const Json* output = member(&response, "output");
  const bool any = output != nullptr && output->is_array() && !output->empty();
  if (const Json* error = member(&response, "error"); error && (!any || names_an_error(*error))) {
    out["error"] = *error;
    return out;
  }
  if (to_lower_ascii(text_of(member(&response, "status"))) == "failed") {
    out["error"] = {{"message", "the response failed without a reason"}};
    return out;
  }
  if (reports_failure(response)) {
    out["error"] = response;
    out["error"].erase("output");
    return out;
  }
  for (const char* key : {"id", "model", "provider", "system_fingerprint"}) {
    if (const Json* found = member(&response, key)) out[key] = *found;
  }
  Json message = message_of(any ? *output : Json::array());
  const std::string finish = finish_of(response, message.contains("tool_calls"));
  Json choice = {{"index", 0}, {"message", std::move(message)}};
  choice["finish_reason"] = finish.empty() ? Json() : Json(finish);
  // Without any output item there is no turn at all, whatever the status says.
  const bool empty =
      !any && finish != "length" && finish != "content_filter" && finish != "max_output_tokens";
  out["choices"] = empty ? Json::array() : Json::array({std::move(choice)});
  return out;
}

bool ResponseEvents::is_event(const Json& value) {
  return value.is_object() && type_of(value).starts_with(kPrefix);
}

bool ResponseEvents::event(const Json& value) {
  seen_ = true;
  if (complete()) return false;
  const std::string type = type_of(value);
  if (type == "response.completed" || type == "response.incomplete" || type == "response.failed") {
    const Json* response = member(&value, "response");
    terminal_ = response != nullptr && response->is_object() ? *response : Json::object();
    if (text_of(member(&terminal_, "status")).empty()) terminal_["status"] = type.substr(9);
    return true;
  }
  const Json* item = member(&value, "item");
  if (item != nullptr && item->is_object()) {
    if (type == "response.output_item.added") item_for(value, item).begun = *item;
    if (type != "response.output_item.done") return false;
    item_for(value, item).whole = *item;
    return true;
  }
  add_delta(type, value);
  if (!type.ends_with(".delta")) return false;
  const std::size_t bytes = text_of(member(&value, "delta")).size();
  output_bytes_ += bytes;
  return bytes > 0;
}

ResponseEvents::Item& ResponseEvents::new_item(std::int64_t index, const std::string& id) {
  by_index_[index] = items_.size();
  if (!id.empty()) by_id_[id] = items_.size();
  Item& item = items_.emplace_back();
  item.index = index;
  return item;
}

ResponseEvents::Item& ResponseEvents::item_for(const Json& event, const Json* item) {
  const std::string id =
      item != nullptr ? text_of(member(item, "id")) : text_of(member(&event, "item_id"));
  if (const auto known = by_id_.find(id); known != by_id_.end()) return items_[known->second];
  const std::int64_t last = items_.empty() ? -1 : items_.back().index;
  const bool begins = type_of(event) == "response.output_item.added";
  const std::int64_t index =
      integer_of(member(&event, "output_index"))
          .value_or(item != nullptr && begins ? last + 1 : std::max<std::int64_t>(last, 0));
  const auto place = by_index_.find(index);
  if (!begins && place != by_index_.end() && items_[place->second].whole.is_null()) {
    return items_[place->second];
  }
  return new_item(index, id);
}

void ResponseEvents::add_delta(const std::string& type, const Json& event) {
  const std::string what = type.substr(kPrefix.size());
  const std::string delta = text_of(member(&event, "delta"));
  if (what == "output_text.delta") {
    item_for(event, nullptr).text += delta;
  } else if (what == "refusal.delta") {
    item_for(event, nullptr).refusal += delta;
  } else if (what == "function_call_arguments.delta") {
    item_for(event, nullptr).arguments += delta;
  } else if (what == "function_call_arguments.done") {
    Item& item = item_for(event, nullptr);
    item.arguments = text_of(member(&event, "arguments"));
    item.ended = true;
  } else if (what == "output_text.done") {
    item_for(event, nullptr).ended = true;
  } else if (what == "reasoning_text.delta" || what == "reasoning_summary_text.delta") {
    item_for(event, nullptr).reasoning += delta;
  }
}

Json ResponseEvents::Item::made() const {
  if (!whole.is_null()) return whole;
  Json out = begun.is_object() ? begun : Json::object();
  if (ended) out.erase("status");
  const auto part = [](const char* type, const char* key, const std::string& value) {
    return Json{{"type", type}, {key, value}};
  };
  const std::string type = type_of(out);
  if (type == "function_call") {
    out["arguments"] = arguments;
  } else if (type == "reasoning" || (type.empty() && !reasoning.empty())) {
    out["type"] = "reasoning";
    if (!out.contains("summary")) out["summary"] = Json::array();
    out["content"] = Json::array({part("reasoning_text", "text", reasoning)});
  } else if (type == "message" || !text.empty() || !refusal.empty()) {
    out["type"] = "message";
    out["role"] = "assistant";
    out["content"] = Json::array();
    if (!text.empty()) out["content"].push_back(part("output_text", "text", text));
    if (!refusal.empty()) out["content"].push_back(part("refusal", "refusal", refusal));
  }
  return out;
}

std::optional<Json> ResponseEvents::error() const {
  if (!complete()) return std::nullopt;
  Json shape = reply();
  if (!shape.contains("error")) return std::nullopt;
  return shape;
}

Json ResponseEvents::reply() const {
  Json response = terminal_.is_object() ? terminal_ : Json::object();
  const Json* output = member(&response, "output");
  if ((output == nullptr || !output->is_array() || output->empty()) && !items_.empty()) {
    std::vector<const Item*> ordered;
    for (const Item& item : items_) ordered.push_back(&item);
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const Item* a, const Item* b) { return a->index < b->index; });
    Json list = Json::array();
    for (const Item* item : ordered) list.push_back(item->made());
    response["output"] = std::move(list);
  }
  return chat_shape(response);
}

}  // namespace skillgrad::llm
