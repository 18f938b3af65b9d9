// SPDX-License-Identifier: MIT
#include "llm/mutations.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// True if `text` holds `word` not as a part of a longer name ("max_tokens" in "max_new_tokens").
std::size_t find_word(const std::string& text, const std::string& word) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const bool left = at == 0 || !word_char(text[at - 1]);
    const auto end = at + word.size();
    const bool right = end >= text.size() || !word_char(text[end]);
    if (left && right) return at;
  }
  return std::string::npos;
}

constexpr std::array<std::string_view, 6> kNotOptional = {"model", "messages",     "tools",
                                                          "input", "instructions", "stream"};

bool one_of(const std::string& key, const std::array<std::string_view, 6>& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

/// The optional key of the body that the rejection is about: its `param`, else the one that its
/// text names first.
std::string named_key(const ErrorBody& error, const Body& body) {
  const std::string param = to_lower_ascii(error.param);
  const std::string text = to_lower_ascii(error.message + "\n" + error.raw);
  std::string best;
  std::size_t best_at = std::string::npos;
  for (const auto& [key, value] : body.fields) {
    if (one_of(key, kNotOptional)) continue;
    if (param == key) return key;
    const auto at = find_word(text, key);
    if (at < best_at) {
      best = key;
      best_at = at;
    }
  }
  return best;
}

constexpr std::array<std::string_view, 7> kEfforts = {"none", "minimal", "low", "medium",
                                                      "high", "xhigh",   "max"};

std::optional<std::size_t> effort_rank(std::string_view effort) {
  const auto found = std::find(kEfforts.begin(), kEfforts.end(), effort);
  if (found == kEfforts.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kEfforts.begin());
}

/// The allowed effort nearest to the one sent; ties go up, `none` only if it is alone.
std::string nearest_effort(const std::string& text, const std::string& sent) {
  const auto rank = effort_rank(sent);
  if (!rank) return {};
  std::string best;
  std::size_t best_distance = kEfforts.size();
  for (std::size_t i = 0; i < kEfforts.size(); ++i) {
    const std::string word(kEfforts[i]);
    if (i == *rank) continue;
    if (find_word(text, "'" + word + "'") == std::string::npos &&
        find_word(text, "\"" + word + "\"") == std::string::npos &&
        find_word(text, "`" + word + "`") == std::string::npos) {
      continue;
    }
    const std::size_t distance = i > *rank ? i - *rank : *rank - i;
    const bool over_none = best == "none";
    if (over_none || (distance <= best_distance && word != "none") || best.empty()) {
      best = word;
      best_distance = distance;
    }
  }
  return best;
}

std::optional<Mutation> effort_mutation(const std::string& text, const Body& body,
                                        const WireStyle& style) {
  Mutation out{style, {}};
  const std::string& sent = body.effort;
  const bool refuses_tools = has(text, "tools with reasoning_effort") ||
                             has(text, "tools and reasoning_effort") ||
                             (has(text, "/v1/responses") && has(text, "reasoning_effort"));
  if (refuses_tools) {
    if (style.may_switch_api && !style.responses) {
      out.style.responses = true;
      out.description = "the responses API is used, because chat refuses tools with reasoning";
      return out;
    }
    if (sent == "none") return std::nullopt;
    out.style.reasoning_effort = "none";
    out.description = "reasoning_effort set to none, because the endpoint refuses tools with it";
    return out;
  }
  if (sent.empty()) return std::nullopt;
  const std::string nearest = nearest_effort(text, sent);
  if (!nearest.empty()) {
    out.style.reasoning_effort = nearest;
    out.description = "reasoning_effort changed from " + sent + " to " + nearest;
    return out;
  }
  out.style.dropped.insert("reasoning_effort");
  out.description = "reasoning_effort dropped";
  return out;
}

bool refuses_null_content(const std::string& text, const std::string& param) {
  const bool about_content =
      find_word(text, "content") != std::string::npos || param.ends_with("content");
  const bool about_null = find_word(text, "null") != std::string::npos || has(text, "nonetype") ||
                          has(text, "got none") || has(text, "must be a string") ||
                          has(text, "valid string") || has(text, "expected a string");
  return about_content && about_null && !has(text, "reasoning_content");
}

/// Changes in how messages are written.
std::optional<Mutation> message_mutation(const std::string& text, const ErrorBody& error,
                                         const Body& body, const WireStyle& style) {
  Mutation out{style, {}};
  const bool reasoning = has(text, "reasoning_content") || has(text, "reasoning_details") ||
                         find_word(text, "reasoning") != std::string::npos;
  if (has(text, "must be passed back") || has(text, "reasoning_content is missing")) {
    out.style.backfill_reasoning = true;
    out.description = "reasoning_content sent back on every turn with tool calls";
  } else if (has(text, "length of 9")) {
    out.style.short_ids = true;
    out.description = "tool call ids shortened to 9 characters";
  } else if (has(text, "enable_thinking must be set to false for non-streaming") ||
             (has(text, "enable thinking") && has(text, "stream=false"))) {
    out.style.stream = true;
    out.description = "streaming switched on";
  } else if (has(text, "invalid_encrypted_content")) {
    out.style.mirror = false;
    out.description = "items of earlier replies no longer sent back";
  } else if (style.strict && find_word(text, "strict") != std::string::npos) {
    out.style.strict = false;
    out.description = "strict tool schemas switched off";
  } else if (has(text, "system role") || has(text, "roles must alternate")) {
    out.style.fold_system = true;
    out.description = "system text put in front of the first user message";
  } else if (reasoning && (has(text, "messages") || has(text, "property"))) {
    out.style.mirror = false;
    out.style.backfill_reasoning = false;
    out.description = "reasoning fields no longer sent back";
  } else if (body.has_null_content && refuses_null_content(text, to_lower_ascii(error.param))) {
    out.style.empty_content = true;
    out.description = "content \"\" sent instead of null";
  } else {
    return std::nullopt;
  }
  if (out.style == style) return std::nullopt;
  return out;
}

}  // namespace

std::optional<Mutation> find_mutation(const ErrorBody& error, const Body& body,
                                      const WireStyle& style) {
  const std::string text = error.haystack();
  if (auto found = message_mutation(text, error, body, style)) return found;
  const std::string key = named_key(error, body);
  const bool about_effort = key == "reasoning_effort" || has(text, "reasoning_effort") ||
                            to_lower_ascii(error.param) == "reasoning.effort";
  if (about_effort) {
    return effort_mutation(text, body, style);
  }
  if (key.empty()) return std::nullopt;
  Mutation out{style, {}};
  if (key == "max_tokens" || key == "max_completion_tokens") {
    out.style.completion_cap = key == "max_tokens";
    out.description =
        key + " replaced by " + (out.style.completion_cap ? "max_completion_tokens" : "max_tokens");
  } else if (key == "stream_options") {
    out.style.stream_options = false;
    out.description = "stream_options dropped";
  } else {
    out.style.dropped.insert(key);
    out.description = key + " dropped";
  }
  if (out.style == style) return std::nullopt;
  return out;
}

std::optional<Mutation> leave_responses(const WireStyle& style) {
  if (!style.responses || !style.may_switch_api) return std::nullopt;
  Mutation out{style,
               "chat completions with reasoning_effort none, because the endpoint has no "
               "responses API"};
  out.style.responses = false;
  out.style.may_switch_api = false;
  out.style.reasoning_effort = "none";
  return out;
}

namespace {

/// The number that begins at or after `at` within a few characters of punctuation.
std::int64_t number_at(const std::string& text, std::size_t at) {
  std::size_t gap = 0;
  while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) == 0) {
    if (++gap > 4 || text[at] == '.') return 0;
    ++at;
  }
  std::int64_t value = 0;
  int digits = 0;
  while (at < text.size() && (std::isdigit(static_cast<unsigned char>(text[at])) != 0 ||
                              (text[at] == ',' && digits > 0 && at + 1 < text.size() &&
                               std::isdigit(static_cast<unsigned char>(text[at + 1])) != 0))) {
    if (text[at] != ',' && ++digits <= 12) value = value * 10 + (text[at] - '0');
    ++at;
  }
  return value;
}

std::int64_t after(const std::string& text, std::initializer_list<std::string_view> markers) {
  for (const std::string_view marker : markers) {
    for (auto at = text.find(marker); at != std::string::npos; at = text.find(marker, at + 1)) {
      if (const auto value = number_at(text, at + marker.size()); value > 0) return value;
    }
  }
  return 0;
}

/// The number that stands right before a marker, e.g. "1699" before " in the messages".
std::int64_t before(const std::string& text, std::initializer_list<std::string_view> markers) {
  for (const std::string_view marker : markers) {
    const auto at = text.find(marker);
    if (at == std::string::npos || at == 0) continue;
    std::size_t start = at;
    while (start > 0 && (std::isdigit(static_cast<unsigned char>(text[start - 1])) != 0 ||
                         text[start - 1] == ',')) {
      --start;
    }
    if (start == at) continue;
    if (const auto value = number_at(text, start); value > 0) return value;
  }
  return 0;
}

}  // namespace

std::optional<CapAdvice> advise_cap(const ErrorBody& error, std::int64_t sent_cap) {
  constexpr std::int64_t kMargin = 16;
  constexpr std::int64_t kLeast = 16;
  const std::string text = to_lower_ascii(error.message + " " + error.raw);
  CapAdvice advice;
  advice.context_limit = error.context_tokens.value_or(
      after(text, {"context length is", "context length of", "context size (", "context window of",
                   "context limit of", "max_new_tokens` must be <=", "max_new_tokens must be <="}));
  const std::int64_t prompt = error.prompt_tokens.value_or([&] {
    const auto counted = before(text, {" in the messages", " input tokens", " prompt tokens",
                                       " of text input", " `inputs` tokens", " inputs tokens"});
    return counted > 0 ? counted
                       : after(text, {"prompt contains at least", "prompt contains", "given:"});
  }());
  if (advice.context_limit > 0 && prompt > 0) {
    if (prompt >= advice.context_limit) return std::nullopt;
    advice.cap = advice.context_limit - prompt - kMargin;
  } else {
    advice.context_limit = 0;
    advice.output_limit = before(text, {" completion tokens", ", which is the maximum allowed"});
    if (advice.output_limit == 0) {
      advice.output_limit =
          after(text, {"should be [1,", "max_tokens is [1,", "less than or equal to",
                       "maximum value for `max_tokens`", "at most", "maximum output tokens is"});
    }
    const bool about_cap = has(text, "max_tokens") || has(text, "max_completion_tokens") ||
                           has(text, "completion tokens") || has(text, "output tokens");
    if (!about_cap) return std::nullopt;
    advice.cap = advice.output_limit;
  }
  if (advice.cap < kLeast || (sent_cap > 0 && advice.cap >= sent_cap)) return std::nullopt;
  return advice;
}

}  // namespace skillgrad::llm
