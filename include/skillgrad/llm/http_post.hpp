// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/secret.hpp>

namespace skillgrad::llm {

/// Where JSON goes that is no call of a model.
struct PostOptions {
  std::string url;  ///< final
  std::vector<std::pair<std::string, Secret>> headers;
  std::string ca_file;
  bool insecure_tls = false;
  std::size_t max_reply_bytes = 1U << 20U;
};
struct PostReply {
  int status = 0;       ///< 0: no answer came
  std::string body;     ///< at most max_reply_bytes
  std::string problem;  ///< why no answer came, without secrets
};

/// Posts JSON to one address over the client's transport: the same proxies, certificates and
/// connections that stay open. Thread-safe; nothing is retried.
class JsonPoster {
 public:
  /// Errors: config (the address is none).
  [[nodiscard]] static Result<std::unique_ptr<JsonPoster>> create(PostOptions options);
  virtual ~JsonPoster() = default;
  /// Blocks for at most `limit`; a stop request ends it within half a second.
  [[nodiscard]] virtual PostReply post(std::string_view json, std::chrono::milliseconds limit,
                                       const std::stop_token& stop) = 0;
};

}  // namespace skillgrad::llm
