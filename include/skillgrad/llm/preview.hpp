// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/llm/chat.hpp>
#include <skillgrad/llm/endpoint_options.hpp>

namespace skillgrad::llm {

/// A request as it would go out first, before the endpoint has taught anything.
struct WirePreview {
  std::string url;
  std::vector<std::string> headers;  ///< "Name: value"; keys and the user's values as ***
  std::string body;
  std::int64_t prompt_tokens = 0;  ///< estimated from the body's bytes (R2.20)
};
/// Sends nothing. Errors: config, bad_request.
[[nodiscard]] Result<WirePreview> preview(const EndpointOptions& options,
                                          const ChatRequest& request);

}  // namespace skillgrad::llm
