// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

/// A pattern in the syntax of PCRE2 with its options for JavaScript.
struct PcrePattern {
  std::string text;
  std::vector<std::size_t> origin;  ///< for each byte of `text` its offset in the source
};

/// Rewrites what PCRE2 reads otherwise than ECMAScript does: white space classes, the dot, hyphens
/// beside class escapes, POSIX classes, letters that only PCRE2 escapes. Inline flags such as (?i)
/// are let through, since many write them. Errors (dataset): groups that ECMAScript does not know.
[[nodiscard]] Result<PcrePattern> from_ecmascript(std::string_view pattern,
                                                  const std::string& where);

}  // namespace skillgrad::bench
