// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/llm/chat.hpp>

#include "llm/wire/wire_style.hpp"

namespace skillgrad::llm {

/// A conversation as the responses API takes it (R1.20).
struct ResponsesInput {
  std::string instructions;  ///< system text, as plain text; "" = none
  std::string items;         ///< the `input` array, as JSON
};

/// Items of earlier replies of the same endpoint and model go back verbatim and in order, reasoning
/// items included; every call has exactly one output.
[[nodiscard]] ResponsesInput write_items(const std::vector<Message>& messages,
                                         const WireStyle& style, const std::string& source);

}  // namespace skillgrad::llm
