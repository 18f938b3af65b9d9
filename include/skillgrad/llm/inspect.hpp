// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/llm/client.hpp>

namespace skillgrad::llm {

/// Everything in these options that must not be shown: the key, header values (whole and their
/// parts: token, password, cookies), the URL's query values of key, api_key, token, sig and code,
/// and the logins of the proxies that the environment names. Not the placeholders that local
/// servers want for a key, nor plain words.
[[nodiscard]] std::vector<Secret> secrets_of(const EndpointOptions& options);

/// How a server comes to call tools.
inline constexpr const char* kToolsMend =
    "start the server with tool calling (vLLM: --enable-auto-tool-choice --tool-call-parser NAME; "
    "llama.cpp: --jinja), or choose a model that can call tools";

/// For messages, keys and files: the values of such query parameters are "***".
[[nodiscard]] std::string printable_url(std::string_view url);

/// The endpoint is on this machine.
[[nodiscard]] bool is_loopback_url(const std::string& base_url);

/// What requests to an endpoint look like, before anything is sent. Holds no secret.
struct EndpointFacts {
  std::string url;                   ///< final; query values that are keys are hidden
  std::vector<std::string> headers;  ///< "Name: value"; values that are secrets are "***"
  std::string api;                   ///< "chat completions" or "responses"
  bool may_switch_api = false;       ///< moves to the other one where the first refuses
  std::string cap_field;             ///< name of the output cap
  std::string auth;                  ///< the header that carries the key, "" without one
  bool stream = false;
  bool stream_options = false;  ///< usage is asked for in streams
  bool empty_content = false;   ///< turns with calls only carry "" instead of null
  bool fold_system = false, strict_tools = false, mirror_reasoning = false;
};
/// Errors: config.
[[nodiscard]] Result<EndpointFacts> inspect(const EndpointOptions& options);

/// The context length that a local server gives a model, as its own API tells it.
struct ServedContext {
  std::string server;               ///< "Ollama" or "llama.cpp"
  std::int64_t context_tokens = 0;  ///< 0: the server does not say
  std::string from;                 ///< where the number stands
};
/// Asks Ollama (/api/ps, /api/show) or llama.cpp (/props), each request within `timeout` and
/// without key and headers, because these are not the paths that the user named. nullopt: another
/// server, or no answer.
[[nodiscard]] std::optional<ServedContext> ask_served_context(const EndpointOptions& options,
                                                              std::chrono::milliseconds timeout,
                                                              const std::stop_token& stop);

/// One tiny request with stream: true.
struct StreamProbe {
  bool events = false;    ///< the reply came as server-sent events, else as one JSON body
  bool complete = false;  ///< provably: with a finish reason, [DONE] or a terminal event
  double first_byte_seconds = 0, seconds = 0;
};
/// Uses what `dependencies.learned` holds. Errors as ChatModel::complete(), of one attempt.
[[nodiscard]] Result<StreamProbe> probe_stream(const EndpointOptions& options,
                                               const ClientDependencies& dependencies,
                                               const std::stop_token& stop);

}  // namespace skillgrad::llm
