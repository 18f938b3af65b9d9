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

#include "llm/transport/http_reply.hpp"

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

/// Sends requests over libcurl. Thread-safe: each request takes a handle with its own connection
/// out of a pool and puts it back, so connections stay warm and are never shared at one time.
class Transport {
 public:
  explicit Transport(TransportOptions options);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Blocks; a stop request ends it within half a second, in which a reply that comes is kept.
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
