// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <vector>

#include <skillgrad/llm/chat.hpp>

#include "llm/wire/wire_style.hpp"

namespace skillgrad::llm {

/// What the messages of a body hold that an endpoint may refuse.
struct MessageFacts {
  bool null_content = false;       ///< a turn carries content null
  bool system = false;             ///< system text in a place of its own
  std::set<std::string> mirrored;  ///< names of the fields of earlier replies that went back
};

/// The `messages` array: one system message first, every call answered once and in order (R1.11,
/// R1.17, R1.18). Notes in `facts` what they hold.
[[nodiscard]] std::string write_messages(const std::vector<Message>& messages,
                                         const WireStyle& style, const std::string& source,
                                         MessageFacts& facts);

}  // namespace skillgrad::llm
