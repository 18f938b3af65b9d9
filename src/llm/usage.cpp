// SPDX-License-Identifier: MIT
#include "llm/usage.hpp"

#include <algorithm>
#include <cmath>

#include "llm/field.hpp"

namespace skillgrad::llm {

namespace {

std::optional<std::int64_t> count(const Json* value) {
  const auto number = integer_of(value);
  if (!number) return std::nullopt;
  return std::max<std::int64_t>(0, *number);
}

/// The first that is not zero: several servers fill in all names, and mean one.
std::int64_t first_of(const Json* usage,
                      std::initializer_list<std::pair<const char*, const char*>> at) {
  for (const auto& [outer, inner] : at) {
    const Json* holder = outer[0] == '\0' ? usage : member(usage, outer);
    if (const auto number = count(member(holder, inner)).value_or(0); number > 0) return number;
  }
  return 0;
}

/// What a usage object says of the prompt cache.
struct CacheCounts {
  std::int64_t read = 0, written = 0;
  std::int64_t missed = 0;           ///< of the prompt, in the convention that counts it
  bool read_beside_by_name = false;  ///< under names that Anthropic counts beside the prompt
  bool written_beside_by_name = false;
  /// As Anthropic and Bedrock write it themselves: `input_tokens` is what the cache had no part in.
  bool beside_by_name = false;
};

CacheCounts cache_counts(const Json* usage) {
  CacheCounts out;
  const std::int64_t inside = first_of(usage, {{"prompt_tokens_details", "cached_tokens"},
                                               {"", "prompt_cache_hit_tokens"},
                                               {"", "num_cached_tokens"},
                                               {"prompt_token_details", "cached_tokens"},
                                               {"input_tokens_details", "cached_tokens"}});
  const std::int64_t beside =
      first_of(usage, {{"", "cache_read_input_tokens"}, {"", "cacheReadInputTokens"}});
  out.read = inside > 0 ? inside : beside;
  out.read_beside_by_name = beside > 0;
  const std::int64_t written = first_of(usage, {{"prompt_tokens_details", "cache_write_tokens"},
                                                {"prompt_tokens_details", "cache_creation_tokens"},
                                                {"input_tokens_details", "cache_write_tokens"},
                                                {"input_tokens_details", "cache_creation_tokens"}});
  std::int64_t created =
      first_of(usage, {{"", "cache_creation_input_tokens"}, {"", "cacheWriteInputTokens"}});
  if (created == 0) {
    created = first_of(usage, {{"cache_creation", "ephemeral_5m_input_tokens"}}) +
              first_of(usage, {{"cache_creation", "ephemeral_1h_input_tokens"}});
  }
  out.written = written > 0 ? written : created;
  out.written_beside_by_name = written == 0 && created > 0;
  out.missed = first_of(usage, {{"", "prompt_cache_miss_tokens"}});
  const bool own_names = member(usage, "prompt_tokens") == nullptr &&
                         member(usage, "prompt_tokens_details") == nullptr &&
                         member(usage, "input_tokens_details") == nullptr;
  out.beside_by_name = own_names && inside == 0 && written == 0 && beside + created > 0;
  return out;
}

struct UsageNumbers {
  std::int64_t prompt = 0, completion = 0;
  std::optional<std::int64_t> total;
  std::int64_t reasoning = 0;
};

/// Which of the cache's tokens the prompt's number leaves out.
struct Beside {
  bool read = false, written = false;
};

/// Endpoints count them inside the prompt (OpenAI, DeepSeek, Gemini, LiteLLM, Alibaba) or beside it
/// (Anthropic, Bedrock and what passes their numbers on). The total decides where it fits one
/// reading exactly; else what cannot be inside stands beside; else the names do.
Beside what_stands_beside(const UsageNumbers& numbers, const CacheCounts& cache) {
  if (cache.read + cache.written == 0) return {};
  const Beside both{cache.read > 0, cache.written > 0};
  const std::int64_t more = numbers.total.value_or(0) - numbers.prompt - numbers.completion;
  // Where all that is more is reasoning, it is output.
  if (numbers.total && more > 0 && more != numbers.reasoning) {
    for (const std::int64_t hidden : {std::int64_t{0}, numbers.reasoning}) {
      if (more == cache.read + cache.written + hidden) return both;
      if (cache.written > 0 && more == cache.written + hidden) return {false, true};
      if (cache.read > 0 && more == cache.read + hidden) return {true, false};
    }
  }
  if (cache.read > numbers.prompt) return both;
  if (cache.read + cache.written > numbers.prompt) {
    return {cache.read > 0 && cache.read_beside_by_name && cache.written_beside_by_name, true};
  }
  if (cache.beside_by_name && !numbers.total) return both;
  return {};
}

}  // namespace

const Json* find_usage(const Json& reply) {
  if (const Json* usage = member(&reply, "usage"); usage != nullptr && usage->is_object()) {
    return usage;
  }
  if (const Json* usage = member(member(&reply, "x_groq"), "usage")) return usage;
  if (const Json* choices = member(&reply, "choices");
      choices != nullptr && choices->is_array() && !choices->empty()) {
    return member(&choices->front(), "usage");
  }
  return nullptr;
}

std::optional<ReadUsage> read_usage(const Json& reply) {
  const Json* usage = find_usage(reply);
  if (usage == nullptr || !usage->is_object()) return std::nullopt;
  auto prompt = count(member_of(usage, {"prompt_tokens", "input_tokens", "inputTokens"}));
  const auto completion =
      count(member_of(usage, {"completion_tokens", "output_tokens", "outputTokens"}));
  const auto total = count(member_of(usage, {"total_tokens", "totalTokens"}));
  const CacheCounts cache = cache_counts(usage);
  if (!prompt && !completion && !total && cache.read + cache.written == 0) return std::nullopt;
  if (prompt.value_or(0) == 0 && cache.missed > 0) prompt = cache.read + cache.missed;
  // Several servers announce zeros early; nobody answers from no prompt.
  if (prompt.value_or(0) == 0 && completion.value_or(0) == 0 && total.value_or(0) == 0 &&
      cache.read + cache.written == 0) {
    return std::nullopt;
  }
  ReadUsage out;
  out.total_tokens = total;
  out.reasoning_tokens = first_of(usage, {{"completion_tokens_details", "reasoning_tokens"},
                                          {"output_tokens_details", "reasoning_tokens"}});
  // Where all of the prompt came from the cache or went there, none is left to be counted.
  const bool all_beside = prompt && cache.beside_by_name && cache.read + cache.written > 0;
  if (prompt.value_or(0) == 0 && !all_beside) prompt.reset();
  if (!prompt && completion && total && *total > *completion) prompt = *total - *completion;
  out.prompt_known = prompt.has_value();
  UsageNumbers numbers{prompt.value_or(0), completion.value_or(0), total, out.reasoning_tokens};
  const Beside beside = what_stands_beside(numbers, cache);
  out.usage.input_tokens =
      numbers.prompt + (beside.read ? cache.read : 0) + (beside.written ? cache.written : 0);
  out.usage.output_tokens = numbers.completion;
  if (total && prompt) {
    out.usage.output_tokens = std::max(numbers.completion, *total - out.usage.input_tokens);
  }
  out.usage.cached_tokens = std::min(cache.read, out.usage.input_tokens);
  out.cache_write_tokens =
      std::min(cache.written, out.usage.input_tokens - out.usage.cached_tokens);
  if (cache.read_beside_by_name) {
    out.cached_outside_tokens =
        (beside.read ? 0 : cache.read) + (beside.written ? 0 : cache.written);
  }
  if (const auto cost = number_of(member(usage, "cost")); cost && *cost >= 0) {
    out.provider_cost = *cost;
  }
  return out;
}

void fill_prompt(ReadUsage& read, std::size_t request_bytes) {
  if (read.prompt_known) return;
  Usage& usage = read.usage;
  usage.estimated = true;
  usage.input_tokens = estimate_tokens(request_bytes);
  if (!read.total_tokens) return;
  usage.input_tokens =
      std::clamp<std::int64_t>(*read.total_tokens - usage.output_tokens, 0, usage.input_tokens);
  usage.output_tokens = std::max(usage.output_tokens, *read.total_tokens - usage.input_tokens);
}

std::int64_t estimate_tokens(std::size_t bytes) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / 3.5 * 1.1));
}

}  // namespace skillgrad::llm
