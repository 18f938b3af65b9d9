// SPDX-License-Identifier: MIT
#include "llm/reply.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "llm/error_body.hpp"
#include "llm/field.hpp"
#include "llm/text_calls.hpp"
#include "llm/think.hpp"
#include "llm/tool_calls.hpp"
#include "llm/usage.hpp"

namespace skillgrad::llm {

namespace {

struct Texts {
  std::string visible, reasoning, refusal;
  std::size_t certain = std::string::npos;  ///< of `visible`, see ThinkSplit
};

bool is_thinking(const Json& part, const std::string& type) {
  if (const Json* thought = member(&part, "thought"); thought != nullptr) {
    if (thought->is_boolean() && thought->get<bool>()) return true;
  }
  return type == "thinking" || type == "thought" || type == "redacted_thinking" ||
         type.starts_with("reasoning");
}

/// Content parts (R2.4), also nested: {"type":"thinking","thinking":[{"type":"text","text":".."}]}.
void read_parts(const Json& parts, Texts& out, bool thinking, int depth) {
  if (depth > 4) return;
  for (const Json& part : parts) {
    if (part.is_string()) {
      (thinking ? out.reasoning : out.visible) += part.get_ref<const std::string&>();
      continue;
    }
    const std::string type = to_lower_ascii(text_of(member(&part, "type")));
    const bool inner_thinking = thinking || is_thinking(part, type);
    const Json* body = member_of(&part, {"text", "thinking", "reasoning", "refusal", "content"});
    if (body == nullptr) continue;
    if (body->is_array()) {
      read_parts(*body, out, inner_thinking, depth + 1);
    } else if (type == "refusal") {
      out.refusal += text_of(body);
    } else {
      (inner_thinking ? out.reasoning : out.visible) += text_of(body);
    }
  }
}

/// Text, or parts that are all thinking.
std::string reasoning_of(const Json* field) {
  if (field == nullptr || !field->is_structured()) return text_of(field);
  Texts out;
  read_parts(field->is_array() ? *field : Json::array({*field}), out, true, 0);
  return out.reasoning;
}

Texts read_texts(const Json& message) {
  Texts out;
  if (const Json* content = member(&message, "content")) {
    if (content->is_structured()) {
      read_parts(content->is_array() ? *content : Json::array({*content}), out, false, 0);
    } else {
      out.visible = text_of(content);
    }
  }
  ThinkSplit split = split_think(out.visible);
  out.visible = without_end_tokens(std::move(split.visible));
  out.certain = split.certain;
  out.reasoning += split.reasoning;
  for (const char* key : {"reasoning_content", "reasoning"}) {
    const std::string text = reasoning_of(member(&message, key));
    if (text.empty()) continue;
    out.reasoning = out.reasoning.empty() ? text : text + "\n" + out.reasoning;
    break;
  }
  const Json* details = member(&message, "reasoning_details");
  if (out.reasoning.empty() && details != nullptr && details->is_array()) {
    for (const Json& detail : *details) {
      out.reasoning += text_of(member_of(&detail, {"text", "summary"}));
    }
  }
  if (const std::string text = text_of(member(&message, "refusal")); !text.empty()) {
    out.refusal = text;
  }
  return out;
}

/// Fields that the endpoint wants back on this turn (R2.7), tagged with whose they are.
std::string read_mirror(const Json& message, const std::string& source) {
  if (const Json* items = member(&message, "responses_items")) {
    return dump_json(Json{{"from", source}, {"items", *items}});
  }
  Json fields = Json::object();
  for (const char* key : {"reasoning_content", "reasoning", "reasoning_details"}) {
    if (const Json* found = member(&message, key)) fields[key] = *found;
  }
  Json calls = Json::array();
  bool any_extra = false;
  if (const Json* list = member(&message, "tool_calls"); list != nullptr && list->is_array()) {
    for (const Json& call : *list) {
      if (!call.is_object()) continue;
      const Json* extra = member(&call, "extra_content");
      any_extra = any_extra || extra != nullptr;
      calls.push_back(extra != nullptr ? *extra : Json());
    }
  }
  if (fields.empty() && !any_extra) return {};
  Json mirror = {{"from", source}, {"fields", std::move(fields)}};
  if (any_extra) mirror["extra_content"] = std::move(calls);
  return dump_json(mirror);
}

Failure failure_of_error(const Json& body) {
  Failure failure;
  failure.body = parse_error_json(body);
  failure.status = status_of(failure.body);
  failure.delay = requested_delay({}, failure.body, WallTime{});
  failure.cls = classify_status(failure.status, failure.body, delays_of({}, failure.body));
  return failure;
}

void set_usage(const Json& body, const ReplyContext& context, ReadReply& out) {
  if (auto usage = read_usage(body)) {
    fill_prompt(*usage, context.request_bytes);
    out.reply.usage = usage->usage;
    out.provider_cost = usage->provider_cost;
    out.cache_write_tokens = usage->cache_write_tokens;
    out.reasoning_tokens = usage->reasoning_tokens;
    out.cached_outside_tokens = usage->cached_outside_tokens;
    return;
  }
  std::size_t bytes = out.reply.message.content.size() + out.reply.reasoning.size();
  for (const ToolCall& call : out.reply.message.tool_calls) {
    bytes += call.name.size() + call.arguments.size();
  }
  out.reply.usage.input_tokens = estimate_tokens(context.request_bytes);
  out.reply.usage.output_tokens = estimate_tokens(bytes);
  out.reply.usage.estimated = true;
}

/// Decides what the turn is (R2.5, R2.8, R2.9): precedence of refusal, finish reason and calls.
void judge(FinishKind kind, const std::string& reason, ReadReply& out) {
  ChatReply& reply = out.reply;
  std::vector<ToolCall>& calls = reply.message.tool_calls;
  if (reply.refused || kind == FinishKind::filtered) {
    reply.refused = true;
    reply.finish = kind == FinishKind::filtered ? Finish::filtered : Finish::stop;
    calls.clear();
    return;
  }
  if (kind == FinishKind::error) {
    out.failure = make_failure(FailureClass::transient, 0,
                               "the model's turn ended with finish_reason \"" + reason + "\"");
    return;
  }
  if (kind == FinishKind::length) {
    reply.finish = Finish::length;
    return;
  }
  if (!calls.empty()) {
    reply.finish = Finish::tools;
    return;
  }
  if (kind == FinishKind::tools) {
    out.failure = make_failure(FailureClass::empty_tool_calls, 0,
                               "the reply announces tool calls and holds none");
    return;
  }
  const bool empty = trim(reply.message.content).empty();
  if (kind == FinishKind::unknown && empty && reply.reasoning.empty()) {
    out.failure = make_failure(FailureClass::malformed, 0,
                               "the reply holds neither text nor tool calls nor a finish reason");
    return;
  }
  reply.finish = Finish::stop;
}

}  // namespace

Failure make_failure(FailureClass cls, int status, std::string detail) {
  Failure failure;
  failure.cls = cls;
  failure.status = status;
  failure.detail = std::move(detail);
  return failure;
}

FinishKind finish_kind(std::string_view reason) {
  static constexpr std::array<std::pair<std::string_view, FinishKind>, 28> kKinds = {{
      {"stop", FinishKind::stop},
      {"eos", FinishKind::stop},
      {"eos_token", FinishKind::stop},
      {"end_turn", FinishKind::stop},
      {"stop_sequence", FinishKind::stop},
      {"length", FinishKind::length},
      {"max_tokens", FinishKind::length},
      {"model_length", FinishKind::length},
      {"max_output_tokens", FinishKind::length},
      {"tool_calls", FinishKind::tools},
      {"function_call", FinishKind::tools},
      {"tool_use", FinishKind::tools},
      {"sensitive", FinishKind::filtered},
      {"safety", FinishKind::filtered},
      {"model_armor", FinishKind::filtered},
      {"recitation", FinishKind::filtered},
      {"prohibited_content", FinishKind::filtered},
      {"blocklist", FinishKind::filtered},
      {"spii", FinishKind::filtered},
      {"refusal", FinishKind::filtered},
      {"guardrail_intervened", FinishKind::filtered},
      {"error", FinishKind::error},
      {"network_error", FinishKind::error},
      {"insufficient_system_resource", FinishKind::error},
      {"abort", FinishKind::error},
      {"malformed_function_call", FinishKind::error},
      {"malformed_response", FinishKind::error},
      {"missing_thought_signature", FinishKind::error},
  }};
  const std::string lower = to_lower_ascii(trim(reason));
  // Google's compatible endpoint adds its own reason: "content_filter: RECITATION".
  if (lower.starts_with("content_filter")) return FinishKind::filtered;
  if (lower.starts_with("function_call_filter")) return FinishKind::error;
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const auto& entry) { return entry.first == lower; });
  return found == kKinds.end() ? FinishKind::unknown : found->second;
}

ReadReply read_reply(const Json& body, const ReplyContext& context) {
  ReadReply out;
  ChatReply& reply = out.reply;
  reply.message.role = Role::assistant;
  reply.model = text_of(member(&body, "model"));
  out.response_id = text_of(member(&body, "id"));
  out.provider = text_of(member(&body, "provider"));
  out.system_fingerprint = text_of(member(&body, "system_fingerprint"));
  if (is_error_json(body)) {
    out.failure = failure_of_error(body);
    if (read_usage(body)) {
      set_usage(body, context, out);
      out.failure->possibly_billed = true;
    }
    return out;
  }
  const Json* choices = member(&body, "choices");
  const Json* choice =
      choices != nullptr && choices->is_array() && !choices->empty() ? &choices->front() : nullptr;
  const Json* message = member(choice, "message");
  const bool usable = message != nullptr && message->is_object();
  if (const Json* error = member(choice, "error"); error && (!usable || names_an_error(*error))) {
    out.failure = failure_of_error(Json{{"error", *error}});
    return out;
  }
  if (!usable) {
    out.failure = make_failure(FailureClass::empty_choices, 200, "the reply holds no choice");
    out.failure->body = parse_error_json(body);
    out.failure->possibly_billed = true;
    set_usage(body, context, out);
    return out;
  }
  Texts texts = read_texts(*message);
  reply.message.content = std::move(texts.visible);
  reply.reasoning = std::move(texts.reasoning);
  reply.message.tool_calls = read_tool_calls(*message, context.request->tools);
  reply.message.mirror = read_mirror(*message, context.source);
  if (!texts.refusal.empty()) {
    reply.refused = true;
    if (reply.message.content.empty()) reply.message.content = texts.refusal;
  }
  const std::string reason = text_of(member(choice, "finish_reason"));
  const FinishKind kind = finish_kind(reason);
  const bool may_hold_calls =
      kind == FinishKind::stop || kind == FinishKind::tools || kind == FinishKind::unknown;
  if (reply.message.tool_calls.empty() && may_hold_calls && !reply.refused) {
    reply.message.tool_calls =
        take_text_calls(reply.message.content, context.request->tools, texts.certain);
    out.text_tool_call = !reply.message.tool_calls.empty();
  }
  const bool cut_call = kind == FinishKind::length && !reply.refused &&
                        (!reply.message.tool_calls.empty() ||
                         holds_text_call(reply.message.content, context.request->tools));
  assign_ids(reply.message.tool_calls, context.request->messages, context.salt);
  set_usage(body, context, out);
  judge(kind, reason, out);
  if (cut_call) {
    out.failure = make_failure(FailureClass::truncated_call, 0,
                               "the model's tool call was cut at the output limit");
  }
  if (out.failure) out.failure->possibly_billed = true;
  return out;
}

}  // namespace skillgrad::llm
