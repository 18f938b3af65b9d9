// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <skillgrad/core/secret.hpp>

namespace skillgrad::llm {

class PriceTable;  // prices.hpp

/// Output cap of a call for which nobody named one. Enough for long tool calls and some hidden
/// reasoning; endpoints that allow less say so, and the cap is then cut to what they name.
inline constexpr std::int64_t kDefaultOutputCap = 16'000;

/// Where and how to call, one field for each option. Serialised into config.json without `api_key`.
struct EndpointOptions {
  std::string base_url;  ///< joined by R1.1
  /// Stands for the address in call keys, so that a resumed run finds its calls although the port
  /// of a simulated endpoint changed; empty: origin and path of the URL.
  std::string identity;
  std::string model;
  Secret api_key;                              ///< empty: no auth header
  std::map<std::string, std::string> headers;  ///< extra ones; values are secrets to the redactor
  std::string api = "auto";                    ///< auto | chat | responses
  std::string stream = "auto";                 ///< auto | on | off
  std::string http_version = "auto";           ///< auto | 1.1
  std::optional<int> max_output_tokens;
  std::optional<double> temperature;  ///< not sent unless set
  /// Each request carries a `seed` made of this number, its place in the run and its sample, so
  /// that a server that honours seeds gives equal replies to equal runs. nullopt: none is sent.
  std::optional<std::uint64_t> request_seed;
  std::string extra_body;  ///< JSON object merged last, or ""
  std::string ca_file;
  bool insecure_tls = false;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds attempt_timeout{600'000};
  std::chrono::milliseconds max_retry_after{120'000};
  /// Streams only: until the first byte, between bytes, between pieces of output.
  std::chrono::milliseconds first_byte_timeout{120'000}, idle_timeout{90'000},
      progress_timeout{300'000};
  std::size_t max_reply_bytes = std::size_t{64} << 20U;  ///< after decompression
  /// Limits of the endpoint's account, shared by all clients with the same origin and key; 0: none.
  double requests_per_minute = 0, tokens_per_minute = 0;
  int max_concurrency = 0;          ///< requests in flight at once; 0: no limit of its own
  std::int64_t context_tokens = 0;  ///< what the model can read and write together; 0: not known
  /// A reply whose token count shows that the endpoint cut the prompt: an error, or a warning.
  bool truncation_is_error = false;
  bool fold_system = false;   ///< system text goes in front of the first user message
  bool strict_tools = false;  ///< tool schemas are sent as strict
  int max_attempts_transient = 6;
  int max_attempts_rate_limit = 12;
  /// USD per million tokens, override.
  std::optional<double> price_in, price_cached, price_cache_write, price_out;
  std::shared_ptr<const PriceTable> price_table;  ///< the user's, asked before the built-in one
};

}  // namespace skillgrad::llm
