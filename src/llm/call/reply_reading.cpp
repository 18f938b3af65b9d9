// SPDX-License-Identifier: MIT
#include "llm/call/reply_reading.hpp"

#include <skillgrad/core/text.hpp>

#include "llm/stored/record.hpp"
#include "llm/transport/outcome.hpp"

namespace skillgrad::llm {

namespace {

/// An endpoint that silently drops the beginning of a prompt judges another skill than ours.
void check_truncation(Endpoint& endpoint, std::size_t prompt_bytes, int status, ReadReply& read) {
  if (read.failure) return;
  const auto cut = endpoint.truncation(read.reply.usage, read.cached_outside_tokens, prompt_bytes);
  if (!cut) return;
  if (!endpoint.options().truncation_is_error) {
    endpoint.warn_once(cut->warning);
    return;
  }
  read.failure = make_failure(
      FailureClass::context_overflow, status,
      "context_truncated: the endpoint seems to read only a part of the prompt: " + cut->why);
  read.failure->possibly_billed = true;
}

}  // namespace

ReadReply understand(const CallFacts& facts, const RequestForm& form, HttpReply& http) {
  Endpoint& endpoint = facts.endpoint;
  if (facts.played_from != nullptr) {
    if (auto kept = kept_reply(http.body)) {
      ReadReply read;
      read.reply = std::move(*kept);
      return read;
    }
  }
  ReplyContext context;
  context.request = &facts.request;
  context.salt = form.key();
  context.source = endpoint.source();
  context.request_bytes = form.text().size();
  context.output_cap = form.body().output_cap;
  context.context_tokens = endpoint.options().context_tokens;
  ReadReply read = read_outcome(http, context, endpoint.clock().wall_now());
  // Once the model has answered, such words are about something in this call.
  if (read.failure && read.failure->cls == FailureClass::model_not_found &&
      endpoint.has_answered()) {
    read.failure->cls =
        http.status == 404 ? FailureClass::bad_request : FailureClass::unsupported_param;
  }
  check_truncation(endpoint, form.text().size(), http.status, read);
  return read;
}

void say_habits(Endpoint& endpoint, const ReadReply& read, std::int64_t output_cap) {
  const ChatReply& reply = read.reply;
  endpoint.check_model(reply.model);
  if (read.text_tool_call) {
    endpoint.warn_once(
        "text_tool_call: the endpoint leaves tool calls in the text; they are read "
        "from there (start the server with its tool call parser)");
  }
  for (const std::string& note : read.notes) endpoint.warn_once(note);
  if (reply.usage.estimated) {
    endpoint.warn_once(read.usage_note.empty()
                           ? "the endpoint sends no usage; tokens are estimated from bytes"
                           : read.usage_note);
  }
  if (reply.finish == Finish::length && trim(reply.message.content).empty()) {
    endpoint.warn_once("the output cap of " + std::to_string(output_cap) +
                       " tokens was spent without any visible text, on " +
                       std::to_string(read.reasoning_tokens) +
                       " tokens of reasoning; raise --max-output-tokens");
  }
}

}  // namespace skillgrad::llm
