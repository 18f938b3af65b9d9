// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "llm/errors/header_values.hpp"
#include "llm/reply/delta.hpp"

namespace skillgrad::llm {

enum class Ending {
  finished,    ///< the transfer ended by itself, well or not (see curl_code)
  cancelled,   ///< stop token
  first_byte,  ///< stream timers
  idle,
  progress,
  too_big  ///< more bytes than the cap, after decompression
};

/// What came back. `curl_code` 0 proves nothing about the body being whole (R3.8).
struct HttpReply {
  int status = 0;
  Headers headers;
  std::string body;                      ///< of a stream only with keep_raw
  std::optional<DeltaAssembler> stream;  ///< the body was server-sent events
  Ending ending = Ending::finished;
  int curl_code = 0;
  std::string curl_text;
  int proxy_status = 0;   ///< what a proxy answered to CONNECT, if that is all there is
  std::string bad_proxy;  ///< environment variable of the proxy that could not be reached
  bool sent = false;      ///< the request may have reached the server
  double seconds = 0;
  double first_byte_seconds = 0;
};

}  // namespace skillgrad::llm
