// SPDX-License-Identifier: MIT
#include "llm/errors/limit_headers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

const std::string* find(const Headers& headers, const std::string& name) {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : &found->second;
}

/// The digits at the front as a number, which are then taken away; -1: none.
int take_int(std::string_view& text, std::size_t digits) {
  int number = -1;
  if (text.size() < digits) return -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc{} || end != text.data() + digits || number < 0) return -1;
  text.remove_prefix(digits);
  return number;
}

bool take_char(std::string_view& text, std::string_view any) {
  if (text.empty() || any.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// "Z", "+01:00"; nullopt for anything else.
std::optional<std::chrono::minutes> zone(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const bool behind = text.starts_with('-');
  if (!take_char(text, "+-")) return std::nullopt;
  const int hours = take_int(text, 2);
  if (!take_char(text, ":")) return std::nullopt;
  const int minutes = take_int(text, 2);
  if (hours < 0 || minutes < 0 || !text.empty()) return std::nullopt;
  return std::chrono::minutes((behind ? -1 : 1) * (hours * 60 + minutes));
}

std::optional<WallTime> rfc3339(std::string_view text) {
  std::array<int, 6> part{};
  static constexpr std::array<std::size_t, 6> kDigits = {4, 2, 2, 2, 2, 2};
  static constexpr std::array<std::string_view, 5> kSeparators = {"-", "-", "Tt ", ":", ":"};
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (i > 0 && !take_char(text, kSeparators.at(i - 1))) return std::nullopt;
    part.at(i) = take_int(text, kDigits.at(i));
    if (part.at(i) < 0) return std::nullopt;
  }
  double fraction = 0;
  if (text.starts_with('.')) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
    const std::string digits = "0" + std::string(text.substr(0, end));
    std::from_chars(digits.data(), digits.data() + digits.size(), fraction);
    text.remove_prefix(end);
  }
  const auto offset = zone(text);
  const std::chrono::year_month_day day{std::chrono::year(part[0]),
                                        std::chrono::month(static_cast<unsigned>(part[1])),
                                        std::chrono::day(static_cast<unsigned>(part[2]))};
  // The upper bound keeps nanoseconds inside 64 bits.
  if (!offset || !day.ok() || part[0] < 1970 || part[0] > 2200) return std::nullopt;
  return WallTime(std::chrono::sys_days(day)) + std::chrono::hours(part[3]) +
         std::chrono::minutes(part[4]) + std::chrono::seconds(part[5]) - *offset +
         Duration(static_cast<std::int64_t>(fraction * 1e9));
}

/// A reset in any of the units that providers use; nullopt: not after now, or no such thing.
std::optional<Duration> reset_of(const std::string& text, WallTime now) {
  if (const auto number = parse_number(text)) {
    // Points in time are told from spans by their size; providers count them in seconds or ms.
    if (*number < 1e9) return from_seconds(*number);
    const double then = *number < 1e11 ? *number : *number / 1000;
    return from_seconds(then - std::chrono::duration<double>(now.time_since_epoch()).count());
  }
  if (const auto span = parse_duration(text)) return span;
  const auto then = rfc3339(trim(text));
  if (!then || *then <= now) return std::nullopt;
  return *then - now;
}

/// "%" in the pattern stands for limit, remaining and reset.
LimitHint read_hint(const Headers& headers, const std::string& pattern, WallTime now) {
  const auto value = [&](const char* what) {
    std::string name = pattern;
    name.replace(name.find('%'), 1, what);
    return find(headers, name);
  };
  LimitHint hint;
  if (const std::string* text = value("limit")) {
    const auto number = parse_number(*text);
    if (number && *number > 0 && *number < 1e12) hint.limit = number;
  }
  if (const std::string* text = value("reset")) hint.reset = reset_of(*text, now);
  if (const std::string* text = value("remaining")) {
    const auto number = parse_number(*text);
    // A rest of 0 beside neither limit nor reset is a field that the server does not fill.
    const bool filled = number && (*number > 0 || hint.limit || hint.reset);
    if (filled && *number >= 0) hint.remaining = number;
  }
  return hint;
}

/// Of two families of headers, or two windows, the tighter one.
void merge(LimitHint& into, const LimitHint& other) {
  if (other.limit && (!into.limit || *other.limit < *into.limit)) into.limit = other.limit;
  if (!other.remaining) return;
  if (!into.remaining || *other.remaining < *into.remaining) {
    into.remaining = other.remaining;
    into.reset = other.reset;
  } else if (*other.remaining <= *into.remaining && other.reset) {
    into.reset = std::max(into.reset.value_or(Duration{0}), *other.reset);
  }
}

}  // namespace

LimitHints limit_hints(const Headers& headers, WallTime wall_now) {
  const WallTime now = reply_time(headers, wall_now);
  LimitHints hints;
  for (const char* pattern : {"x-ratelimit-%-requests", "anthropic-ratelimit-requests-%"}) {
    merge(hints.requests, read_hint(headers, pattern, now));
  }
  for (const char* pattern : {"x-ratelimit-%-tokens", "anthropic-ratelimit-tokens-%"}) {
    merge(hints.tokens, read_hint(headers, pattern, now));
  }
  // These windows differ from the minute, or count one kind of tokens only: no limit is read there.
  for (const char* pattern :
       {"anthropic-ratelimit-input-tokens-%", "anthropic-ratelimit-output-tokens-%"}) {
    LimitHint hint = read_hint(headers, pattern, now);
    if (!hint.remaining || *hint.remaining > 0) continue;
    hint.limit.reset();
    merge(hints.tokens, hint);
  }
  LimitHint plain = read_hint(headers, "x-ratelimit-%", now);
  plain.limit.reset();
  merge(hints.requests, plain);
  return hints;
}

std::optional<Duration> empty_bucket_reset(const Headers& headers, WallTime wall_now) {
  const LimitHints hints = limit_hints(headers, wall_now);
  std::optional<Duration> longest;
  for (const LimitHint* hint : {&hints.requests, &hints.tokens}) {
    if (!hint->remaining || *hint->remaining > 0 || !hint->reset) continue;
    longest = std::max(longest.value_or(Duration{0}), *hint->reset);
  }
  return longest;
}

}  // namespace skillgrad::llm
