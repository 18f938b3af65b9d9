// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include <skillgrad/web/loopback_server.hpp>

#include "cli/review/review_session.hpp"

namespace skillgrad::cli {

/// The page of a review on 127.0.0.1. Its address holds a secret of 128 bits; requests that name
/// another host, come from another page or lack the secret are refused, and what changes something
/// has to be JSON by POST from the page itself, so that no other page and no other name of this
/// machine (DNS rebinding) reaches it.
class WebReview {
 public:
  /// `session` outlives it. Port 0: any free one. Errors: io (port taken, no random bytes).
  [[nodiscard]] static Result<std::unique_ptr<WebReview>> start(ReviewSession& session, int port);
  ~WebReview();
  WebReview(const WebReview&) = delete;
  WebReview& operator=(const WebReview&) = delete;

  [[nodiscard]] std::string url() const;
  /// Returns when the page has been told to finish, or when a stop is asked for.
  void wait(const std::stop_token& stop);

 private:
  explicit WebReview(ReviewSession& session);
  [[nodiscard]] bool is_ours(const httplib::Request& request) const;
  [[nodiscard]] bool has_secret(const httplib::Request& request, const std::string& name) const;
  void refuse_strangers();
  void serve_page(const httplib::Request& request, httplib::Response& response);
  void take_decision(const httplib::Request& request, httplib::Response& response);
  [[nodiscard]] Result<Json> answer(const std::string& what, const Json& body);
  [[nodiscard]] Result<Json> decide(const Json& body);

  ReviewSession& session_;
  std::string secret_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable_any ended_;
  bool finished_ = false;
  web::LoopbackServer http_;  // last: its threads use all of the above
};

}  // namespace skillgrad::cli
