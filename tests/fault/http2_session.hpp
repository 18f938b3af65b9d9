// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include <openssl/types.h>

namespace skillgrad::fault {

/// How one request of an HTTP/2 connection is met.
enum class Http2Step {
  answer,
  reset_stream,   ///< headers and half of the body, then RST_STREAM with INTERNAL_ERROR
  refuse_stream,  ///< RST_STREAM with REFUSED_STREAM: it was not looked at
  go_away,        ///< GOAWAY that leaves the request out, then the connection is closed
  cut_body        ///< half of the body, and END_STREAM as if that were all
};

/// Serves one connection over `ssl`, on which HTTP/2 was agreed, until the client or a step ends
/// it; `next` is asked once for each request.
void serve_http2(SSL* ssl, const std::function<Http2Step()>& next, const std::string& body);

}  // namespace skillgrad::fault
