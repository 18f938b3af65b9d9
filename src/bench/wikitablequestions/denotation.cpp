// SPDX-License-Identifier: MIT
#include "bench/wikitablequestions/denotation.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <unordered_set>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "bench/grade_tools.hpp"

namespace skillgrad::bench {
namespace {

constexpr double kTolerance = 1e-6;

// Trimmed, with decimal digits of any script and white space as ASCII; nullopt if any other sign is
// beyond ASCII.
std::optional<std::string> ascii_number(std::u32string text) {
  std::replace(text.begin(), text.end(), U'\u180E', U' ');  // a space for the reference's Python
  std::string out;
  for (const char32_t c : trim_white_space(std::u32string_view(text))) {
    const auto digit = decimal_digit(c);
    if (!digit && c >= 0x80 && !is_white_space(c)) return std::nullopt;
    out.push_back(digit ? static_cast<char>('0' + *digit)
                        : (is_white_space(c) ? ' ' : static_cast<char>(c)));
  }
  return out;
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// The reference runs on Python 2.7, whose int() allows blanks between sign and digits.
std::optional<std::string> integer_digits(std::string_view text) {
  std::size_t at = 0;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    ++at;
    while (at < text.size() && is_white_space(static_cast<char32_t>(text[at]))) ++at;
  }
  const std::size_t end = skip_digits(text, at);
  if (end == at || end != text.size()) return std::nullopt;
  while (at + 1 < end && text[at] == '0') ++at;
  std::string digits(text.substr(at));
  return negative && digits != "0" ? "-" + digits : digits;
}

bool is_decimal_float(std::string_view text) {
  std::size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const std::size_t whole = skip_digits(text, at);
  std::size_t count = whole - at;
  at = whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = skip_digits(text, at + 1);
    count += fraction - at - 1;
    at = fraction;
  }
  if (count == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t end = skip_digits(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

// Exact decimal digits of an integral double.
std::string digits_of(double integral) {
  char buffer[400];
  const int size = std::snprintf(buffer, sizeof buffer, "%.0f", integral);
  const std::string digits(buffer, static_cast<std::size_t>(size));
  return digits == "-0" ? "0" : digits;
}

Amount integer_amount(std::string digits) {
  constexpr std::size_t kExact = 15;  // digits and sign that a double holds
  std::int64_t small = 0;
  double value = 0;
  if (digits.size() > kExact) {
    value = std::strtod(digits.c_str(), nullptr);
  } else {
    std::from_chars(digits.data(), digits.data() + digits.size(), small);
    value = static_cast<double>(small);
  }
  return {true, std::move(digits), value};
}

// Of trimmed ASCII.
std::optional<Amount> amount_of(std::string_view text) {
  if (auto digits = integer_digits(text)) return integer_amount(std::move(*digits));
  if (!is_decimal_float(text)) return std::nullopt;
  const double value = std::strtod(std::string(text).c_str(), nullptr);
  if (!std::isfinite(value)) return std::nullopt;
  if (std::abs(value - std::round(value)) >= kTolerance) return Amount{false, "", value};
  const double cut = std::trunc(value);
  return Amount{true, digits_of(cut), cut};
}

// "xx" (for a year also "xxxx") is an unspecified field: nullopt inside.
std::optional<std::optional<std::string>> date_field(std::u32string_view text, bool year) {
  if (text == U"xx" || (year && text == U"xxxx")) return std::optional<std::string>();
  const auto ascii = ascii_number(std::u32string(text));
  const auto digits = ascii ? integer_digits(*ascii) : std::nullopt;
  if (!digits) return std::nullopt;
  return std::optional<std::string>(*digits);
}

// Month or day within 1..high.
bool to_small(const std::optional<std::string>& digits, int high, std::optional<int>& out) {
  if (!digits) return true;
  if (digits->size() > 2) return false;
  const int value = std::atoi(digits->c_str());
  out = value;
  return value >= 1 && value <= high;
}

TypedText typed(const AnswerValue& value) {
  switch (value.kind) {
    case AnswerValue::Kind::number:
      return {"number",
              value.amount.integer ? value.amount.digits : format_double(value.amount.value)};
    case AnswerValue::Kind::date:
      return {"date", value.raw};
    case AnswerValue::Kind::text:
      break;
  }
  return {"string", value.raw};
}

/// Of values that are equal one is kept.
bool equal(const AnswerValue& a, const AnswerValue& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case AnswerValue::Kind::number:
      return a.amount.integer == b.amount.integer &&
             (a.amount.integer ? a.amount.digits == b.amount.digits
                               : a.amount.value == b.amount.value);
    case AnswerValue::Kind::date:
      return a.date == b.date;
    case AnswerValue::Kind::text:
      break;
  }
  return a.normalized == b.normalized;
}

/// The same text for equal values.
std::string key_of(const AnswerValue& value) {
  switch (value.kind) {
    case AnswerValue::Kind::number:
      return "n" + (value.amount.integer ? value.amount.digits : format_double(value.amount.value));
    case AnswerValue::Kind::date: {
      const auto field = [](const auto& number) { return number ? std::to_string(*number) : ""; };
      return "d" + value.date.year.value_or("") + "-" + field(value.date.month) + "-" +
             field(value.date.day);
    }
    case AnswerValue::Kind::text:
      break;
  }
  return "s" + value.normalized;
}

/// The set, first of equals kept. Beyond a few by a hash: thousands of long items that are nearly
/// equal would otherwise be compared pair by pair.
class ValueSet {
 public:
  explicit ValueSet(std::size_t most) { values.reserve(most); }
  void add(AnswerValue value) {
    if (is_new(value)) values.push_back(std::move(value));
  }
  std::vector<AnswerValue> values;

 private:
  bool is_new(const AnswerValue& value) {
    constexpr std::size_t kFew = 8;
    if (values.size() < kFew)
      return std::none_of(values.begin(), values.end(),
                          [&](const AnswerValue& other) { return equal(value, other); });
    if (keys_.empty())
      for (const AnswerValue& other : values) keys_.insert(key_of(other));
    return keys_.insert(key_of(value)).second;
  }

  std::unordered_set<std::string> keys_;  ///< of the values, once they are more than a few
};

constexpr std::size_t kMaxGradedItems =
    10'000;  // each is sought among the targets: bounds the time

}  // namespace

bool Amount::close(const Amount& other) const {
  if (integer && other.integer) return digits == other.digits;
  return std::abs(value - other.value) < kTolerance;
}

std::optional<Amount> parse_amount(std::string_view text) {
  if (is_plain_ascii(text)) return amount_of(trim_white_space(text));
  const auto ascii = ascii_number(to_code_points(text));
  return ascii ? amount_of(*ascii) : std::nullopt;
}

std::optional<DateFields> parse_date(std::string_view text) {
  if (std::count(text.begin(), text.end(), '-') != 2) return std::nullopt;
  const std::u32string lower = simple_lower(to_code_points(text));
  const std::size_t first = lower.find('-'), second = lower.find('-', first + 1);
  const std::u32string_view view = lower;
  const auto year = date_field(view.substr(0, first), true);
  const auto month = date_field(view.substr(first + 1, second - first - 1), false);
  const auto day = date_field(view.substr(second + 1), false);
  if (!year || !month || !day) return std::nullopt;
  DateFields date;
  date.year = *year;
  if (!to_small(*month, 12, date.month) || !to_small(*day, 31, date.day)) return std::nullopt;
  if (!date.year && !date.month && !date.day) return std::nullopt;
  return date;
}

bool AnswerValue::matches(const AnswerValue& prediction) const {
  if (normalized == prediction.normalized) return true;
  if (kind != prediction.kind) return false;
  if (kind == Kind::number) return amount.close(prediction.amount);
  return kind == Kind::date && date == prediction.date;
}

AnswerValue make_value(const std::string& raw, const std::string& parsed) {
  AnswerValue value;
  value.raw = raw;
  value.normalized = normalize_answer(raw);
  if (auto amount = parse_amount(parsed)) {
    value.kind = AnswerValue::Kind::number;
    value.amount = std::move(*amount);
  } else if (const auto date = parse_date(parsed)) {
    if (!date->month && !date->day) {
      value.kind = AnswerValue::Kind::number;
      value.amount = integer_amount(*date->year);
    } else {
      value.kind = AnswerValue::Kind::date;
      value.date = *date;
    }
  }
  return value;
}

std::vector<AnswerValue> target_values(const std::vector<AnswerItem>& items) {
  ValueSet set(items.size());
  for (const AnswerItem& item : items)
    set.add(make_value(item.raw, item.canonical.empty() ? item.raw : item.canonical));
  return std::move(set.values);
}

Grade grade_denotation(const std::vector<AnswerItem>& targets,
                       const std::vector<std::string>& predicted) {
  const std::vector<AnswerValue> wanted = target_values(targets);
  const std::size_t count = std::min(predicted.size(), kMaxGradedItems);
  ValueSet given_set(count);
  for (std::size_t i = 0; i < count; ++i) given_set.add(make_value(predicted[i], predicted[i]));
  const std::vector<AnswerValue>& given = given_set.values;
  Grade grade;
  grade.total = wanted.size();
  for (const AnswerValue& want : wanted) {
    const bool found = std::any_of(given.begin(), given.end(),
                                   [&](const AnswerValue& got) { return want.matches(got); });
    if (found)
      ++grade.matched;
    else
      grade.differences.push_back({"missing item", typed(want), {"empty", ""}});
  }
  for (const AnswerValue& got : given) {
    const bool wanted_somewhere = std::any_of(
        wanted.begin(), wanted.end(), [&](const AnswerValue& want) { return want.matches(got); });
    if (!wanted_somewhere)
      grade.differences.push_back({"item not wanted", {"empty", ""}, typed(got)});
  }
  const bool complete = predicted.size() <= kMaxGradedItems;
  const bool right = complete && grade.matched == grade.total && given.size() == wanted.size();
  grade.score = right ? 1 : 0;
  settle(grade);
  grade.message = describe(grade);
  grade.message.append("; ")
      .append(std::to_string(given.size()))
      .append(" different items given, ")
      .append(std::to_string(wanted.size()))
      .append(" wanted");
  return grade;
}

std::vector<std::string> items_of_file(std::string_view text) {
  std::vector<std::string> items;
  for (const std::string& line : split_lines(text)) {
    std::string item = to_utf8(trim_white_space(to_code_points(line)));
    if (!item.empty()) items.push_back(std::move(item));
  }
  return items;
}

std::vector<std::string> items_of_message(std::string_view text) {
  constexpr std::string_view kMark = "answer:";
  const std::vector<std::string> lines = items_of_file(text);
  const auto marked = std::find_if(lines.rbegin(), lines.rend(), [&](const std::string& line) {
    return starts_with_icase(line, kMark);
  });
  if (marked == lines.rend()) return lines;
  std::vector<std::string> items;
  for (const std::string& part : split(std::string_view(*marked).substr(kMark.size()), '|')) {
    std::string item = to_utf8(trim_white_space(to_code_points(part)));
    if (!item.empty()) items.push_back(std::move(item));
  }
  return items;
}

}  // namespace skillgrad::bench
