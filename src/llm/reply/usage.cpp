// SPDX-License-Identifier: MIT
#include "llm/reply/usage.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include <skillgrad/core/text.hpp>

#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

/// How deep usage objects are read.
constexpr int kMaxUsageDepth = 3;

/// One spelling for promptTokens, prompt_tokens, promptTokenCount and their like.
std::string plain(std::string_view key) {
  std::string out;
  for (const char c : to_lower_ascii(key)) {
    if (c != '_' && c != '-') out += c;
  }
  static constexpr std::string_view kCount = "tokencount";
  if (out.ends_with(kCount)) out.replace(out.size() - kCount.size(), kCount.size(), "tokens");
  return out;
}

bool is_positive(const Json& value) { return integer_of(&value).value_or(0) > 0; }

/// The object with plain names; of two that mean the same, the one that counts something.
Json with_plain_names(const Json& usage, int depth = 0) {
  Json out = Json::object();
  for (const auto& [key, value] : usage.items()) {
    if (value.is_null() || (value.is_object() && depth >= kMaxUsageDepth)) continue;
    const std::string name = plain(key);
    if (out.contains(name) && (out[name].is_object() || is_positive(out[name]))) continue;
    out[name] = value.is_object() ? with_plain_names(value, depth + 1) : value;
  }
  return out;
}

/// A negative number counts nothing.
std::optional<std::int64_t> count(const Json* value) {
  const auto number = integer_of(value);
  return number && *number >= 0 ? number : std::nullopt;
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

/// Under the names of details, which are parts of the prompt.
std::int64_t written_inside(const Json* usage) {
  for (const char* details :
       {"prompttokensdetails", "prompttokendetails", "inputtokensdetails", "inputtokendetails"}) {
    const auto found = first_of(usage, {{details, "cachewritetokens"},
                                        {details, "cachecreationtokens"},
                                        {details, "cachecreationinputtokens"},
                                        {details, "cachecreation"}});
    if (found > 0) return found;
  }
  return 0;
}

CacheCounts cache_counts(const Json* usage) {
  CacheCounts out;
  const std::int64_t inside = first_of(usage, {{"prompttokensdetails", "cachedtokens"},
                                               {"", "promptcachehittokens"},
                                               {"", "numcachedtokens"},
                                               {"", "cachedtokens"},
                                               {"", "cachedinputtokens"},
                                               {"", "cachedprompttokens"},
                                               {"", "cachedcontenttokens"},
                                               {"prompttokendetails", "cachedtokens"},
                                               {"inputtokensdetails", "cachedtokens"},
                                               {"inputtokensdetails", "cachereadtokens"},
                                               {"inputtokendetails", "cachedtokens"},
                                               {"inputtokendetails", "cacheread"}});
  const std::int64_t beside =
      first_of(usage, {{"", "cachereadinputtokens"}, {"", "cachereadtokens"}});
  out.read = inside > 0 ? inside : beside;
  out.read_beside_by_name = beside > 0;
  const std::int64_t written = written_inside(usage);
  std::int64_t created = first_of(usage, {{"", "cachecreationinputtokens"},
                                          {"", "cachewriteinputtokens"},
                                          {"", "cachecreationtokens"},
                                          {"", "cachewritetokens"}});
  if (created == 0) {
    created = first_of(usage, {{"cachecreation", "ephemeral5minputtokens"}}) +
              first_of(usage, {{"cachecreation", "ephemeral1hinputtokens"}});
  }
  out.written = written > 0 ? written : created;
  out.written_beside_by_name = written == 0 && created > 0;
  out.missed = first_of(usage, {{"", "promptcachemisstokens"}});
  const bool own_names = member_of(usage, {"prompttokens", "prompttokensdetails",
                                           "inputtokensdetails", "inputtokendetails"}) == nullptr;
  out.beside_by_name = own_names && inside == 0 && written == 0 && beside + created > 0;
  return out;
}

/// Reasoning that is a part of the output; or, where it is more than that or Gemini names it,
/// stands beside it.
struct Reasoning {
  std::int64_t tokens = 0;
  bool beside = false;
};

Reasoning reasoning_of(const Json* usage, std::int64_t completion) {
  const std::int64_t thoughts = first_of(usage, {{"", "thoughtstokens"}});
  if (thoughts > 0) return {thoughts, true};
  const std::int64_t tokens = first_of(usage, {{"completiontokensdetails", "reasoningtokens"},
                                               {"outputtokensdetails", "reasoningtokens"},
                                               {"outputtokendetails", "reasoning"},
                                               {"", "reasoningtokens"}});
  return {tokens, tokens > completion};
}

/// USD as the endpoint says it. OpenRouter bills a fee alone where the provider bills the user's
/// own key, and Perplexity says the parts, too.
std::optional<double> cost_said(const Json* usage) {
  const Json* said = member(usage, "cost");
  const auto cost = number_of(
      said != nullptr && said->is_object() ? member_of(said, {"total_cost", "total"}) : said);
  if (!cost || *cost < 0) return std::nullopt;
  const Json* own_key = member(usage, "is_byok");
  const bool byok = own_key != nullptr && *own_key == Json(true);
  if (!byok && *cost > 0) return cost;
  const auto upstream = number_of(member(member(usage, "cost_details"), "upstream_inference_cost"));
  if (upstream && *upstream > 0) return *cost + *upstream;
  return byok ? std::nullopt : cost;
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
  for (const char* key : {"usage", "usageMetadata", "usage_metadata"}) {
    const Json* usage = member(&reply, key);
    if (usage != nullptr && usage->is_object()) return usage;
  }
  if (const Json* usage = member(member(&reply, "x_groq"), "usage")) return usage;
  if (const Json* choices = member(&reply, "choices");
      choices != nullptr && choices->is_array() && !choices->empty()) {
    return member(&choices->front(), "usage");
  }
  return nullptr;
}

std::optional<ReadUsage> read_usage(const Json& reply) {
  const Json* said = find_usage(reply);
  if (said == nullptr || !said->is_object()) return std::nullopt;
  const Json plainly = with_plain_names(*said);
  const Json* usage = &plainly;
  auto prompt = count(member_of(usage, {"prompttokens", "inputtokens"}));
  const auto completion =
      count(member_of(usage, {"completiontokens", "outputtokens", "candidatestokens"}));
  const auto total = count(member(usage, "totaltokens"));
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
  const Reasoning reasoning = reasoning_of(usage, completion.value_or(0));
  out.reasoning_tokens = reasoning.tokens;
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
  // Without a number of its own the output is not known: the reasoning is only a part of it.
  if (reasoning.beside && numbers.completion > 0) out.usage.output_tokens += reasoning.tokens;
  if (total && prompt) {
    out.usage.output_tokens = std::max(out.usage.output_tokens, *total - out.usage.input_tokens);
  }
  out.usage.cached_tokens = std::min(cache.read, out.usage.input_tokens);
  out.cache_write_tokens =
      std::min(cache.written, out.usage.input_tokens - out.usage.cached_tokens);
  if (cache.read_beside_by_name) {
    out.cached_outside_tokens =
        (beside.read ? 0 : cache.read) + (beside.written ? 0 : cache.written);
  }
  out.provider_cost = cost_said(said);
  return out;
}

namespace {

/// What says more than zero or nothing.
bool says_something(const Json& value) {
  if (value.is_structured()) {
    return std::any_of(value.begin(), value.end(),
                       [](const Json& item) { return says_something(item); });
  }
  return !value.is_null() && number_of(&value) != 0.0;
}

void merge_into(Json& known, const Json& more) {
  for (const auto& [key, value] : more.items()) {
    if (value.is_null()) continue;
    Json& before = known[key];
    if (before.is_object() && value.is_object()) {
      merge_into(before, value);
    } else if (before.is_null() || is_positive(value) || !is_positive(before)) {
      before = value;
    }
  }
}

}  // namespace

void merge_usage(Json& known, const Json& chunk) {
  const Json* more = find_usage(chunk);
  if (more == nullptr || !more->is_object() || !says_something(*more)) return;
  const auto read = read_usage(chunk);
  const bool whole = read && read->prompt_known && read->usage.output_tokens > 0;
  if (whole || !known.is_object()) {
    known = *more;
  } else {
    merge_into(known, *more);
  }
}

std::string unread_usage(const Json& reply) {
  const Json* usage = find_usage(reply);
  if (usage == nullptr || !usage->is_object() || read_usage(reply)) return {};
  std::vector<std::string> keys;
  for (const auto& [key, value] : usage->items()) {
    if (says_something(value)) keys.push_back(truncate_middle(sanitize_utf8(key), 40));
  }
  return keys.empty() ? std::string() : list_some(keys);
}

void fill_prompt(ReadUsage& read, std::size_t request_bytes) {
  if (read.prompt_known) return;
  Usage& usage = read.usage;
  usage.estimated = true;
  usage.input_tokens = estimate_tokens(request_bytes);
  // A total that is the output alone leaves the prompt out, too.
  if (!read.total_tokens || *read.total_tokens <= usage.output_tokens) return;
  usage.input_tokens =
      std::clamp<std::int64_t>(*read.total_tokens - usage.output_tokens, 0, usage.input_tokens);
  usage.output_tokens = std::max(usage.output_tokens, *read.total_tokens - usage.input_tokens);
}

std::int64_t estimate_tokens(std::size_t bytes) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / 3.5 * 1.1));
}

}  // namespace skillgrad::llm
