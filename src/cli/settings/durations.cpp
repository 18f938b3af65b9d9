// SPDX-License-Identifier: MIT
#include "cli/settings/durations.hpp"

#include <cstdint>
#include <exception>

namespace skillgrad::cli {

Result<std::chrono::milliseconds> parse_duration(const std::string& text,
                                                 const std::string& where) {
  double total = 0, number = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t used = 0;
    const std::size_t digits = text.find_first_not_of("0123456789.", i);
    const std::string part = text.substr(i, digits == std::string::npos ? digits : digits - i);
    try {
      number = std::stod(part, &used);
    } catch (const std::exception&) {
      used = 0;
    }
    const char unit = digits == std::string::npos ? 's' : text[digits];
    const double factor = unit == 's'   ? 1
                          : unit == 'm' ? 60
                          : unit == 'h' ? 3600
                          : unit == 'd' ? 24 * 3600
                                        : 0;
    if (used == 0 || used != part.size() || factor == 0)
      return fail(ErrorCode::config, "got the time \"" + text + "\"", where,
                  "write for example 90s, 30m, 1h30m or 2d");
    total += number * factor;
    i = digits == std::string::npos ? text.size() : digits + 1;
  }
  constexpr double kMost = 100.0 * 365 * 24 * 3600;  // beyond it, clocks overflow
  if (total > kMost)
    return fail(ErrorCode::config,
                "got the time \"" + text + "\", expected at most a hundred years", where,
                "leave it out for no limit");
  return std::chrono::milliseconds(static_cast<std::int64_t>(total * 1000));
}

}  // namespace skillgrad::cli
