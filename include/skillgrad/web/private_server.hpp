// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <skillgrad/core/json.hpp>
#include <skillgrad/web/loopback_server.hpp>

namespace skillgrad::web {

/// Pages for one person on 127.0.0.1. Their address holds a secret of 128 bits; requests that name
/// another host, come from another page or lack the secret are refused, and what changes something
/// has to be JSON by POST from the page itself, so that no other page and no other name of this
/// machine (DNS rebinding) reaches it.
class PrivateServer {
 public:
  /// What a handler answers: `type` is that of `body`.
  struct Answer {
    std::string body;
    std::string type = "application/json";
  };
  /// Thread-safe, as all handlers are called from several threads at once.
  using Page = std::function<Answer()>;
  /// Gets the body as JSON; an error is answered with its message and its mend.
  using Action = std::function<Result<Json>(const Json& body)>;

  /// Served below the secret: "" is the page itself.
  struct Site {
    std::map<std::string, Page> pages;
    std::map<std::string, Action> actions;
  };
  /// Port 0: any free one. Errors: io (port taken, no random bytes).
  [[nodiscard]] static Result<std::unique_ptr<PrivateServer>> start(Site site, int port);
  ~PrivateServer();
  PrivateServer(const PrivateServer&) = delete;
  PrivateServer& operator=(const PrivateServer&) = delete;

  [[nodiscard]] std::string url() const;
  /// Ends all connections; no handler is at work afterwards. Idempotent.
  void close();

 private:
  explicit PrivateServer(Site site);
  [[nodiscard]] bool is_ours(const httplib::Request& request) const;
  [[nodiscard]] bool has_secret(const httplib::Request& request, const std::string& name) const;
  void refuse_strangers();
  void serve_page(const httplib::Request& request, httplib::Response& response) const;
  void take_action(const httplib::Request& request, httplib::Response& response) const;

  Site site_;
  std::string secret_;
  int port_ = 0;
  std::mutex mutex_;     ///< held until the port is known
  LoopbackServer http_;  // last: its threads use all of the above
};

}  // namespace skillgrad::web
