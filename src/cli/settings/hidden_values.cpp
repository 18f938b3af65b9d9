// SPDX-License-Identifier: MIT
#include "cli/settings/hidden_values.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::cli {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

bool holds_key(const std::string& name) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "api_key", "api-key",       "apikey",   "access_token",  "auth_token", "token",
      "secret",  "client_secret", "password", "authorization", "x-api-key",  "credentials"};
  const std::string lower = to_lower_ascii(name);
  return std::find(kNames.begin(), kNames.end(), lower) != kNames.end();
}

}  // namespace

bool names_variable(const std::string& text) {
  const bool legal =
      !text.empty() && !is_digit(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_';
      });
  // Long, without a word break, letters and digits mixed: this is what people paste.
  const bool random = text.size() >= 20 && text.find('_') == std::string::npos &&
                      std::any_of(text.begin(), text.end(), is_digit) &&
                      std::any_of(text.begin(), text.end(), is_lower);
  return legal && !random && Redactor().redact(text) == text;
}

void ValueHider::hide_below(Json& value, const std::string& name, const std::string& place) {
  if (value.is_object()) {
    for (auto& [key, item] : value.items())
      hide_below(item, key, place + "/" + replace_all(replace_all(key, "~", "~0"), "/", "~1"));
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      hide_below(value[i], name, place + "/" + std::to_string(i));
  } else if (value.is_string()) {
    const auto text = value.get<std::string>();
    std::string shown = holds_key(name) && !text.empty() ? "***" : redactor_.redact(text);
    if (shown == text) return;
    places_.push_back(place);
    texts_.push_back(text);
    if (as_ == As::hash) shown += " (sha256 " + sha256_hex(text).substr(0, 16) + ")";
    value = std::move(shown);
  }
}

}  // namespace skillgrad::cli
