// SPDX-License-Identifier: MIT
#include "bench/records/long_integers.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <skillgrad/core/text.hpp>

namespace skillgrad::bench {
namespace {

constexpr std::size_t kShownDigits = 60;

/// Behind the string that begins at `at`.
std::size_t behind_string(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

template <typename Integer>
bool holds(std::string_view literal) {
  Integer value{};
  const auto read = std::from_chars(literal.data(), literal.data() + literal.size(), value);
  return read.ec == std::errc{};
}

}  // namespace

std::vector<std::string> long_integers(std::string_view json) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] == '"') {
      at = behind_string(json, at);
      continue;
    }
    const std::size_t end = std::min(json.find_first_not_of("+-.0123456789eE", at), json.size());
    if (end == at) {
      ++at;
      continue;
    }
    const std::string_view literal = json.substr(at, end - at);
    at = end;
    const bool integer = literal.find_first_of(".eE") == std::string_view::npos;
    if (!integer || holds<std::int64_t>(literal) || holds<std::uint64_t>(literal)) continue;
    std::string shown = truncate_middle(literal, kShownDigits);
    if (std::find(out.begin(), out.end(), shown) == out.end()) out.push_back(std::move(shown));
  }
  return out;
}

}  // namespace skillgrad::bench
