// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include <skillgrad/llm/chat.hpp>

namespace skillgrad::cli {

/// Lets equal requests (messages, sample index, record scope) through one at a time, so that all
/// but the first are answered from the call record instead of being paid for again. `model`
/// outlives it. Thread-safe.
[[nodiscard]] std::unique_ptr<llm::ChatModel> share_equal_calls(llm::ChatModel& model);

}  // namespace skillgrad::cli
