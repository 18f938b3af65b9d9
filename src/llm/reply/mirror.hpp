// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

/// True for fields of a reply that its endpoint may want back with the turn (R2.7): whatever is
/// named after reasoning, thinking, thoughts or signatures, and what providers put beside them.
[[nodiscard]] bool is_mirrored(std::string_view key);

/// The fields of a message that go back on this turn, tagged with whose they are; "" if there are
/// none: {"from", "fields":{..}, "calls":[{.., "function":{..}}, null]}, or "items" as the
/// responses API sent them.
[[nodiscard]] std::string read_mirror(const Json& message, const std::string& source);

/// Puts a piece of a streamed field to what came before. Entries of lists belong together by type
/// and index; their texts are joined, everything else is replaced.
void merge_piece(Json& into, const Json& piece);

/// The mirrored fields of a tool call, or of a piece of one, in the form of "calls"; null if there
/// are none.
[[nodiscard]] Json mirrored_of_call(const Json& call);

}  // namespace skillgrad::llm
