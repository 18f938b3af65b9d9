// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fault/http2_session.hpp"

namespace skillgrad::fault {

/// A TLS server on 127.0.0.1 with a certificate of its own making, which answers every request with
/// one body; over HTTP/2, if it is given steps for that. One connection at a time. Thread-safe.
class TlsServer {
 public:
  /// `names` of the certificate as OpenSSL writes them: "IP:127.0.0.1", "DNS:other.example".
  /// Each request takes one step, the last one repeats; without steps HTTP/2 is not agreed to.
  TlsServer(const std::string& names, std::string body, std::vector<Http2Step> steps = {});
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  [[nodiscard]] std::string base_url() const;     ///< "https://127.0.0.1:PORT/v1"
  [[nodiscard]] std::string certificate() const;  ///< PEM, for the client to trust
  [[nodiscard]] int connections() const;          ///< so far
  [[nodiscard]] int requests() const;             ///< that were read over TLS
  [[nodiscard]] bool offered_http2() const;       ///< by the last client (ALPN)

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skillgrad::fault
