// SPDX-License-Identifier: MIT
#include "llm/errors/delays.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include <skillgrad/core/text.hpp>

#include "llm/errors/header_values.hpp"
#include "llm/errors/limit_headers.hpp"

namespace skillgrad::llm {

namespace {

const std::string* find(const Headers& headers, const char* name) {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : &found->second;
}

std::optional<Duration> retry_after(const Headers& headers, WallTime wall_now) {
  if (const std::string* ms = find(headers, "retry-after-ms")) {
    if (const auto number = parse_number(*ms)) {
      if (const auto delay = from_seconds(*number / 1000)) return delay;
    }
  }
  const std::string* value = find(headers, "retry-after");
  if (value == nullptr) return std::nullopt;
  if (const auto number = parse_number(*value)) return from_seconds(*number);
  // A date needs a letter: curl_getdate reads bare digits as a date, too.
  if (value->find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos) return std::nullopt;
  const auto until = http_date(*value);
  if (!until) return std::nullopt;
  const auto now = reply_time(headers, wall_now).time_since_epoch();
  const auto now_s = std::chrono::floor<std::chrono::seconds>(now).count();
  return from_seconds(static_cast<double>(*until - now_s));
}

/// "2 hours", "1 minute 30 seconds", "5.289s. Visit ..." at the beginning of a text; a bare number
/// is seconds.
std::optional<Duration> delay_at_start(std::string_view text) {
  double seconds = 0;
  std::string_view rest = text;
  bool any = false;
  while (const auto part = take_span(rest)) {
    any = true;
    seconds += *part;
    rest = trim_left(rest);
    if (rest.starts_with("and ")) rest.remove_prefix(4);
  }
  if (any) return from_seconds(seconds);
  double number = 0;
  text = trim_left(text);
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  return from_seconds(number);
}

std::optional<Duration> body_delay(const ErrorBody& error) {
  if (const auto delay = parse_duration(error.retry_delay)) return delay;
  const std::string text = to_lower_ascii(error.message + " " + error.raw);
  for (const std::string_view marker : {"try again in ", "try again after ", "retry in ",
                                        "retry after ", "retrying in ", "please wait "}) {
    for (auto at = text.find(marker); at != std::string::npos; at = text.find(marker, at + 1)) {
      std::string_view rest = std::string_view(text).substr(at + marker.size());
      for (const std::string_view filler : {"about ", "at least ", "for "}) {
        if (rest.starts_with(filler)) rest.remove_prefix(filler.size());
      }
      if (const auto delay = delay_at_start(rest)) return delay;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> requested_delay(const Headers& headers, const ErrorBody& error,
                                        WallTime wall_now) {
  if (const auto delay = retry_after(headers, wall_now)) return delay;
  if (const auto delay = empty_bucket_reset(headers, wall_now)) return delay;
  return body_delay(error);
}

Delays delays_of(const Headers& headers, const ErrorBody& error) {
  Delays out;
  out.in_header = retry_after(headers, WallTime{}).has_value();
  out.asked = out.in_header || requested_delay(headers, error, WallTime{}).has_value();
  return out;
}

Duration backoff(int attempt, double uniform) {
  const double ceiling = std::min(30.0, 0.5 * std::pow(2.0, std::clamp(attempt - 1, 0, 10)));
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(std::max(0.01, ceiling * uniform)));
}

Duration with_jitter(Duration delay, double uniform) {
  return delay + std::chrono::duration_cast<Duration>(delay * (0.1 * uniform));
}

double jitter_number(std::uint64_t seed, const std::string& key, int attempt) {
  std::uint64_t x = seed + 0x9E3779B97F4A7C15U * static_cast<std::uint64_t>(attempt + 1);
  for (const char c : key) x = (x ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  x ^= x >> 30U;  // splitmix64 finaliser
  x *= 0xBF58476D1CE4E5B9U;
  x ^= x >> 27U;
  x *= 0x94D049BB133111EBU;
  x ^= x >> 31U;
  return static_cast<double>(x >> 11U) * 0x1.0p-53;
}

}  // namespace skillgrad::llm
