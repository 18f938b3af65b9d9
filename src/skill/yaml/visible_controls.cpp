// SPDX-License-Identifier: MIT
#include <array>
#include <cstdio>

#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/visible_controls.hpp>

namespace skillgrad::skill {
namespace {

bool turns_direction(char32_t c) {
  return c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

}  // namespace

bool is_hidden(char32_t c) {
  return c == 0xAD || c == 0x34F || c == 0x180E || c == 0x200B || c == 0x2028 || c == 0x2029 ||
         (c >= 0x2060 && c <= 0x2064) || (c >= 0x206A && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

std::string visible_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next_code_point(text, at);
    const bool line_end = c == '\n' || (c == '\r' && text.substr(at, 1) == "\n");
    if (c == '\t' || line_end || !(is_control(c) || turns_direction(c))) {
      out += text.substr(begin, at - begin);
      continue;
    }
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "\\u{%X}", static_cast<unsigned>(c));
    out += name.data();
  }
  return out;
}

}  // namespace skillgrad::skill
