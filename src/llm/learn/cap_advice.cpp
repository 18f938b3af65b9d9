// SPDX-License-Identifier: MIT
#include "llm/learn/cap_advice.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

constexpr std::int64_t kLeast = 16;

using Markers = std::initializer_list<std::string_view>;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool digit_at(const std::string& text, std::size_t at) {
  return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
}

/// The number that begins at or after `at` within a few characters of punctuation.
std::int64_t number_at(const std::string& text, std::size_t at) {
  std::size_t gap = 0;
  while (at < text.size() && !digit_at(text, at)) {
    if (++gap > 4 || text[at] == '.') return 0;
    ++at;
  }
  std::int64_t value = 0;
  int digits = 0;
  while (digit_at(text, at) ||
         (at < text.size() && text[at] == ',' && digits > 0 && digit_at(text, at + 1))) {
    if (text[at] != ',' && ++digits <= 12) value = value * 10 + (text[at] - '0');
    ++at;
  }
  return value;
}

std::int64_t after(const std::string& text, Markers markers) {
  for (const std::string_view marker : markers) {
    for (auto at = text.find(marker); at != std::string::npos; at = text.find(marker, at + 1)) {
      if (const auto value = number_at(text, at + marker.size()); value > 0) return value;
    }
  }
  return 0;
}

/// The number that stands right before a marker, e.g. "1699" before " in the messages".
std::int64_t before(const std::string& text, Markers markers) {
  for (const std::string_view marker : markers) {
    const auto at = text.find(marker);
    if (at == std::string::npos || at == 0) continue;
    std::size_t start = at;
    while (start > 0 && (digit_at(text, start - 1) || text[start - 1] == ',')) --start;
    if (start == at) continue;
    if (const auto value = number_at(text, start); value > 0) return value;
  }
  return 0;
}

/// The largest whole number of a range that begins at 0 or 1: "[1, 8192]", "between 1 and 8192",
/// "from 1 (inclusive) to 8193 (exclusive)".
std::int64_t end_of_range(const std::string& text) {
  struct Form {
    std::string_view open, between;
  };
  static constexpr Form kForms[] = {{"[", ","},        {"(", ","},      {"between ", " and "},
                                    {"from ", " to "}, {"range ", "-"}, {"range is ", " to "}};
  for (const auto& [open, between] : kForms) {
    for (auto at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
      std::size_t first = at + open.size();
      if (!digit_at(text, first) || text[first] > '1' || digit_at(text, first + 1)) continue;
      if (text.compare(++first, 12, " (inclusive)") == 0) first += 12;
      if (text.compare(first, between.size(), between) != 0) continue;
      const std::size_t last = first + between.size();
      const std::int64_t value = number_at(text, last);
      const auto rest = text.find_first_not_of("0123456789, ", last);
      const bool excluded =
          rest != std::string::npos && (text.compare(rest, 11, "(exclusive)") == 0 ||
                                        ((open == "[" || open == "(") && text[rest] == ')'));
      if (value > 0) return excluded ? value - 1 : value;
    }
  }
  return 0;
}

bool is_about_cap(const std::string& text) {
  for (const std::string_view name :
       {"max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens", "max tokens",
        "maxtokens", "maxoutputtokens", "maximum tokens", "completion tokens", "output tokens"}) {
    if (has(text, name)) return true;
  }
  return false;
}

std::int64_t output_limit(const std::string& text) {
  std::int64_t limit = before(text, {" completion tokens", ", which is the maximum allowed"});
  if (limit == 0) {
    limit = after(text, {"should be [1,", "max_tokens is [1,", "less than or equal to",
                         "maximum value for `max_tokens`", "at most", "maximum output tokens is"});
  }
  // Looser wordings; where the context is mentioned, their number may be the context's.
  if (limit != 0 || has(text, "context")) return limit;
  if (limit = end_of_range(text); limit != 0) return limit;
  if (limit = after(text, {"lower than ", "less than ", "smaller than ", "below "}); limit != 0) {
    return limit - 1;
  }
  return after(text, {"<=", "≤", "not exceed", "cannot exceed", "no more than", "not greater than",
                      "not be greater than", "up to", "model limit of", "limit of", "limit is",
                      "maximum of", "maximum is", "maximum value of", "maximum allowed value is"});
}

}  // namespace

std::optional<CapAdvice> advise_cap(const ErrorBody& error, std::int64_t sent_cap) {
  constexpr std::int64_t kMargin = 16;
  const std::string text = to_lower_ascii(error.message + " " + error.raw);
  CapAdvice advice;
  advice.context_limit = error.context_tokens.value_or(
      after(text, {"context length is", "context length of", "context size (", "context window of",
                   "context limit of", "max_new_tokens` must be <=", "max_new_tokens must be <="}));
  const std::int64_t prompt = error.prompt_tokens.value_or([&] {
    const auto counted =
        before(text, {" in the messages", " input tokens", " prompt tokens", " of text input",
                      " tokens from the input", " `inputs` tokens", " inputs tokens"});
    return counted > 0 ? counted
                       : after(text, {"prompt contains at least", "prompt contains", "given:"});
  }());
  if (advice.context_limit > 0 && prompt > 0) {
    if (prompt >= advice.context_limit) return std::nullopt;
    advice.cap = advice.context_limit - prompt - kMargin;
  } else {
    if (!is_about_cap(text)) return std::nullopt;
    advice.context_limit = 0;
    advice.output_limit = output_limit(text);
    advice.cap = advice.output_limit;
  }
  if (advice.cap < kLeast || (sent_cap > 0 && advice.cap >= sent_cap)) return std::nullopt;
  return advice;
}

}  // namespace skillgrad::llm
