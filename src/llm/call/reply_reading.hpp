// SPDX-License-Identifier: MIT
#pragma once

#include "llm/call/call_facts.hpp"
#include "llm/call/request_form.hpp"
#include "llm/transport/http_reply.hpp"

namespace skillgrad::llm {

/// What a reply to this call says, or why it cannot serve; the same whether it came now or was
/// stored. An endpoint that reads only a part of the prompt is warned of, or that is the failure.
[[nodiscard]] ReadReply understand(const CallFacts& facts, const RequestForm& form,
                                   HttpReply& http);

/// Warns once of what a user should know of how this endpoint answers. `output_cap` is what the
/// request let the model write.
void say_habits(Endpoint& endpoint, const ReadReply& read, std::int64_t output_cap);

}  // namespace skillgrad::llm
