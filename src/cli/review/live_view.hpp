// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/report/watch.hpp>
#include <skillgrad/web/private_server.hpp>

namespace skillgrad::cli {

/// The report of a run as a page that follows it. A question whether something is new costs a few
/// looks at files; the run is read again only where it has changed, and so seldom that reading
/// takes at most a fifth of the time. Thread-safe.
class LiveView {
 public:
  /// Errors: those of read_run().
  [[nodiscard]] static Result<std::unique_ptr<LiveView>> open(fs::path run, const Clock& clock);

  /// The page itself, "version" (small, to be polled) and "data" (what the page shows).
  void serve_on(web::PrivateServer::Site& site);
  /// As of now. Where the run has come to its end, `shown` says whether a page has its last state.
  struct Now {
    report::RunCondition condition = report::RunCondition::working;
    bool shown = false;
  };
  [[nodiscard]] Now now();
  /// Where a patch waits, the page of its review stands at the same address.
  void say_asks_here() { asks_here_ = true; }
  /// From now on pages are told not to ask again.
  void say_goodbye();

 private:
  LiveView(fs::path run, const Clock& clock) : run_(std::move(run)), clock_(clock), watch_(run_) {}
  Result<> read();
  /// What "version" answers.
  [[nodiscard]] Json look();
  [[nodiscard]] std::string html();
  [[nodiscard]] std::string data();

  const fs::path run_;
  const Clock& clock_;
  std::mutex mutex_;
  report::RunWatch watch_;
  report::RunReport report_;
  std::string blocks_;    ///< page_blocks() of report_ as text; "": not made yet
  std::string version_;   ///< of report_
  std::string problem_;   ///< why it could not be read again
  std::string shown_;     ///< version that a page got last
  SteadyTime read_at_{};  ///< when reading ended
  Duration reading_{};    ///< how long it took
  bool goodbye_ = false, asks_here_ = false;
};

}  // namespace skillgrad::cli
