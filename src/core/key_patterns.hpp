// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace skillgrad {

/// Replaces what looks like a key by "***": known key prefixes, bearer tokens, values of
/// authorization and cookie headers, key parameters of URLs, user names and passwords in URLs.
/// Linear in the text; never touches quotes or backslashes, so that JSON stays JSON.
[[nodiscard]] std::string redact_key_patterns(std::string_view text);

}  // namespace skillgrad
