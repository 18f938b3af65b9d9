// SPDX-License-Identifier: MIT
#include "sim/wire/responses_wire.hpp"

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>

#include "sim/wire/conversation.hpp"

namespace skillgrad::sim {
namespace {

constexpr std::string_view kSealed = "sim-sealed-";

std::string text_field(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Items of one assistant turn become one message; a call's output becomes a tool message.
class Reader {
 public:
  tl::expected<Json, ApiError> messages(const Json& body) {
    if (const std::string text = text_field(body, "instructions"); !text.empty())
      out_.push_back({{"role", "system"}, {"content", text}});
    const auto input = body.find("input");
    if (input != body.end() && input->is_string()) {
      out_.push_back({{"role", "user"}, {"content", *input}});
      return std::move(out_);
    }
    // Agents ask so whether an endpoint is there.
    const auto cap = body.find("max_output_tokens");
    if (input != body.end() && input->is_array() && input->empty() && cap != body.end() &&
        *cap == 1)
      return Json::array({{{"role", "user"}, {"content", ""}}});
    if (input == body.end() || !input->is_array() || input->empty())
      return refuse("input must be a string or an array that is not empty", "input");
    for (std::size_t i = 0; i < input->size(); ++i)
      if (auto ok = item((*input)[i], "input[" + std::to_string(i) + "]"); !ok)
        return tl::make_unexpected(ok.error());
    return std::move(out_);
  }

 private:
  tl::expected<void, ApiError> item(const Json& value, const std::string& where) {
    if (!value.is_object()) return refuse("an item must be an object", where);
    const std::string type = value.contains("type") ? text_field(value, "type") : "message";
    if (type == "reasoning") return reasoning(value, where);
    if (type == "function_call") {
      turn()["tool_calls"].push_back(
          {{"id", text_field(value, "call_id")},
           {"type", "function"},
           {"function",
            {{"name", text_field(value, "name")}, {"arguments", text_field(value, "arguments")}}}});
      return {};
    }
    in_turn_ = false;
    if (type == "function_call_output") {
      out_.push_back({{"role", "tool"},
                      {"tool_call_id", text_field(value, "call_id")},
                      {"content", value.value("output", Json())}});
      return {};
    }
    if (type != "message") return refuse("unknown item type \"" + type + "\"", where + ".type");
    if (text_field(value, "role") == "assistant") {
      turn()["content"] = value.value("content", Json());
      return {};
    }
    out_.push_back(
        {{"role", text_field(value, "role")}, {"content", value.value("content", Json())}});
    return {};
  }

  tl::expected<void, ApiError> reasoning(const Json& value, const std::string& where) {
    if (!text_field(value, "encrypted_content").starts_with(kSealed)) {
      return tl::make_unexpected(ApiError{400, "The encrypted content could not be verified.",
                                          "invalid_request_error", where,
                                          "invalid_encrypted_content"});
    }
    return {};
  }

  Json& turn() {
    if (!in_turn_) out_.push_back({{"role", "assistant"}});
    in_turn_ = true;
    return out_.back();
  }

  Json out_ = Json::array();
  bool in_turn_ = false;
};

/// Flat tools as chat completions nests them.
Json nested_tools(const Json& tools) {
  if (!tools.is_array()) return tools;
  Json out = Json::array();
  for (const Json& tool : tools) {
    // What a server would do itself (web_search and the like) nobody does here.
    if (tool.is_object() && tool.contains("type") && tool["type"] != "function") continue;
    Json function = Json::object();
    for (const char* key : {"name", "description", "parameters"})
      if (tool.is_object() && tool.contains(key)) function[key] = tool[key];
    out.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  return out;
}

Json output_items(const Completion& completion) {
  const std::string tag = completion.id.substr(completion.id.rfind('-') + 1);
  Json items = Json::array();
  items.push_back({{"type", "reasoning"},
                   {"id", "rs_" + tag},
                   {"summary", Json::array()},
                   {"encrypted_content", std::string(kSealed) + tag}});
  const std::string status = completion.finish == "length" ? "incomplete" : "completed";
  if (completion.reply.calls.empty() || !completion.reply.text.empty()) {
    Json part = {
        {"type", "output_text"}, {"text", completion.reply.text}, {"annotations", Json::array()}};
    items.push_back({{"type", "message"},
                     {"id", "msg_" + tag},
                     {"status", status},
                     {"role", "assistant"},
                     {"content", Json::array({std::move(part)})}});
  }
  for (const ToolUse& call : completion.reply.calls) {
    items.push_back({{"type", "function_call"},
                     {"id", "fc_" + call.id},
                     {"call_id", call.id},
                     {"name", call.name},
                     {"arguments", call.arguments},
                     {"status", status}});
  }
  return items;
}

Json response_object(const Completion& completion) {
  const bool cut = completion.finish == "length";
  Json value = {{"id", "resp_" + completion.id},
                {"object", "response"},
                {"created_at", 0},
                {"status", cut ? "incomplete" : "completed"},
                {"error", nullptr}};
  value["incomplete_details"] = cut ? Json({{"reason", "max_output_tokens"}}) : Json();
  value["model"] = completion.model;
  value["output"] = output_items(completion);
  // Clients require these settings to be there; those of the request are not told back.
  value["parallel_tool_calls"] = true;
  value["tool_choice"] = "auto";
  value["tools"] = Json::array();
  value["usage"] = {{"input_tokens", completion.prompt_tokens},
                    {"input_tokens_details", {{"cached_tokens", 0}, {"cache_write_tokens", 0}}},
                    {"output_tokens", completion.completion_tokens},
                    {"output_tokens_details", {{"reasoning_tokens", 0}}},
                    {"total_tokens", completion.prompt_tokens + completion.completion_tokens}};
  return value;
}

/// Numbers the events of one stream.
class EventList {
 public:
  void add(const std::string& type, Json fields) {
    Json value = {{"type", type}, {"sequence_number", events_.size()}};
    value.update(fields);
    events_.push_back("event: " + type + "\ndata: " + dump_json(value) + "\n\n");
  }
  std::vector<std::string> take() { return std::move(events_); }

 private:
  std::vector<std::string> events_;
};

/// The text of a message, as a part that begins empty, grows and ends.
void add_text(EventList& events, const Json& item, const Json& place) {
  const Json& part = item.at("content").front();
  Json begun = part;
  begun["text"] = "";
  const auto at = [&](Json fields) {
    fields.update(place);
    fields["content_index"] = 0;
    return fields;
  };
  events.add("response.content_part.added", at({{"part", std::move(begun)}}));
  if (part.at("text") != "")
    events.add("response.output_text.delta",
               at({{"delta", part.at("text")}, {"logprobs", Json::array()}}));
  events.add("response.output_text.done",
             at({{"text", part.at("text")}, {"logprobs", Json::array()}}));
  events.add("response.content_part.done", at({{"part", part}}));
}

void add_arguments(EventList& events, const Json& item, const Json& place) {
  const auto at = [&](const char* key) {
    Json fields = place;
    fields[key] = item.at("arguments");
    return fields;
  };
  if (item.at("arguments") != "") events.add("response.function_call_arguments.delta", at("delta"));
  events.add("response.function_call_arguments.done", at("arguments"));
}

void add_item(EventList& events, const Json& item, std::size_t index) {
  Json begun = item;
  const std::string type = item.at("type");
  if (type == "message") begun["content"] = Json::array();
  if (type == "function_call") begun["arguments"] = "";
  if (type != "reasoning") begun["status"] = "in_progress";
  events.add("response.output_item.added", {{"output_index", index}, {"item", std::move(begun)}});
  const Json place = {{"output_index", index}, {"item_id", item.at("id")}};
  if (type == "message") add_text(events, item, place);
  if (type == "function_call") add_arguments(events, item, place);
  events.add("response.output_item.done", {{"output_index", index}, {"item", item}});
}

}  // namespace

tl::expected<Conversation, ApiError> read_responses_request(const std::string& body) {
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return refuse("the body is not a JSON object", "");
  auto messages = Reader().messages(json);
  if (!messages) return tl::make_unexpected(messages.error());
  Json chat = {{"messages", std::move(*messages)}};
  for (const char* key : {"model", "stream", "n"})
    if (json.contains(key)) chat[key] = json[key];
  if (json.contains("tools"))
    if (Json tools = nested_tools(json["tools"]); !tools.is_array() || !tools.empty())
      chat["tools"] = std::move(tools);
  if (json.contains("seed")) chat["seed"] = json["seed"];
  if (json.contains("max_output_tokens")) chat["max_completion_tokens"] = json["max_output_tokens"];
  return read_conversation(chat);
}

std::string response_json(const Completion& completion) {
  return dump_json(response_object(completion));
}

std::vector<std::string> response_events(const Completion& completion) {
  const Json whole = response_object(completion);
  Json begun = whole;
  begun["status"] = "in_progress";
  begun["output"] = Json::array();
  begun["usage"] = nullptr;
  EventList events;
  events.add("response.created", {{"response", std::move(begun)}});
  std::size_t index = 0;
  for (const Json& item : whole.at("output")) add_item(events, item, index++);
  events.add(completion.finish == "length" ? "response.incomplete" : "response.completed",
             {{"response", whole}});
  return events.take();
}

}  // namespace skillgrad::sim
