// SPDX-License-Identifier: MIT
#include "sheet/openpyxl/openpyxl_values.hpp"

#include <algorithm>
#include <cstdlib>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>

#include "sheet/values/date_time.hpp"
#include "sheet/values/python_number.hpp"

namespace skillgrad::sheet {
namespace {

using Refusal = std::optional<OpenpyxlRefusal>;

Refusal refuse(bool type_error, std::string_view value, std::string_view wanted) {
  return OpenpyxlRefusal{type_error, "\"" + truncate_middle(std::string(value), 60) + "\" is not " +
                                         std::string(wanted)};
}

bool is_upper_hex(char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); }
bool is_hex(char c) { return is_upper_hex(c) || (c >= 'a' && c <= 'f'); }

template <class Is>
std::size_t run_of(std::string_view text, Is is) {
  std::size_t size = 0;
  while (size < text.size() && is(text[size])) ++size;
  return size;
}

// "{8-4-4-4-12}" in capitals; what follows is not looked at.
bool starts_with_guid(std::string_view text) {
  constexpr std::string_view kForm = "{########-####-####-####-############}";
  if (text.size() < kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '#' ? !is_upper_hex(text[i]) : text[i] != kForm[i]) return false;
  }
  return true;
}

bool is_base64(std::string_view text) {
  const auto is_sign = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '/'; };
  const std::size_t signs = run_of(text, is_sign);
  const std::string_view rest = text.substr(signs);
  if (text.empty() || text.size() % 4 != 0 || rest.size() > 2) return false;
  return std::all_of(rest.begin(), rest.end(), [](char c) { return c == '='; });
}

bool starts_with_measure(std::string_view text) {
  std::size_t at = run_of(text, is_digit);
  if (at == 0) return false;
  if (at < text.size() && text[at] == '.') {
    const std::size_t more = run_of(text.substr(at + 1), is_digit);
    if (more == 0) return false;
    at += 1 + more;
  }
  const std::string_view unit = text.substr(at, 2);
  return unit == "mm" || unit == "cm" || unit == "in" || unit == "pt" || unit == "pc" ||
         unit == "pi";
}

/// openpyxl's pattern of a range: the row of its second corner may be missing, and whole columns
/// have no `$`.
bool fits_range(std::string_view value) {
  constexpr std::size_t kMaxLetters = 3;
  const auto skip = [&value](bool wanted, std::size_t count) {
    value.remove_prefix(count);
    return !wanted || count > 0;
  };
  const auto letters = [&] { return skip(true, run_of(value.substr(0, kMaxLetters), is_letter)); };
  const auto digits = [&](bool wanted) { return skip(wanted, run_of(value, is_digit)); };
  const auto dollar = [&] { skip(false, value.starts_with('$') ? 1 : 0); };
  const std::size_t colon = value.find(':');
  if (colon != std::string_view::npos && colon == run_of(value, is_letter)) {
    if (!letters() || !value.starts_with(':')) return false;
    value.remove_prefix(1);
    return letters() && value.empty();
  }
  dollar();
  if (!letters()) return false;
  dollar();
  if (!digits(true)) return false;
  if (value.empty()) return true;
  if (!value.starts_with(':')) return false;
  value.remove_prefix(1);
  dollar();
  if (!letters()) return false;
  dollar();
  return digits(false) && value.empty();
}

bool fits_pattern(std::string_view name, std::string_view value) {
  const std::size_t hex = run_of(value, is_hex);
  if (name == "HEX") return !value.empty() && hex == value.size();
  if (name == "RGB") return hex == value.size() && (hex == 6 || hex == 8);
  if (name == "GUID") return starts_with_guid(value);
  if (name == "B64") return is_base64(value);
  if (name == "MEASURE") return starts_with_measure(value);
  return fits_range(value);
}

Refusal check_bounds(std::string_view rule, double number, std::string_view value) {
  const std::size_t comma = rule.find(',');
  const std::string low(rule.substr(0, comma)), high(rule.substr(comma + 1));
  const bool below = !low.empty() && number < std::strtod(low.c_str(), nullptr);
  const bool above = !high.empty() && number > std::strtod(high.c_str(), nullptr);
  if (!below && !above) return std::nullopt;
  return refuse(false, value, "from " + low + " to " + high);
}

Refusal check_number(std::string_view rule, std::string_view value) {
  const bool bounded = rule.front() == 'm';
  const bool integer = rule[bounded ? 1 : 0] == 'i';
  const auto number = integer ? parse_python_int(value) : parse_python_float(value);
  if (!number) return refuse(true, value, integer ? "an integer" : "a number");
  return bounded ? check_bounds(rule.substr(2), *number, value) : std::nullopt;
}

Refusal check_share(std::string_view rule, std::string_view value) {
  if (value.find('%') == std::string_view::npos)
    return check_number("mn" + std::string(rule), value);
  const auto number = parse_python_float(replace_all(std::string(value), "%", ""));
  if (!number) return refuse(false, value, "a share");
  return check_bounds(rule, *number * 1000, value);
}

Refusal check_choice(std::string_view rule, std::optional<std::string_view> value) {
  const bool optional = rule.front() == 'o';
  rule.remove_prefix(1);
  if (optional && (!value || *value == "none")) return std::nullopt;
  if (!value) return refuse(false, "None", "one of " + std::string(rule));
  while (!rule.empty()) {
    const std::size_t end = std::min(rule.find('|'), rule.size());
    if (rule.substr(0, end) == *value) return std::nullopt;
    rule.remove_prefix(std::min(rule.size(), end + 1));
  }
  return refuse(false, *value, "among the known values");
}

Refusal check_ranges(std::string_view value) {
  for (const std::string& part : split(value, ' ')) {
    if (part.empty()) continue;
    const auto range = openpyxl_range(part);
    if (!range || !range->first_row || !range->first_column ||
        *range->first_row > *range->last_row || *range->first_column > *range->last_column ||
        *range->first_row < 1 || *range->last_row > 1'048'576)
      return refuse(true, part, "a range of cells");
  }
  return std::nullopt;
}

Refusal check_date(std::string_view value) {
  const auto date = value_of_iso8601(value);
  if (!date) return refuse(false, value, "a date");
  return date->type == CellType::datetime ? std::nullopt
                                          : refuse(true, value, "a date with a time");
}

}  // namespace

std::optional<OpenpyxlRange> openpyxl_range(std::string_view text) {
  constexpr int kMaxLetters = 3;
  constexpr std::size_t kMaxDigits = 9;
  const auto read_end = [&text](std::optional<long>& column, std::optional<long>& row) {
    if (text.starts_with('$')) text.remove_prefix(1);
    const std::size_t letters = run_of(text.substr(0, kMaxLetters), is_letter);
    if (letters > 0) {
      column = 0;
      for (const char c : text.substr(0, letters)) *column = *column * 26 + ((c & 0x1F));
    }
    text.remove_prefix(letters);
    if (text.starts_with('$')) text.remove_prefix(1);
    const std::size_t digits = run_of(text, is_digit);
    if (digits > kMaxDigits) return false;
    if (digits > 0) row = std::atol(std::string(text.substr(0, digits)).c_str());
    text.remove_prefix(digits);
    return true;
  };
  OpenpyxlRange out;
  if (!read_end(out.first_column, out.first_row)) return std::nullopt;
  const bool several = text.starts_with(':');
  if (several) {
    text.remove_prefix(1);
    if (!read_end(out.last_column, out.last_row)) return std::nullopt;
    const bool columns = out.first_column && out.last_column, rows = out.first_row && out.last_row;
    const bool any_column = out.first_column || out.last_column;
    const bool any_row = out.first_row || out.last_row;
    if (!((columns && rows) || (columns && !any_row) || (rows && !any_column))) return std::nullopt;
  } else {
    out.last_column = out.first_column;
    out.last_row = out.first_row;
  }
  return text.empty() ? std::optional(out) : std::nullopt;
}

std::optional<std::size_t> python_index(double index, std::size_t size) {
  const double from_start = index < 0 ? index + static_cast<double>(size) : index;
  if (!(from_start >= 0 && from_start < static_cast<double>(size))) return std::nullopt;
  return static_cast<std::size_t>(from_start);
}

std::optional<OpenpyxlRefusal> check_openpyxl_value(std::string_view rule,
                                                    std::optional<std::string_view> value) {
  const bool none_allowed = rule.ends_with('?');
  if (none_allowed) rule.remove_suffix(1);
  const char kind = rule.front();
  if (kind == 'x') return std::nullopt;
  if (kind == 'e' || kind == 'o') return check_choice(rule, value);
  if (!value) {
    if (none_allowed || kind == 'd') return std::nullopt;
    return refuse(kind != 'p', "None", "a value");
  }
  switch (kind) {
    case 's':
      return std::nullopt;
    case 'Z':
      return refuse(true, *value, "what can be given");
    case 'N':
      return value->find(' ') == std::string_view::npos ? std::nullopt
                                                        : refuse(false, *value, "a table's name");
    case 'p':
      return fits_pattern(rule.substr(1), *value) ? std::nullopt
                                                  : refuse(false, *value, "of the right form");
    case 'd':
      return check_date(*value);
    case 'r':
      return check_ranges(*value);
    case 'V':
      return std::nullopt;
    case '%':
      return check_share(rule.substr(1), *value);
    default:
      return check_number(rule, *value);
  }
}

}  // namespace skillgrad::sheet
