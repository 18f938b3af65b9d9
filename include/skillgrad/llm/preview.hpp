// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <skillgrad/llm/client.hpp>

namespace skillgrad::llm {

/// Output cap of a call for which nobody named one. Enough for long tool calls and some hidden
/// reasoning; endpoints that allow less say so, and the cap is then cut to what they name.
inline constexpr std::int64_t kDefaultOutputCap = 16'000;

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
