// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>

#include "llm/wire/wire_style.hpp"

namespace skillgrad::llm {

// What both wire formats do to a conversation so that strict endpoints take it (R1.11, R1.17,
// R1.18).

/// Providers refuse a whole history for one bad name, so a name that a model made up is made legal.
[[nodiscard]] std::string legal_name(const std::string& name);
/// The id as this endpoint takes it.
[[nodiscard]] std::string wire_id(const std::string& id, const WireStyle& style);
/// All system messages as one text.
[[nodiscard]] std::string system_text(const std::vector<Message>& messages);
/// System text in front of the first user message, for models that take no system message.
[[nodiscard]] std::string fold_into(std::string system, const std::string& user);
/// What the tool said to this call of the assistant's turn number `turn`: never empty, bounded; a
/// call without a result was cancelled.
[[nodiscard]] std::string result_text(const std::vector<Message>& messages, std::size_t turn,
                                      const ToolCall& call);
/// False for turns that hold nothing an endpoint would take.
[[nodiscard]] bool has_substance(const Message& assistant);
/// The fields to send back with this turn; null unless they came from `source` (R2.7).
[[nodiscard]] Json own_mirror(const Message& message, const WireStyle& style,
                              const std::string& source);

}  // namespace skillgrad::llm
