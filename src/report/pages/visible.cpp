// SPDX-License-Identifier: MIT
#include "report/pages/visible.hpp"

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/visible_controls.hpp>

namespace skillgrad::report {
namespace {

/// Not drawn, and no part of what people write: a text can hide in them. Joiners (U+200C, U+200D)
/// and variation selectors belong to scripts and emoji.
bool is_hidden(char32_t c) {
  return c == 0xAD || c == 0x34F || c == 0x180E || c == 0x200B || c == 0x2028 || c == 0x2029 ||
         (c >= 0x2060 && c <= 0x2064) || (c >= 0x206A && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

}  // namespace

std::string visible(std::string_view text) {
  if (is_plain_ascii(text)) return skill::visible_controls(text);
  const std::string clean = skill::visible_controls(sanitize_utf8(text));
  std::string out;
  out.reserve(clean.size());
  for (std::size_t at = 0; at < clean.size();) {
    const std::size_t begin = at;
    const char32_t c = next_code_point(clean, at);
    if (is_hidden(c))
      out += fmt::format("\\u{{{:X}}}", static_cast<unsigned>(c));
    else
      out.append(clean, begin, at - begin);
  }
  return out;
}

Json visible_texts(const Json& value) {
  if (value.is_string()) return visible(value.get_ref<const std::string&>());
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value) out.push_back(visible_texts(item));
    return out;
  }
  if (value.is_object()) {
    Json out = Json::object();
    for (const auto& [key, item] : value.items()) out[visible(key)] = visible_texts(item);
    return out;
  }
  return value;
}

}  // namespace skillgrad::report
