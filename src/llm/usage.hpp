// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

struct ReadUsage {
  Usage usage;  ///< `calls` stays 0
  std::int64_t cache_write_tokens = 0;
  std::int64_t reasoning_tokens = 0;    ///< part of output_tokens
  std::optional<double> provider_cost;  ///< USD as the endpoint billed it
};

/// Normalises the usage object of a reply (R2.19); nullopt when there is none to read.
[[nodiscard]] std::optional<ReadUsage> read_usage(const Json& reply);
/// Tokens that so many bytes are likely to be (R2.20).
[[nodiscard]] std::int64_t estimate_tokens(std::size_t bytes);

}  // namespace skillgrad::llm
