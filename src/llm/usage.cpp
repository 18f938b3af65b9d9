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
  auto prompt = count(member_of(usage, {"prompt_tokens", "input_tokens"}));
  const auto completion = count(member_of(usage, {"completion_tokens", "output_tokens"}));
  const auto total = count(member(usage, "total_tokens"));
  if (!prompt && !completion && !total) return std::nullopt;
  // Several servers announce zeros early; nobody answers from no prompt.
  if (prompt.value_or(0) == 0 && completion.value_or(0) == 0 && total.value_or(0) == 0) {
    return std::nullopt;
  }
  if (prompt.value_or(0) == 0) prompt.reset();
  if (!prompt && completion && total && *total > *completion) prompt = *total - *completion;
  ReadUsage out;
  out.prompt_known = prompt.has_value();
  out.total_tokens = total;
  out.usage.input_tokens = prompt.value_or(0);
  out.usage.output_tokens = completion.value_or(0);
  if (total && prompt) {
    out.usage.output_tokens = std::max(out.usage.output_tokens, *total - out.usage.input_tokens);
  }
  const std::int64_t cached = first_of(usage, {{"prompt_tokens_details", "cached_tokens"},
                                               {"", "prompt_cache_hit_tokens"},
                                               {"", "num_cached_tokens"},
                                               {"prompt_token_details", "cached_tokens"},
                                               {"input_tokens_details", "cached_tokens"},
                                               {"", "cache_read_input_tokens"}});
  out.usage.cached_tokens = std::min(cached, out.usage.input_tokens);
  const std::int64_t read_beside = first_of(usage, {{"", "cache_read_input_tokens"}});
  if (read_beside > 0 || cached > out.usage.input_tokens) {
    out.cached_outside_tokens = cached + first_of(usage, {{"", "cache_creation_input_tokens"}});
  }
  const std::int64_t written = first_of(usage, {{"prompt_tokens_details", "cache_write_tokens"},
                                                {"", "cache_creation_input_tokens"}});
  out.cache_write_tokens = std::min(written, out.usage.input_tokens - out.usage.cached_tokens);
  out.reasoning_tokens = first_of(usage, {{"completion_tokens_details", "reasoning_tokens"},
                                          {"output_tokens_details", "reasoning_tokens"}});
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
