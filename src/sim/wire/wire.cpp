// SPDX-License-Identifier: MIT
#include "sim/wire/wire.hpp"

#include <algorithm>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::sim {
namespace {

constexpr std::size_t kBytesPerToken = 4;

std::int64_t tokens_of(std::size_t bytes) {
  return static_cast<std::int64_t>((bytes + kBytesPerToken - 1) / kBytesPerToken);
}

/// Cuts at a code point border.
void cut(std::string& text, std::size_t bytes) {
  if (bytes >= text.size()) return;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  text.resize(bytes);
}

/// Ends the reply where the cap is met, as a server does: in the middle of text or arguments.
void apply_cap(Completion& out, std::int64_t cap) {
  if (cap <= 0 || out.completion_tokens <= cap) return;
  std::size_t left = static_cast<std::size_t>(cap) * kBytesPerToken;
  cut(out.reply.text, left);
  left -= out.reply.text.size();
  std::vector<ToolUse> kept;
  for (ToolUse call : out.reply.calls) {
    if (left <= call.name.size()) break;
    left -= call.name.size();
    cut(call.arguments, left);
    left -= call.arguments.size();
    kept.push_back(std::move(call));
  }
  out.reply.calls = std::move(kept);
  out.completion_tokens = cap;
  out.finish = "length";
}

Json call_json(const ToolUse& call) {
  return {{"id", call.id},
          {"type", "function"},
          {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
}

Json usage_json(const Completion& completion) {
  return {{"prompt_tokens", completion.prompt_tokens},
          {"completion_tokens", completion.completion_tokens},
          {"total_tokens", completion.prompt_tokens + completion.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", 0}}}};
}

Json frame(const Completion& completion, const char* object) {
  return {{"id", completion.id}, {"object", object}, {"created", 0}, {"model", completion.model}};
}

std::string event(const Json& value) { return "data: " + dump_json(value) + "\n\n"; }

std::string chunk(const Completion& completion, Json delta, const Json& finish) {
  Json value = frame(completion, "chat.completion.chunk");
  value["choices"] =
      Json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", finish}}});
  return event(value);
}

/// The arguments in pieces, so that clients must put them together again.
void add_call_chunks(const Completion& completion, std::size_t index,
                     std::vector<std::string>& events) {
  constexpr std::size_t kPiece = 512;
  const ToolUse& call = completion.reply.calls[index];
  Json first = call_json({call.id, call.name, ""});
  first["index"] = index;
  events.push_back(chunk(completion, {{"tool_calls", Json::array({first})}}, nullptr));
  std::string rest = call.arguments;
  while (!rest.empty()) {
    std::string piece = rest;
    cut(piece, kPiece);
    rest.erase(0, piece.size());
    Json more = {{"index", index}, {"function", {{"arguments", piece}}}};
    events.push_back(chunk(completion, {{"tool_calls", Json::array({more})}}, nullptr));
  }
}

}  // namespace

Completion complete(const Conversation& conversation, Reply reply) {
  Completion out;
  out.id = "chatcmpl-sim-" + conversation.key.substr(0, 24);
  out.model = conversation.model;
  out.finish = reply.calls.empty() ? "stop" : "tool_calls";
  std::size_t bytes = reply.text.size();
  for (std::size_t i = 0; i < reply.calls.size(); ++i) {
    // Nine alphanumerics: the one form that every known server accepts back.
    reply.calls[i].id = sha256_hex(conversation.key + "/" + std::to_string(i)).substr(0, 9);
    bytes += reply.calls[i].name.size() + reply.calls[i].arguments.size();
  }
  out.reply = std::move(reply);
  out.prompt_tokens = tokens_of(static_cast<std::size_t>(conversation.prompt_bytes));
  out.completion_tokens = std::max<std::int64_t>(1, tokens_of(bytes));
  apply_cap(out, conversation.max_tokens);
  return out;
}

std::string completion_json(const Completion& completion) {
  Json message = {{"role", "assistant"}, {"content", nullptr}};
  if (completion.reply.calls.empty() || !completion.reply.text.empty())
    message["content"] = completion.reply.text;
  for (const ToolUse& call : completion.reply.calls)
    message["tool_calls"].push_back(call_json(call));
  Json value = frame(completion, "chat.completion");
  value["choices"] = Json::array(
      {{{"index", 0}, {"message", std::move(message)}, {"finish_reason", completion.finish}}});
  value["usage"] = usage_json(completion);
  return dump_json(value);
}

std::vector<std::string> completion_events(const Completion& completion, bool include_usage) {
  std::vector<std::string> events;
  events.push_back(chunk(completion, {{"role", "assistant"}, {"content", ""}}, nullptr));
  if (!completion.reply.text.empty())
    events.push_back(chunk(completion, {{"content", completion.reply.text}}, nullptr));
  for (std::size_t i = 0; i < completion.reply.calls.size(); ++i)
    add_call_chunks(completion, i, events);
  events.push_back(chunk(completion, Json::object(), completion.finish));
  if (include_usage) {
    Json value = frame(completion, "chat.completion.chunk");
    value["choices"] = Json::array();
    value["usage"] = usage_json(completion);
    events.push_back(event(value));
  }
  events.emplace_back("data: [DONE]\n\n");
  return events;
}

std::string error_json(const ApiError& error) {
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return dump_json({{"error",
                     {{"message", error.message},
                      {"type", error.type},
                      {"param", or_null(error.param)},
                      {"code", or_null(error.code)}}}});
}

std::string models_json(const std::string& model) {
  return dump_json({{"object", "list"},
                    {"data", Json::array({{{"id", model},
                                           {"object", "model"},
                                           {"created", 0},
                                           {"owned_by", "skillgrad-simulation"}}})},
                    // Codex looks for what it knows of models in a list of this name.
                    {"models", Json::array()}});
}

}  // namespace skillgrad::sim
