// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skillgrad::fault {

using Milliseconds = std::chrono::milliseconds;

/// Bytes that are written after a pause.
struct Chunk {
  std::string bytes;
  Milliseconds delay{0};
};

/// What happens to the connection after the last byte.
enum class End {
  keep_alive,
  close,  ///< FIN
  reset,  ///< RST
  hang    ///< nothing more is sent until the client or the server goes away
};

/// One scripted answer, byte by byte.
struct Step {
  std::string status_line = "HTTP/1.1 200 OK";  ///< "": no status line, no headers
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<Chunk> chunks;
  bool content_length = true;  ///< adds the right Content-Length, if none is given
  End end = End::keep_alive;
};

/// A request as it arrived.
struct Hit {
  std::string method, target, version;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  std::chrono::steady_clock::time_point time;
  int connection = 0;  ///< number of the connection it came over, from 0

  [[nodiscard]] std::string header(const std::string& lower_name) const;
};

/// A scripted HTTP server on 127.0.0.1 over raw sockets: it does exactly what a step says, however
/// wrong. One thread per connection. Thread-safe.
class Server {
 public:
  /// `number` is the 0-based number of the hit on the route (all routes, for the default one).
  using Handler = std::function<Step(const Hit& hit, std::size_t number)>;

  Server();
  ~Server();  ///< closes everything and joins; never waits for a script's delay
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Steps in order; the last one repeats.
  void script(std::vector<Step> steps);
  void handler(Handler handler);
  /// For one method and path ("GET /v1/models"); the query does not count.
  void route(const std::string& method_and_path, Handler handler);
  void route(const std::string& method_and_path, std::vector<Step> steps);
  /// Raw bytes are sent as soon as a connection is accepted; nothing is read.
  void accept_silently();

  [[nodiscard]] int port() const;
  [[nodiscard]] std::string origin() const;    ///< "http://127.0.0.1:PORT"
  [[nodiscard]] std::string base_url() const;  ///< origin + "/v1"
  [[nodiscard]] std::vector<Hit> hits() const;
  [[nodiscard]] std::size_t hit_count() const;
  /// Hits of one method.
  [[nodiscard]] std::size_t hit_count(const std::string& method) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A JSON body with its headers.
[[nodiscard]] Step json_step(int status, std::string body,
                             std::vector<std::pair<std::string, std::string>> headers = {});
/// Server-sent events in the given pieces; the connection is closed at the end.
[[nodiscard]] Step stream_step(std::vector<std::string> pieces, End end = End::close);
/// A plain text or HTML body.
[[nodiscard]] Step text_step(int status, std::string content_type, std::string body);
/// The connection ends before any byte is sent.
[[nodiscard]] Step drop_step(End end);
/// Bytes as they are, without anything added.
[[nodiscard]] Step raw_step(std::string bytes, End end);

/// A whole chat completion with this text, or with these tool calls (JSON array text).
[[nodiscard]] std::string chat_body(const std::string& content);
[[nodiscard]] std::string tool_body(const std::string& tool_calls_json,
                                    const std::string& finish_reason = "tool_calls");

/// What a strict provider would refuse in the body of a chat request: tool results missing, extra
/// or out of order, empty assistant turns, arguments that are no JSON object; "" if nothing.
[[nodiscard]] std::string history_problem(const std::string& body);

}  // namespace skillgrad::fault
