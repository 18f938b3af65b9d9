// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad {

namespace {

std::string shown(const Json& value) { return truncate_middle(dump_json(value), 80); }

/// Integers may be written as 4 or 4.0; 4.5 and 1e30 are none.
std::optional<std::int64_t> as_integer(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const double number = value.get<double>();
  if (std::trunc(number) != number || std::abs(number) > 9e15) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

}  // namespace

StrictReader::StrictReader(const Json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object_.is_object()) {
    error_ = Error{ErrorCode::input, "expected an object, got " + shown(object_), where_, "", {}};
  }
}

bool StrictReader::has(const char* key) const {
  return object_.is_object() && object_.contains(key);
}

const Json* StrictReader::get(const char* key, bool required, const char* type) {
  known_.emplace_back(key);
  if (error_ || !object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  if (found != object_.end()) return &*found;
  if (required) reject(key, std::string("is missing, expected ") + type);
  return nullptr;
}

std::string StrictReader::string(const char* key, std::optional<std::string> fallback) {
  const Json* value = get(key, !fallback, "a string");
  if (value == nullptr) return fallback.value_or("");
  if (value->is_string()) return value->get<std::string>();
  reject(key, "must be a string, got " + shown(*value));
  return fallback.value_or("");
}

std::int64_t StrictReader::integer(const char* key, std::optional<std::int64_t> fallback,
                                   std::int64_t low, std::int64_t high) {
  const Json* value = get(key, !fallback, "an integer");
  if (value == nullptr) return fallback.value_or(0);
  const auto number = as_integer(*value);
  if (number && *number >= low && *number <= high) return *number;
  std::string range;
  if (low != INT64_MIN) range += " of at least " + std::to_string(low);
  if (high != INT64_MAX)
    range += (range.empty() ? " of" : " and") + (" at most " + std::to_string(high));
  reject(key, "must be an integer" + range + ", got " + shown(*value));
  return fallback.value_or(0);
}

double StrictReader::number(const char* key, std::optional<double> fallback, double low,
                            double high) {
  const Json* value = get(key, !fallback, "a number");
  if (value == nullptr) return fallback.value_or(0);
  if (value->is_number()) {
    const double number = value->get<double>();
    if (std::isfinite(number) && number >= low && number <= high) return number;
  }
  std::string range;
  if (low > -1e300) range += " of at least " + format_double(low);
  if (high < 1e300) range += (range.empty() ? " of" : " and") + (" at most " + format_double(high));
  reject(key, "must be a number" + range + ", got " + shown(*value));
  return fallback.value_or(0);
}

bool StrictReader::boolean(const char* key, std::optional<bool> fallback) {
  const Json* value = get(key, !fallback, "true or false");
  if (value == nullptr) return fallback.value_or(false);
  if (value->is_boolean()) return value->get<bool>();
  reject(key, "must be true or false, got " + shown(*value));
  return fallback.value_or(false);
}

std::vector<std::string> StrictReader::strings(const char* key,
                                               std::optional<std::vector<std::string>> fallback) {
  const auto otherwise = [&] { return fallback.value_or(std::vector<std::string>{}); };
  const Json* value = get(key, !fallback, "an array of strings");
  if (value == nullptr) return otherwise();
  std::vector<std::string> out;
  if (value->is_array()) {
    for (const Json& item : *value) {
      if (item.is_string()) out.push_back(item.get<std::string>());
    }
    if (out.size() == value->size()) return out;
  }
  reject(key, "must be an array of strings, got " + shown(*value));
  return otherwise();
}

Json StrictReader::any(const char* key, bool required) {
  const Json* value = get(key, required, "a value");
  return value != nullptr ? *value : Json();
}

void StrictReader::ignore(const char* key) { known_.emplace_back(key); }

void StrictReader::reject(const char* key, std::string problem, std::string mend) {
  if (error_) return;
  error_ = Error{ErrorCode::input,
                 "\"" + std::string(key) + "\" " + std::move(problem),
                 where_,
                 std::move(mend),
                 {}};
}

Result<> StrictReader::finish(bool allow_unknown) {
  if (error_) return tl::unexpected(*error_);
  if (allow_unknown) return {};
  for (const auto& item : object_.items()) {
    if (std::find(known_.begin(), known_.end(), item.key()) != known_.end()) continue;
    const auto near = nearest_match(item.key(), known_);
    return fail(ErrorCode::input, "unknown key \"" + sanitize_utf8(item.key()) + "\"", where_,
                near ? "did you mean \"" + *near + "\"?"
                     : "remove it; known keys: " + list_some(known_, 30));
  }
  return {};
}

}  // namespace skillgrad
