// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace skillgrad::sheet {

/// From '&' to ';' no entity is longer.
inline constexpr std::size_t kMaxXmlEntity = 16;

/// White space between the parts of a tag.
[[nodiscard]] constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// The production Char of XML 1.0.
[[nodiscard]] constexpr bool is_xml_char(std::uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code < 0xD800 || (code >= 0xE000 && code < 0xFFFE) || (code >= 0x10000 && code < 0x110000);
}

}  // namespace skillgrad::sheet
