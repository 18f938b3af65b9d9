// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <skillgrad/core/error.hpp>

namespace skillgrad::agent {

/// A host and a port: small letters, without brackets.
struct Authority {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const Authority&) const = default;
};
[[nodiscard]] std::string to_text(const Authority& authority);
/// "host:port", "[::1]:port" or a host alone; nullopt: neither.
[[nodiscard]] std::optional<Authority> read_authority(std::string_view text,
                                                      std::uint16_t otherwise);

/// An address as it is configured, "http://127.0.0.1:8000/v1". Errors: config.
struct Address {
  bool tls = false;
  Authority authority;
  std::string path;  ///< "/v1" or ""
};
[[nodiscard]] Result<Address> read_address(const std::string& url);

/// What a client asks of a proxy, read from the head of its first request.
struct RequestHead {
  bool connect = false;              ///< CONNECT: bytes for `target` follow
  std::optional<Authority> target;   ///< nullopt: a path alone, for the proxy itself
  std::string method, path, fields;  ///< `fields`: header lines without those of one hop
};
/// `head` ends with the empty line. nullopt: no request of HTTP/1.
[[nodiscard]] std::optional<RequestHead> read_request_head(std::string_view head);

}  // namespace skillgrad::agent
