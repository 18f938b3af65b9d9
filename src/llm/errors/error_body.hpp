// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

/// What an endpoint said about an error, from any of the shapes of R3.1. Texts are
/// not yet redacted.
struct ErrorBody {
  std::string message;  ///< at most 2 KB
  std::string type, code, param;
  std::string retry_delay;    ///< RetryInfo.retryDelay of Google bodies, e.g. "34s"
  std::string provider_name;  ///< OpenRouter: who failed upstream
  std::string limit_source;   ///< OpenRouter: what limited the request
  std::string raw;            ///< OpenRouter: the upstream text
  std::optional<std::int64_t> prompt_tokens, context_tokens;  ///< llama.cpp
  bool html = false;
  bool empty = false;
  bool content_policy = false;  ///< Azure innererror, OpenRouter's list of moderation reasons
  /// Every code, type, status and reason found, one a line: a proxy puts its own over those of the
  /// endpoint behind it.
  std::string names;
  /// The text lists fields of the request that the server cannot read; llama-cpp-python does so
  /// with HTTP 500, which no retry would mend.
  bool refused_fields = false;

  /// Message, upstream provider and its text, in one line.
  [[nodiscard]] std::string text() const;
  /// Lower-case concatenation of everything a signal may stand in.
  [[nodiscard]] std::string haystack() const;
};

[[nodiscard]] ErrorBody parse_error_body(std::string_view body);
[[nodiscard]] ErrorBody parse_error_json(const Json& body);
/// True if an `error` member says that something failed: some servers send {}, false, "None" or
/// code 0 along with good replies.
[[nodiscard]] bool names_an_error(const Json& error);
/// The HTTP status an error inside a 2xx or a stream stands for: its numeric code, or the nearest
/// status of a code name; 500 when it says nothing.
[[nodiscard]] int status_of(const ErrorBody& error);

}  // namespace skillgrad::llm
