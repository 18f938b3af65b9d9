// SPDX-License-Identifier: MIT
#include "sheet/values/date_time.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>

#include <skillgrad/core/text.hpp>

namespace skillgrad::sheet {
namespace {

// Days from 1899-12-30 to 0001-01-01, 9999-12-31 and 1904-01-01.
constexpr std::int64_t kFirstDay = -693'593;
constexpr std::int64_t kLastDay = 2'958'465;
constexpr std::int64_t kEpoch1904 = 1'462;
constexpr double kMaxDurationDays = 999'999'999;

CellValue of_type(CellType type, std::int64_t ms) {
  CellValue value;
  value.type = type;
  value.number = static_cast<double>(ms) / static_cast<double>(kDayMs);
  return value;
}

CellValue value_error() {
  CellValue value;
  value.type = CellType::error;
  value.text = "#VALUE!";
  return value;
}

std::string first_section(std::string_view code) {
  return std::string(code.substr(0, code.find(';')));
}

bool is_elapsed_group(std::string_view group) {
  return group == "[h]" || group == "[hh]" || group == "[m]" || group == "[mm]" || group == "[s]" ||
         group == "[ss]";
}

// Removes "quoted" text and [groups] other than elapsed time, from left to right.
std::string strip_literals(std::string_view code) {
  std::string out;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char closing = code[i] == '"' ? '"' : code[i] == '[' ? ']' : '\0';
    const std::size_t end = closing == '\0' ? std::string_view::npos : code.find(closing, i + 1);
    if (end == std::string_view::npos ||
        (closing == ']' && is_elapsed_group(code.substr(i, end - i + 1)))) {
      out.push_back(code[i]);
    } else {
      i = end;
    }
  }
  return out;
}

bool has_elapsed_group(std::string_view code) {
  const std::string lower = to_lower_ascii(code);
  for (std::size_t i = lower.find('['); i != std::string::npos; i = lower.find('[', i + 1)) {
    const std::size_t end = lower.find(']', i);
    if (end == std::string::npos) return false;
    if (is_elapsed_group(std::string_view(lower).substr(i, end - i + 1))) return true;
  }
  return false;
}

bool has_date_letter(std::string_view code) {
  constexpr std::string_view kLetters = "dmhysDMHYS";
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (kLetters.find(code[i]) == std::string_view::npos) continue;
    if (i == 0 || (code[i - 1] != '_' && code[i - 1] != '\\')) return true;
  }
  return false;
}

// CPython's timedelta(days=...), then openpyxl's rounding to milliseconds: ties to even.
CellValue duration_of(double days) {
  if (!std::isfinite(days) || std::abs(days) > kMaxDurationDays) return value_error();
  double whole_days = 0, whole_seconds = 0;
  const double day_part = std::modf(days, &whole_days);
  const double second_part = std::modf(day_part * 86'400, &whole_seconds);
  const double micro = std::nearbyint(second_part * 1e6);
  const auto in_day =
      static_cast<std::int64_t>(whole_seconds) * 1'000'000 + static_cast<std::int64_t>(micro);
  const std::int64_t seconds = in_day >= 0 ? in_day / 1'000'000 : -((999'999 - in_day) / 1'000'000);
  const std::int64_t rest = in_day - seconds * 1'000'000;
  const auto rest_ms = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(rest) / 1e3));
  return of_type(CellType::duration,
                 static_cast<std::int64_t>(whole_days) * kDayMs + seconds * 1'000 + rest_ms);
}

// A reader of fixed-width digit fields.
struct Cursor {
  std::string_view text;
  std::size_t at = 0;

  std::optional<int> digits(std::size_t count) {
    if (at + count > text.size()) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = text[at + i];
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    at += count;
    return value;
  }
  bool sign(char c) {
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  }
};

std::optional<std::chrono::year_month_day> read_date(Cursor& cursor) {
  Cursor c = cursor;
  const auto year = c.digits(4);
  if (!year || !c.sign('-')) return std::nullopt;
  const auto month = c.digits(2);
  if (!month || !c.sign('-')) return std::nullopt;
  const auto day = c.digits(2);
  if (!day) return std::nullopt;
  cursor = c;
  return std::chrono::year_month_day{std::chrono::year{*year},
                                     std::chrono::month{static_cast<unsigned>(*month)},
                                     std::chrono::day{static_cast<unsigned>(*day)}};
}

// Milliseconds of the day, -1 if out of range. Absent: nullopt.
std::optional<std::int64_t> read_time(Cursor& cursor) {
  Cursor c = cursor;
  const auto hour = c.digits(2);
  if (!hour || !c.sign(':')) return std::nullopt;
  const auto minute = c.digits(2);
  if (!minute) return std::nullopt;
  cursor = c;
  int second = 0;
  std::int64_t ms = 0;
  if (c.sign(':')) {
    if (const auto got = c.digits(2)) {
      second = *got;
      cursor = c;
      if (c.sign('.')) {
        std::int64_t scale = 100;
        std::optional<int> digit = c.digits(1);
        for (; digit && scale > 0; digit = scale > 0 ? c.digits(1) : std::nullopt) {
          ms += *digit * scale;
          scale /= 10;
          cursor = c;
        }
      }
    }
  }
  if (*hour > 23 || *minute > 59 || second > 59) return -1;
  return ((*hour * 60 + *minute) * 60 + second) * std::int64_t{1000} + ms;
}

// PT1H30M5.5S
std::optional<CellValue> read_duration(std::string_view text) {
  if (!text.starts_with("PT")) return std::nullopt;
  double ms = 0;
  bool any = false;
  std::size_t i = 2;
  for (const auto& [unit, scale] :
       {std::pair{'H', 3.6e6}, std::pair{'M', 6e4}, std::pair{'S', 1e3}}) {
    const std::size_t end = text.find_first_not_of("0123456789.", i);
    if (end == std::string_view::npos || end == i || end - i > 18 || text[end] != unit) continue;
    ms += std::strtod(std::string(text.substr(i, end - i)).c_str(), nullptr) * scale;
    i = end + 1;
    any = true;
  }
  if (!any || ms > kMaxDurationDays * static_cast<double>(kDayMs)) return std::nullopt;
  return of_type(CellType::duration, static_cast<std::int64_t>(std::nearbyint(ms)));
}

}  // namespace

NumberKind kind_of_format(std::string_view code) {
  const std::string section = first_section(code);
  if (!has_date_letter(strip_literals(section))) return NumberKind::plain;
  return has_elapsed_group(section) ? NumberKind::duration : NumberKind::date_time;
}

NumberKind kind_of_builtin_format(unsigned id) {
  if (id == 46) return NumberKind::duration;  // [h]:mm:ss
  const bool date = (id >= 14 && id <= 22) || id == 45 || id == 47;
  return date ? NumberKind::date_time : NumberKind::plain;
}

CellValue value_of_serial(double serial, NumberKind kind, bool epoch_1904) {
  if (kind == NumberKind::duration) return duration_of(serial);
  if (!std::isfinite(serial) || std::abs(serial) > 4e6) return value_error();
  auto day = static_cast<std::int64_t>(std::floor(serial));
  const double fraction = serial - std::floor(serial);
  const auto ms = static_cast<std::int64_t>(std::nearbyint(fraction * 86'400 * 1'000));
  if (serial >= 0 && serial < 1 && ms < kDayMs) return of_type(CellType::time, ms);
  if (serial > 0 && serial < 60 && !epoch_1904) ++day;  // 1900 was no leap year, but Lotus had one
  if (epoch_1904) day += kEpoch1904;
  if (day < kFirstDay || day > kLastDay || day * kDayMs + ms >= (kLastDay + 1) * kDayMs) {
    return value_error();
  }
  return of_type(CellType::datetime, day * kDayMs + ms);
}

std::optional<CellValue> value_of_iso8601(std::string_view text) {
  Cursor cursor{text};
  const auto date = read_date(cursor);
  cursor.sign('T');
  const auto time = read_time(cursor);
  if (!date && !time) return read_duration(text);
  if (time && *time < 0) return std::nullopt;
  if (!date) return of_type(CellType::time, *time);
  if (!date->ok() || date->year() < std::chrono::year{1}) return std::nullopt;
  using std::chrono::sys_days;
  const auto epoch = sys_days{std::chrono::year{1899} / 12 / 30};
  const std::int64_t day = (sys_days{*date} - epoch).count();
  if (!time) return of_type(CellType::date, day * kDayMs);
  return of_type(CellType::datetime, day * kDayMs + *time);
}

}  // namespace skillgrad::sheet
