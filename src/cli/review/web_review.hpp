// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include <skillgrad/web/private_server.hpp>

#include "cli/review/review_session.hpp"

namespace skillgrad::cli {

/// The page of a review, and what its buttons do. Thread-safe.
class ReviewPage {
 public:
  /// `session` outlives it.
  explicit ReviewPage(ReviewSession& session) : session_(session) {}

  /// It is about a patch that a run waits with; before the page is served.
  void ask_for(int iteration, std::string head) {
    iteration_ = iteration;
    head_ = std::move(head);
  }
  [[nodiscard]] std::string html() const;
  /// {"id","decision","comment","text"} of one hunk.
  [[nodiscard]] Result<Json> decide(const Json& body);
  /// {"comment"} on the whole.
  [[nodiscard]] Result<Json> comment(const Json& body);

 private:
  ReviewSession& session_;
  int iteration_ = 0;  ///< that waits; 0: none
  std::string head_;
};

/// The page on a server of its own (web::PrivateServer).
class WebReview {
 public:
  /// `session` outlives it. Port 0: any free one. Errors: io (port taken, no random bytes).
  [[nodiscard]] static Result<std::unique_ptr<WebReview>> start(ReviewSession& session, int port);
  ~WebReview();
  WebReview(const WebReview&) = delete;
  WebReview& operator=(const WebReview&) = delete;

  [[nodiscard]] std::string url() const { return server_->url(); }
  /// Returns when the page has been told to finish, or when a stop is asked for.
  void wait(const std::stop_token& stop);

 private:
  explicit WebReview(ReviewSession& session) : session_(session), page_(session) {}
  [[nodiscard]] Result<Json> finish();

  ReviewSession& session_;
  ReviewPage page_;
  std::mutex mutex_;
  std::condition_variable_any ended_;
  bool finished_ = false;
  std::unique_ptr<web::PrivateServer> server_;  // last: its threads use all of the above
};

}  // namespace skillgrad::cli
