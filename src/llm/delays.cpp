// SPDX-License-Identifier: MIT
#include "llm/delays.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <curl/curl.h>

#include <skillgrad/core/text.hpp>

#include "llm/limit_headers.hpp"

namespace skillgrad::llm {

namespace {

/// Longer waits are cut here, so that the arithmetic cannot overflow; every limit is far below.
constexpr double kLongest = 1e9;

const std::string* find(const Headers& headers, const char* name) {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> http_date(const std::string& text) {
  const auto seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds == -1) return std::nullopt;
  return seconds;
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

std::optional<Duration> body_delay(const ErrorBody& error) {
  if (const auto delay = parse_duration(error.retry_delay)) return delay;
  const std::string text = to_lower_ascii(error.message + " " + error.raw);
  for (const std::string_view marker : {"try again in ", "retry in ", "retry after "}) {
    const auto at = text.find(marker);
    if (at == std::string::npos) continue;
    std::string_view rest = std::string_view(text).substr(at + marker.size());
    std::size_t end = 0;
    while (end < rest.size() &&
           (std::isalnum(static_cast<unsigned char>(rest[end])) != 0 || rest[end] == '.')) {
      ++end;
    }
    std::string word(rest.substr(0, end));
    while (!word.empty() && word.back() == '.') word.pop_back();
    const std::string_view after = rest.substr(end);
    if (after.starts_with(" ms") || after.starts_with(" milli")) word += "ms";
    if (after.starts_with(" min")) word += "m";
    if (const auto delay = parse_duration(word)) return delay;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> from_seconds(double seconds) {
  if (!std::isfinite(seconds) || seconds <= 0) return std::nullopt;
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(std::min(seconds, kLongest)));
}

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size()) return kLongest;
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

WallTime reply_time(const Headers& headers, WallTime wall_now) {
  const std::string* date = find(headers, "date");
  const auto served = date == nullptr ? std::nullopt : http_date(*date);
  constexpr std::int64_t kLatest = 7'000'000'000;  // the clock counts nanoseconds in 64 bits
  const bool usable = served && *served > 0 && *served < kLatest;
  return usable ? WallTime(std::chrono::seconds(*served)) : wall_now;
}

std::optional<Duration> parse_duration(std::string_view text) {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::size_t letters = 0;
    while (letters < text.size() && std::isalpha(static_cast<unsigned char>(text[letters])) != 0) {
      ++letters;
    }
    const std::string_view unit = text.substr(0, letters);
    text.remove_prefix(letters);
    if (unit.empty() && !text.empty()) return std::nullopt;
    if (unit.empty() || unit == "s") {
      seconds += number;
    } else if (unit == "ms") {
      seconds += number / 1000;
    } else if (unit == "m") {
      seconds += number * 60;
    } else if (unit == "h") {
      seconds += number * 3600;
    } else if (unit == "d") {
      seconds += number * 86400;
    } else {
      return std::nullopt;
    }
  }
  return from_seconds(seconds);
}

std::optional<Duration> requested_delay(const Headers& headers, const ErrorBody& error,
                                        WallTime wall_now) {
  if (const auto delay = retry_after(headers, wall_now)) return delay;
  if (const auto delay = empty_bucket_reset(headers, wall_now)) return delay;
  return body_delay(error);
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
