// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/sheet/values.hpp>

#include "sheet/values/date_time.hpp"
#include "sheet/values/python_number.hpp"

namespace skillgrad::sheet {
namespace {

// A value as the benchmark compares it. Values of different kinds are never equal.
struct Normal {
  enum class Kind { number, text, date, duration } kind;
  double number = 0;
  std::string text;  // its own: of a time there is none to point at
};

// Rounding is exact on the binary value, ties to even, as CPython's round().
double rounded(double value, int decimals) {
  if (!std::isfinite(value)) return value;
  std::array<char, 512> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                     std::chars_format::fixed, decimals);
  double out = value;
  std::from_chars(digits.data(), written.ptr, out);
  return out;
}

std::int64_t milliseconds(const CellValue& value) {
  return std::llround(value.number * static_cast<double>(kDayMs));
}

std::int64_t floor_day(std::int64_t ms) {
  return ms >= 0 ? ms / kDayMs : -((kDayMs - 1 - ms) / kDayMs);
}

std::string clock_text(std::int64_t ms_of_day) {
  const std::int64_t seconds = ms_of_day / 1000;
  std::string out =
      fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (ms_of_day % 1000 != 0) out += fmt::format(".{:03}", ms_of_day % 1000);
  return out;
}

std::string date_text(std::int64_t day) {
  const auto epoch = std::chrono::sys_days{std::chrono::year{1899} / 12 / 30};
  const std::chrono::year_month_day date{epoch + std::chrono::days{day}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

// Days with seconds but without their fraction, rounded to whole days: the benchmark's way.
double whole_days(const CellValue& value) {
  const std::int64_t ms = milliseconds(value);
  const std::int64_t day = floor_day(ms);
  const std::int64_t seconds = (ms - day * kDayMs) / 1000;
  return rounded(static_cast<double>(day) + static_cast<double>(seconds) / 86'400.0, 0);
}

// What a text is as a number; with plain rules only what a spreadsheet could hold as one.
std::optional<double> number_in(std::string_view text, ValueRules rules) {
  const auto number = parse_python_float(text);
  if (number && rules == ValueRules::plain && !std::isfinite(*number)) return std::nullopt;
  return number;
}

Normal normal_of(const CellValue& value, ValueRules rules) {
  using Kind = Normal::Kind;
  switch (value.type) {
    case CellType::empty:
      return {Kind::text, 0, {}};
    case CellType::number:
    case CellType::boolean:
      return {Kind::number, rounded(value.number, 2), {}};
    case CellType::text:
    case CellType::error:
      if (const auto number = number_in(value.text, rules)) {
        return {Kind::number, rounded(*number, 2), {}};
      }
      return {Kind::text, 0, std::string(value.text)};
    case CellType::date:
      if (rules == ValueRules::published) return {Kind::date, value.number, {}};
      return {Kind::number, whole_days(value), {}};
    case CellType::datetime:
      return {Kind::number, whole_days(value), {}};
    case CellType::time: {
      const std::string clock = clock_text(milliseconds(value));
      return {Kind::text, 0, clock.size() > 8 ? clock : clock.substr(0, 5)};
    }
    case CellType::duration:
      return {Kind::duration, value.number, {}};
  }
  return {Kind::text, 0, {}};
}

std::string duration_text(std::int64_t ms) {
  const std::int64_t size = ms < 0 ? -ms : ms;
  const std::int64_t hours = size / 3'600'000;
  const std::string clock = clock_text(size % 3'600'000);  // "00:MM:SS"
  return fmt::format("{}{}{}", ms < 0 ? "-" : "", hours, clock.substr(2));
}

std::string number_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  return format_double(number);
}

}  // namespace

bool same_value(const CellValue& output, const CellValue& golden, ValueRules rules) {
  if (output.type == golden.type && output.type == CellType::number &&
      output.number == golden.number) {
    return true;
  }
  if (output.type == CellType::text && golden.type == CellType::text &&
      output.text == golden.text) {
    const auto number = number_in(output.text, rules);
    return !number || !std::isnan(*number);  // "nan" is a number that differs from itself
  }
  const Normal a = normal_of(output, rules), b = normal_of(golden, rules);
  return a.kind == b.kind && a.number == b.number && a.text == b.text;
}

const char* type_name(CellType type) {
  switch (type) {
    case CellType::empty:
      return "empty";
    case CellType::number:
      return "number";
    case CellType::boolean:
      return "bool";
    case CellType::text:
      return "string";
    case CellType::error:
      return "error";
    case CellType::date:
      return "date";
    case CellType::datetime:
      return "datetime";
    case CellType::time:
      return "time";
    case CellType::duration:
      return "duration";
  }
  return "empty";
}

std::string value_text(const CellValue& value) {
  const std::int64_t ms = value.type >= CellType::date ? milliseconds(value) : 0;
  const std::int64_t day = floor_day(ms);
  switch (value.type) {
    case CellType::empty:
      return value.formula_uncached ? "formula without a cached value" : "";
    case CellType::number:
      return number_text(value.number);
    case CellType::boolean:
      return value.number != 0 ? "true" : "false";
    case CellType::text:
    case CellType::error:
      return std::string(value.text);
    case CellType::date:
      return date_text(day);
    case CellType::datetime:
      return date_text(day) + " " + clock_text(ms - day * kDayMs);
    case CellType::time:
      return clock_text(ms);
    case CellType::duration:
      return duration_text(ms);
  }
  return {};
}

}  // namespace skillgrad::sheet
