// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/llm/accountant.hpp>
#include <skillgrad/llm/chat.hpp>
#include <skillgrad/llm/endpoint_options.hpp>
#include <skillgrad/llm/limits.hpp>

namespace skillgrad::llm {

class ExchangeStore;   // exchange_store.hpp
class LearnedChanges;  // exchange_store.hpp

/// Everything a client needs besides the endpoint. All references outlive the client.
struct ClientDependencies {
  Clock* clock = nullptr;
  Accountant* accountant = nullptr;
  CallRecorder* recorder = nullptr;  ///< may be null: nothing is recorded
  /// Calls kept beyond the run, asked in this order; may be null.
  ExchangeStore *cassette = nullptr, *cache = nullptr;
  LearnedChanges* learned = nullptr;  ///< may be null: nothing is known, nothing is kept
  const Redactor* redactor = nullptr;
  Limits* limits = nullptr;  ///< null: the client keeps to the limits alone
  std::uint64_t jitter_seed = 0;
  std::function<void(const std::string& line)> warn;  ///< one-time warnings, already redacted
};

/// The HTTP client. One per endpoint and model; thread-safe, any number of calls at once (each
/// thread reuses its own connection).
[[nodiscard]] Result<std::unique_ptr<ChatModel>> make_client(EndpointOptions options,
                                                             ClientDependencies dependencies);
/// What GET {base}/models brought. The list is a nicety: only a call shows what an endpoint does.
struct ModelList {
  std::vector<std::string> names;
  std::optional<Error> failure;  ///< as of complete(); the list is then empty
  /// The endpoint could be connected to, so the failure is one of the list alone.
  bool connected = true;
};
[[nodiscard]] ModelList list_models(const EndpointOptions& options,
                                    std::chrono::milliseconds timeout, const std::stop_token& stop);

}  // namespace skillgrad::llm
