// SPDX-License-Identifier: MIT
#include "llm/reply/reply.hpp"

#include <algorithm>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "llm/errors/error_body.hpp"
#include "llm/errors/reply_shape.hpp"
#include "llm/reply/call_members.hpp"
#include "llm/reply/choices.hpp"
#include "llm/reply/mirror.hpp"
#include "llm/reply/reply_texts.hpp"
#include "llm/reply/tool_calls.hpp"
#include "llm/reply/usage.hpp"
#include "llm/text/text_calls.hpp"
#include "llm/wire/field.hpp"
#include "llm/wire/tool_ids.hpp"

namespace skillgrad::llm {

namespace {

Failure failure_of_error(const Json& body) {
  Failure failure;
  failure.body = parse_error_json(only_error(body));
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

/// An error is billed where it says what was used.
void charge_error(const Json& body, const ReplyContext& context, ReadReply& out) {
  if (!read_usage(body)) return;
  set_usage(body, context, out);
  out.failure->possibly_billed = true;
}

/// Calls that are no calls: the message says that it holds some, and they cannot be read. Or "".
std::string unreadable_calls(const Json& message) {
  for (const Json* list : call_lists(message)) {
    const bool good =
        list->is_object() ||
        (list->is_array() && std::all_of(list->begin(), list->end(),
                                         [](const Json& item) { return item.is_object(); }));
    if (good) continue;
    return "the reply's tool_calls are no list of calls: " +
           truncate_middle(sanitize_utf8(dump_json(*list)), 200);
  }
  return {};
}

/// An answer of somebody else than the model is none.
std::string foreign_role(const Json& message) {
  const std::string role = to_lower_ascii(trim(text_of(member(&message, "role"))));
  for (const char* other : {"user", "system", "developer", "tool", "function"}) {
    if (role == other) return "the reply is a message of the role " + role;
  }
  return {};
}

/// Why the message cannot be used at all; "" where it can.
std::string problem_of(const Json& message, const ChosenChoice& chosen, const ReplyTexts& texts) {
  for (std::string problem :
       {unreadable_calls(message), chosen.problem, foreign_role(message), texts.problem}) {
    if (!problem.empty()) return problem;
  }
  return {};
}

/// As many tokens as the cap allows were written: what came last may be cut, whatever the reason.
bool fills_cap(const Json& body, const ReplyContext& context) {
  if (context.output_cap <= 0) return false;
  const Json* usage = find_usage(body);
  return integer_of(member_of(usage, {"completion_tokens", "output_tokens"})) == context.output_cap;
}

constexpr const char* kOnlyTokens = "the reply holds nothing but tokens of a chat template";

/// A call that the text still holds is never a part of an answer.
void check_text(const ReplyContext& context, ReadReply& out) {
  const bool native = !out.reply.message.tool_calls.empty() && !out.text_tool_call;
  if (out.failure || out.reply.refused || native) return;
  const std::string shown = unread_call(out.reply.message.content, context.request->tools);
  if (shown.empty()) {
    const bool nothing = only_tokens(out.reply.message.content);
    if (nothing) out.failure = make_failure(FailureClass::empty_reply, 0, kOnlyTokens);
    return;
  }
  out.failure =
      make_failure(FailureClass::unread_call, 0,
                   "the endpoint left a tool call in the text that could not be read: " + shown);
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
  const std::string named = "finish_reason \"" + truncate_middle(sanitize_utf8(reason), 60) + "\"";
  if (kind == FinishKind::error) {
    out.failure = make_failure(FailureClass::transient, 0, "the model's turn ended with " + named);
    return;
  }
  if (kind == FinishKind::length) {
    reply.finish = Finish::length;
    return;
  }
  if (!calls.empty()) {
    // Nothing proves that such a turn is complete, and a cut call must not run.
    if (kind == FinishKind::unknown || kind == FinishKind::none) {
      const std::string how = kind == FinishKind::none ? "without a finish reason"
                                                       : "with " + named + ", which is not known";
      out.failure =
          make_failure(FailureClass::malformed, 0,
                       "the reply holds tool calls and ends " + how + ": they may be cut");
    }
    reply.finish = Finish::tools;
    return;
  }
  if (kind == FinishKind::tools) {
    out.failure = make_failure(FailureClass::empty_tool_calls, 0,
                               "the reply announces tool calls and holds none");
    return;
  }
  reply.finish = Finish::stop;
  if (is_blank(reply.message.content)) {
    out.failure = make_failure(FailureClass::empty_reply, 0,
                               reply.reasoning.empty()
                                   ? "the reply holds neither text nor a tool call"
                                   : "the reply holds reasoning, but neither text nor a tool call");
  } else if (kind == FinishKind::unknown) {
    out.notes.push_back("the endpoint ends replies with " + named +
                        ", which is not known; their text is taken as complete");
  }
}

}  // namespace

Failure make_failure(FailureClass cls, int status, std::string detail) {
  Failure failure;
  failure.cls = cls;
  failure.status = status;
  failure.detail = std::move(detail);
  return failure;
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
    charge_error(body, context, out);
    return out;
  }
  const ChosenChoice chosen = choose(body);
  const Json* choice = &chosen.choice;
  const Json* message = member(choice, "message");
  const bool usable = message != nullptr && message->is_object();
  if (!chosen.note.empty()) out.notes.push_back(chosen.note);
  for (const Json* holder : {choice, message}) {
    const Json* error = member(holder, "error");
    if (error == nullptr || (usable && !names_an_error(*error))) continue;
    out.failure = failure_of_error(Json{{"error", *error}});
    charge_error(body, context, out);
    return out;
  }
  if (!usable) {
    out.failure = make_failure(FailureClass::empty_choices, 200, "the reply holds no choice");
    out.failure->body = parse_error_json(body);
    out.failure->possibly_billed = true;
    set_usage(body, context, out);
    return out;
  }
  ReplyTexts texts = read_texts(*message);
  reply.message.content = std::move(texts.visible);
  reply.reasoning = std::move(texts.reasoning);
  reply.message.tool_calls = read_tool_calls(*message, context.request->tools);
  reply.message.mirror = read_mirror(*message, context.source);
  if (!texts.refusal.empty()) {
    reply.refused = true;
    if (reply.message.content.empty()) reply.message.content = texts.refusal;
  }
  if (!texts.left_out.empty()) {
    out.notes.push_back("parts of a reply are neither text nor calls and were left out: " +
                        list_some(texts.left_out));
  }
  TurnEnd end = turn_end(body, *choice);
  FinishKind& kind = end.kind;
  const bool may_hold_calls = kind != FinishKind::length && kind != FinishKind::filtered &&
                              kind != FinishKind::error && !reply.refused;
  if (reply.message.tool_calls.empty() && may_hold_calls) {
    reply.message.tool_calls =
        take_text_calls(reply.message.content, context.request->tools, texts.certain);
    out.text_tool_call = !reply.message.tool_calls.empty();
  }
  if (may_hold_calls && !reply.message.tool_calls.empty() && fills_cap(body, context)) {
    kind = FinishKind::length;
  }
  const bool cut_call = kind == FinishKind::length && !reply.refused &&
                        (!reply.message.tool_calls.empty() ||
                         holds_text_call(reply.message.content, context.request->tools));
  assign_ids(reply.message.tool_calls, context.request->messages, context.salt);
  set_usage(body, context, out);
  judge(kind, end.reason, out);
  if (kind != FinishKind::length) check_text(context, out);
  if (const std::string problem = problem_of(*message, chosen, texts); !problem.empty()) {
    out.failure = make_failure(FailureClass::malformed, 0, problem);
  }
  if (cut_call) {
    out.failure = make_failure(FailureClass::truncated_call, 0,
                               "the model's tool call was cut at the output limit");
  }
  if (out.failure) out.failure->possibly_billed = true;
  return out;
}

}  // namespace skillgrad::llm
