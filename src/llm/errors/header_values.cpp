// SPDX-License-Identifier: MIT
#include "llm/errors/header_values.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include <skillgrad/core/text.hpp>

#include "llm/wire/curl_library.hpp"

namespace skillgrad::llm {

namespace {

/// Longer waits are cut here, so that the arithmetic cannot overflow; every limit is far below.
constexpr double kLongest = 1e9;

std::size_t letters_at_start(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && std::isalpha(static_cast<unsigned char>(text[count])) != 0) ++count;
  return count;
}

/// Seconds in a unit of a waiting time; 0: no unit.
double seconds_in(std::string_view unit) {
  struct Unit {
    std::array<std::string_view, 5> names;
    double seconds;
  };
  static constexpr std::array<Unit, 5> kUnits = {{
      {{"ms", "msec", "msecs", "millisecond", "milliseconds"}, 0.001},
      {{"s", "sec", "secs", "second", "seconds"}, 1},
      {{"m", "min", "mins", "minute", "minutes"}, 60},
      {{"h", "hr", "hrs", "hour", "hours"}, 3600},
      {{"d", "day", "days", "day", "days"}, 86400},
  }};
  for (const Unit& known : kUnits) {
    if (std::find(known.names.begin(), known.names.end(), unit) != known.names.end())
      return known.seconds;
  }
  return 0;
}

}  // namespace

std::string_view trim_left(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
    text.remove_prefix(1);
  return text;
}

std::optional<std::int64_t> http_date(const std::string& text) {
  const auto& library = curl_library();
  const auto seconds = library ? library->getdate(text.c_str(), nullptr) : -1;
  if (seconds == -1) return std::nullopt;
  return seconds;
}

std::optional<double> take_span(std::string_view& text) {
  const std::string_view start = text = trim_left(text);
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  std::string_view unit = trim_left(text);
  unit = unit.substr(0, letters_at_start(unit));
  const double seconds = seconds_in(unit);
  if (seconds == 0) {
    text = start;
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(unit.data() + unit.size() - text.data()));
  return number * seconds;
}

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
  const auto date = headers.find("date");
  const auto served = date == headers.end() ? std::nullopt : http_date(date->second);
  constexpr std::int64_t kLatest = 7'000'000'000;  // the clock counts nanoseconds in 64 bits
  const bool usable = served && *served > 0 && *served < kLatest;
  return usable ? WallTime(std::chrono::seconds(*served)) : wall_now;
}

std::optional<Duration> parse_duration(std::string_view text) {
  text = trim(text);
  if (const auto number = parse_number(text)) return from_seconds(*number);
  double seconds = 0;
  bool any = false;
  while (!text.empty()) {
    const auto part = take_span(text);
    if (!part) return std::nullopt;
    any = true;
    seconds += *part;
  }
  return any ? from_seconds(seconds) : std::nullopt;
}

}  // namespace skillgrad::llm
