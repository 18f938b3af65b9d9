// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace skillgrad {

/// Cuts the first line off a text that is not empty. Lines end with LF, CRLF or CR, which are no
/// part of them; what follows the last such end is a line only if it is not empty.
[[nodiscard]] inline std::string_view cut_line(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != '\n' && rest[end] != '\r') ++end;
  const std::string_view line = rest.substr(0, end);
  const bool two = rest.substr(end).starts_with("\r\n");
  rest.remove_prefix(end == rest.size() ? end : end + (two ? 2 : 1));
  return line;
}

}  // namespace skillgrad
