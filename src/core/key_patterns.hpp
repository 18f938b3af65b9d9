// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace skillgrad {

enum class KeyPatterns {
  all,     ///< known key prefixes, bearer tokens, values of authorization and cookie headers, key
           ///< parameters of URLs, user names, passwords and random path segments
           ///< in URLs
  certain  ///< of these only long keys with a known prefix and long bearer tokens
};

/// Replaces what looks like a key by "***". Linear in the text; never touches quotes or
/// backslashes, so that JSON stays JSON.
[[nodiscard]] std::string redact_key_patterns(std::string_view text, KeyPatterns patterns);

}  // namespace skillgrad
