// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace skillgrad {

enum class KeyPatterns {
  all,     ///< known key prefixes, bearer tokens, values of authorization and cookie headers, key
           ///< parameters of URLs, user names and passwords in URLs
  certain  ///< of these only long keys with a known prefix and long bearer tokens
};

/// Replaces what looks like a key by "***". Linear in the text; never touches quotes or
/// backslashes, so that JSON stays JSON.
[[nodiscard]] std::string redact_key_patterns(std::string_view text, KeyPatterns patterns);

/// Bytes of "USER:PASSWORD" before the last '@' of a URL's authority, for the text behind "://"; 0
/// where there is none. A password may hold '/' although it must not: then what stands before it
/// is no host and port.
[[nodiscard]] std::size_t userinfo_bytes(std::string_view behind_scheme);

}  // namespace skillgrad
