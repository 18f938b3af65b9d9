// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <skillgrad/core/secret.hpp>
#include <skillgrad/llm/chat.hpp>

#include "llm/wire/body.hpp"

namespace skillgrad::llm {

/// SHA-256 over {schema_version, url, model, body, sample_index, record scope}. `url` is an
/// address_of() or what stands for one. `body` is the one
/// before anything learned from the endpoint, so that a later process forms the same key.
[[nodiscard]] std::string request_key(const std::string& url, const std::string& model,
                                      const Body& body, const ChatRequest& request);

/// Key of a call that was not made because the time of its task was over. What the task's last
/// command said before it was ended depends on the machine, so the place in the conversation stands
/// for the request.
[[nodiscard]] std::string late_key(const std::string& url, const ChatRequest& request);

/// A finished reply as the record keeps it, and back. Errors: input.
[[nodiscard]] std::string reply_to_json(const ChatReply& reply);
[[nodiscard]] Result<ChatReply> reply_from_json(const std::string& text, const std::string& where);

/// Such a reply in the place of what the endpoint sent; nullopt: the body is another one.
[[nodiscard]] std::optional<ChatReply> kept_reply(const std::string& body);
/// JSON text with every string redacted as content; the text stays JSON.
[[nodiscard]] std::string redact_json(const std::string& json, const Redactor* redactor);

}  // namespace skillgrad::llm
