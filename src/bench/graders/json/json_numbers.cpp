// SPDX-License-Identifier: MIT
#include "bench/graders/json/json_numbers.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::bench {
namespace {

constexpr double kExactBelow = 9007199254740992.0;  // 2^53
constexpr int kMaxExponent = 400;                   // a double ends at 308

/// Digits of the integer that a JSON number denotes, or nullopt: it has a fraction.
std::optional<std::string> integer_of(std::string_view literal) {
  const bool negative = literal.starts_with('-');
  if (negative) literal.remove_prefix(1);
  const std::size_t e = literal.find_first_of("eE");
  int exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view power = literal.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto read = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (read.ec != std::errc{}) return std::nullopt;
  }
  std::string digits;
  const std::string_view mantissa = literal.substr(0, e);
  const std::size_t point = mantissa.find('.');
  digits = mantissa.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? "" : mantissa.substr(point + 1);
  digits += fraction;
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return "0";
  digits.erase(0, first);
  std::int64_t zeros = std::int64_t{exponent} - static_cast<std::int64_t>(fraction.size());
  while (zeros < 0 && digits.back() == '0') {
    digits.pop_back();
    ++zeros;
  }
  if (zeros < 0 || zeros > kMaxExponent) return std::nullopt;
  digits.append(static_cast<std::size_t>(zeros), '0');
  return (negative ? "-" : "") + digits;
}

std::string text_of(double value) {
  if (value != std::trunc(value)) return format_double(value);
  char buffer[400];
  const int size = std::snprintf(buffer, sizeof buffer, "%.0f", value);
  const std::string digits(buffer, static_cast<std::size_t>(size));
  return digits == "-0" ? "0" : digits;
}

/// The number literals of a valid JSON text, in its order.
class Literals {
 public:
  explicit Literals(std::string_view text) : rest_(text) {}
  std::string_view next() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '-' || (c >= '0' && c <= '9')) break;
      rest_.remove_prefix(1);
      if (c == '"') skip_string();
    }
    const std::size_t end = rest_.find_first_not_of("+-.0123456789eE");
    const std::string_view literal = rest_.substr(0, end);
    rest_.remove_prefix(literal.size());
    return literal;
  }

 private:
  void skip_string() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(c == '\\' && rest_.size() > 1 ? 2 : 1);
      if (c == '"') return;
    }
  }
  std::string_view rest_;
};

}  // namespace

JsonNumbers::JsonNumbers(std::string_view text, const Json& value) {
  Literals literals(text);
  const auto visit = [&](const auto& self, const Json& part) -> void {
    if (part.is_structured()) {
      for (const Json& item : part) self(self, item);
    } else if (part.is_number()) {
      const std::string_view literal = literals.next();
      if (!part.is_number_float() || std::abs(part.get<double>()) < kExactBelow) return;
      if (auto digits = integer_of(literal)) digits_.emplace(&part, *std::move(digits));
    }
  };
  visit(visit, value);
}

std::string JsonNumbers::canonical(const Json& number) const {
  if (!number.is_number_float()) return number.dump();
  const auto found = digits_.find(&number);
  return found == digits_.end() ? text_of(number.get<double>()) : found->second;
}

std::string JsonNumbers::shown(const Json& number) const {
  const auto found = digits_.find(&number);
  return found == digits_.end() ? number.dump() : found->second;
}

}  // namespace skillgrad::bench
