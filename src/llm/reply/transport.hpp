// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "llm/errors/delays.hpp"
#include "llm/reply/delta.hpp"

namespace skillgrad::llm {

struct TransportOptions {
  std::string url;                   ///< final; used by every request of this transport
  std::vector<std::string> headers;  ///< "Name: value"
  bool get = false;                  ///< GET instead of POST
  std::string ca_file;
  bool insecure_tls = false;
  std::string http_version = "auto";  ///< auto | 1.1
  std::chrono::milliseconds connect_timeout{10'000};
  std::size_t max_reply_bytes = 64U << 20U;
};

/// Limits of one attempt; the stream timers count only when a stream was asked for.
struct AttemptLimits {
  bool keep_raw = false;  ///< the reply's bytes are wanted even if they are a stream
  std::chrono::milliseconds total{600'000};
  bool stream = false;
  std::chrono::milliseconds first_byte{120'000};
  std::chrono::milliseconds idle{90'000};
  std::chrono::milliseconds progress{300'000};
};

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

/// Sends requests over libcurl. Thread-safe: each request takes a handle with its own connection
/// out of a pool and puts it back, so connections stay warm and are never shared at one time.
class Transport {
 public:
  explicit Transport(TransportOptions options);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Blocks; a stop request ends it within 200 ms.
  [[nodiscard]] HttpReply perform(std::string_view body, const AttemptLimits& limits,
                                  const std::stop_token& stop);

 private:
  struct Handle;
  [[nodiscard]] std::unique_ptr<Handle> take();
  void give_back(std::unique_ptr<Handle> handle);

  TransportOptions options_;
  /// Set by a reply whose compression libcurl could not undo: later requests ask for none.
  std::atomic<bool> plain_ = false;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
};

}  // namespace skillgrad::llm
