// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

struct ReadUsage {
  /// `calls` stays 0; `output_tokens` 0: not counted, and to be estimated where there is any.
  Usage usage;
  std::int64_t cache_write_tokens = 0;
  std::int64_t reasoning_tokens = 0;  ///< part of output_tokens
  /// Cached tokens that the endpoint may count beside its prompt tokens, though nothing shows it.
  std::int64_t cached_outside_tokens = 0;
  bool prompt_known = true;  ///< false: `usage.input_tokens` is 0 and to be estimated
  std::optional<std::int64_t> total_tokens;
  std::optional<double> provider_cost;  ///< USD as the endpoint billed it
};

/// Where a reply or a chunk of one has its usage object; nullptr if nowhere.
[[nodiscard]] const Json* find_usage(const Json& reply);
/// Normalises the usage object of a reply (R2.19); nullopt when there is none to read.
[[nodiscard]] std::optional<ReadUsage> read_usage(const Json& reply);
/// Puts a chunk's usage to what earlier chunks said: cumulative counts come again and again, some
/// servers split them, and what says nothing changes nothing.
void merge_usage(Json& known, const Json& chunk);
/// The keys of a usage object that says something and cannot be read; "" if there is none.
[[nodiscard]] std::string unread_usage(const Json& reply);
/// Estimates the prompt's share where the endpoint did not count it (R2.20).
void fill_prompt(ReadUsage& read, std::size_t request_bytes);
/// Tokens that so many bytes are likely to be (R2.20).
[[nodiscard]] std::int64_t estimate_tokens(std::size_t bytes);

}  // namespace skillgrad::llm
