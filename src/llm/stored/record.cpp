// SPDX-License-Identifier: MIT
#include "llm/stored/record.hpp"

#include <utility>

#include <skillgrad/core/hashing.hpp>

#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

constexpr const char* kReplySchema = "skillgrad.reply/1";

void redact_strings(Json& value, const Redactor& redactor) {
  if (value.is_string()) {
    value = redactor.redact_content(value.get_ref<const std::string&>());
  } else if (value.is_structured()) {
    for (Json& item : value) redact_strings(item, redactor);
  }
}

}  // namespace

std::string request_key(const std::string& url, const std::string& model, const Body& body,
                        const ChatRequest& request) {
  std::string text = "{\"body\":" + body.canonical() + ",\"model\":";
  append_json_string(text, model);
  text += ",\"sample_index\":" + std::to_string(request.sample_index);
  text += ",\"schema_version\":1,\"scope\":";
  append_json_string(text, request.record_scope.value_or(request.scope));
  text += ",\"url\":";
  append_json_string(text, url);
  text += '}';
  return sha256_hex(text);
}

std::string late_key(const std::string& url, const ChatRequest& request) {
  std::string text = "{\"late_after\":" + std::to_string(request.messages.size());
  text += ",\"sample_index\":" + std::to_string(request.sample_index);
  text += ",\"scope\":";
  append_json_string(text, request.record_scope.value_or(request.scope));
  text += ",\"url\":";
  append_json_string(text, url);
  text += '}';
  return sha256_hex(text);
}

std::string redact_json(const std::string& json, const Redactor* redactor) {
  if (redactor == nullptr) return json;
  // Nearly always there is nothing to hide; then the text is not parsed again.
  if (redactor->redact_content(json) == json) return json;
  auto parsed = parse_json(json, "record");
  if (!parsed) return "null";
  redact_strings(*parsed, *redactor);
  return dump_json(*parsed);
}

std::string reply_to_json(const ChatReply& reply) {
  Json calls = Json::array();
  for (const ToolCall& call : reply.message.tool_calls) {
    Json item = {{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}};
    if (!call.problem.empty()) item["problem"] = call.problem;
    calls.push_back(std::move(item));
  }
  Json json = {{"schema", kReplySchema}, {"content", reply.message.content}};
  if (!calls.empty()) json["tool_calls"] = std::move(calls);
  if (!reply.message.mirror.empty()) json["mirror"] = reply.message.mirror;
  if (!reply.reasoning.empty()) json["reasoning"] = reply.reasoning;
  json["finish"] = name_of(reply.finish);
  json["refused"] = reply.refused;
  json["usage"] = {{"input_tokens", reply.usage.input_tokens},
                   {"cached_tokens", reply.usage.cached_tokens},
                   {"output_tokens", reply.usage.output_tokens},
                   {"estimated", reply.usage.estimated}};
  json["cost_usd"] = reply.cost_usd ? Json(*reply.cost_usd) : Json();
  json["model"] = reply.model;
  json["seconds"] = reply.seconds;
  return dump_json(json);
}

Result<ChatReply> reply_from_json(const std::string& text, const std::string& where) {
  SKILLGRAD_TRY(const Json json, parse_json(text, where));
  if (text_of(member(&json, "schema")) != kReplySchema) {
    return fail(ErrorCode::input,
                std::string("the recorded reply is not of schema ") + kReplySchema, where,
                "move the run's calls folder away to ask again");
  }
  ChatReply reply;
  reply.message.role = Role::assistant;
  reply.message.content = text_of(member(&json, "content"));
  reply.message.mirror = text_of(member(&json, "mirror"));
  if (const Json* calls = member(&json, "tool_calls"); calls != nullptr && calls->is_array()) {
    for (const Json& item : *calls) {
      reply.message.tool_calls.push_back(
          {text_of(member(&item, "id")), text_of(member(&item, "name")),
           text_of(member(&item, "arguments")), text_of(member(&item, "problem"))});
    }
  }
  reply.reasoning = text_of(member(&json, "reasoning"));
  reply.finish = named<Finish>(text_of(member(&json, "finish"))).value_or(Finish::unknown);
  const Json* refused = member(&json, "refused");
  reply.refused = refused != nullptr && refused->is_boolean() && refused->get<bool>();
  const Json* usage = member(&json, "usage");
  reply.usage.input_tokens = integer_of(member(usage, "input_tokens")).value_or(0);
  reply.usage.cached_tokens = integer_of(member(usage, "cached_tokens")).value_or(0);
  reply.usage.output_tokens = integer_of(member(usage, "output_tokens")).value_or(0);
  const Json* estimated = member(usage, "estimated");
  reply.usage.estimated = estimated != nullptr && estimated->is_boolean() && estimated->get<bool>();
  reply.usage.calls = 1;
  reply.cost_usd = number_of(member(&json, "cost_usd"));
  reply.model = text_of(member(&json, "model"));
  reply.seconds = number_of(member(&json, "seconds")).value_or(0);
  reply.attempts = 0;
  return reply;
}

std::optional<ChatReply> kept_reply(const std::string& body) {
  if (body.find(kReplySchema) == std::string::npos) return std::nullopt;
  const auto parsed = parse_json(body, "kept reply");
  if (!parsed || text_of(member(&*parsed, "schema")) != kReplySchema) return std::nullopt;
  const auto reply = reply_from_json(body, "kept reply");
  return reply ? std::optional(*reply) : std::nullopt;
}

}  // namespace skillgrad::llm
