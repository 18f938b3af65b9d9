// SPDX-License-Identifier: MIT
#include "report/run/json_parts.hpp"

#include <cmath>

namespace skillgrad::report {
namespace {

constexpr double kMostCounted = 1e15;

}  // namespace

const Json& member(const Json& value, const char* key) {
  static const Json none;
  if (!value.is_object()) return none;
  const auto found = value.find(key);
  return found == value.end() ? none : *found;
}

const Json& items(const Json& value, const char* key) {
  static const Json none = Json::array();
  const Json& found = member(value, key);
  return found.is_array() ? found : none;
}

std::string text_of(const Json& value, const char* key) {
  const Json& found = member(value, key);
  return found.is_string() ? found.get<std::string>() : std::string();
}

std::optional<double> number_of(const Json& value, const char* key) {
  const Json& found = member(value, key);
  if (!found.is_number()) return std::nullopt;
  const auto number = found.get<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<std::size_t> count_if_any(const Json& value, const char* key) {
  const auto number = number_of(value, key);
  if (!number || *number < 0 || *number > kMostCounted) return std::nullopt;
  return static_cast<std::size_t>(*number);
}

std::size_t count_of(const Json& value, const char* key) {
  return count_if_any(value, key).value_or(0);
}

int integer_of(const Json& value, const char* key) {
  const auto number = number_of(value, key).value_or(0);
  return std::abs(number) < 1e9 ? static_cast<int>(number) : 0;
}

bool flag_of(const Json& value, const char* key) {
  const Json& found = member(value, key);
  return found.is_boolean() && found.get<bool>();
}

std::optional<stats::Interval> interval_of(const Json& value, const char* key) {
  const Json& found = member(value, key);
  if (!found.is_array() || found.size() != 2 || !found[0].is_number() || !found[1].is_number())
    return std::nullopt;
  return stats::Interval{found[0].get<double>(), found[1].get<double>()};
}

std::vector<std::string> texts_of(const Json& value, const char* key) {
  std::vector<std::string> out;
  for (const Json& item : items(value, key))
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

}  // namespace skillgrad::report
