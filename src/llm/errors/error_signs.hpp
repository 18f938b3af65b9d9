// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "llm/errors/delays.hpp"
#include "llm/errors/error_body.hpp"

namespace skillgrad::llm {

// What the text of an error says (R3.2, R3.3). `text` is ErrorBody::haystack().

/// The account is empty, over its limit or suspended: no later request succeeds by itself.
[[nodiscard]] bool says_quota(int status, const ErrorBody& body, const std::string& text,
                              const Delays& delays);
/// This prompt, or what the model wrote, was refused for its content.
[[nodiscard]] bool says_content_filter(int status, const ErrorBody& body, const std::string& text);
/// The key is wrong, expired or belongs to an account that was closed.
[[nodiscard]] bool says_wrong_key(const std::string& text);
/// A rate limit under the status of another error.
[[nodiscard]] bool says_throttled(int status, const std::string& text);
/// The prompt is too long for the model.
[[nodiscard]] bool says_overflow(const std::string& text);

}  // namespace skillgrad::llm
