// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <skillgrad/core/error.hpp>
#include <skillgrad/llm/inspect.hpp>

namespace skillgrad::llm {

/// A base URL after R1.1: no fragment, no trailing resource name, path never empty.
struct Url {
  std::string scheme;       ///< "http" or "https"
  std::string authority;    ///< host[:port] as given
  std::string host;         ///< lower case, IPv6 without brackets
  std::string path;         ///< starts with '/', no trailing '/'
  bool path_given = false;  ///< false: the path is the default, /v1
  std::string query;        ///< without '?'

  [[nodiscard]] std::string origin() const { return scheme + "://" + authority; }
  /// The resource below the base path; the query is kept.
  [[nodiscard]] std::string resource(std::string_view name) const;
};

/// Errors: config (scheme, user info, host, port), with the spelling that would work.
[[nodiscard]] Result<Url> parse_base_url(std::string_view text);
/// Origin and path alone, in one spelling: no query or user information, scheme and host in lower
/// case, no default port. Where a request goes, for keys and messages (R4.2).
[[nodiscard]] std::string address_of(std::string_view url);
[[nodiscard]] std::string percent_encode(std::string_view text);
/// Query parameters whose values are secrets: key, api_key, token, sig, code and the like.
[[nodiscard]] bool hides_value(std::string_view parameter);
[[nodiscard]] bool is_loopback(const Url& url);

}  // namespace skillgrad::llm
