// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/secret.hpp>

#include "agent/relay/request_head.hpp"

namespace skillgrad::agent {

struct RelayOptions {
  Address endpoint;
  Authority inside;        ///< where the bridge listens, as the agent names it
  std::string key_header;  ///< "Authorization" or "x-api-key"; "" where no key is added
  Secret key;
};

/// What went through a relay.
struct RelayCount {
  std::int64_t passed = 0;                      ///< requests, or tunnels where TLS hides them
  std::map<std::string, std::int64_t> refused;  ///< by "host:port"; beyond 20 of them "others"
  std::int64_t unreachable = 0;                 ///< the endpoint did not accept a connection
};

/// The proxy outside of an agent's sandbox, on a local socket in `folder`: one host and port can be
/// reached through it, everything else is refused and counted. Requests in the clear get the key
/// here; TLS passes untouched. Has a thread of its own, which ends with it.
class Relay {
 public:
  /// The name of the socket in its folder.
  static constexpr const char* kSocket = "relay";
  /// Errors: sandbox.
  [[nodiscard]] static Result<std::unique_ptr<Relay>> open(const fs::path& folder,
                                                           RelayOptions options);
  virtual ~Relay() = default;
  /// Ends it, and says what went through.
  [[nodiscard]] virtual RelayCount close() = 0;
};

}  // namespace skillgrad::agent
