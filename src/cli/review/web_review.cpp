// SPDX-License-Identifier: MIT
#include "cli/review/web_review.hpp"

#include <thread>

#include <skillgrad/core/text.hpp>

namespace skillgrad::cli {
namespace {

/// For the answer that says so to reach the page.
constexpr std::chrono::milliseconds kGrace{300};

}  // namespace

std::string ReviewPage::html() const {
  Json block = report::review_block(session_.proposal(), session_.review());
  if (iteration_ > 0) block["waiting"] = {{"iteration", iteration_}, {"head", head_}};
  return report::html_page(session_.report(), {.review = std::move(block), .view = {}});
}

Result<Json> ReviewPage::comment(const Json& body) {
  StrictReader reader(body, "the request");
  const std::string text = reader.string("comment");
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_CHECK(session_.comment(text));
  return Json{{"ok", true}};
}

Result<Json> ReviewPage::decide(const Json& body) {
  StrictReader reader(body, "the request");
  const std::string id = reader.string("id");
  report::HunkReview decision;
  decision.decision = read_named<report::HunkDecision>(reader, "decision");
  decision.comment = reader.string("comment", "");
  if (reader.has("text")) decision.text = reader.string("text");
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(const std::size_t hunk, report::find_hunk(session_.proposal(), id));
  SKILLGRAD_CHECK(session_.decide(hunk, std::move(decision)));
  const Json block = report::review_block(session_.proposal(), session_.review());
  return Json{{"ok", true}, {"hunk", block["hunks"][hunk]}};
}

Result<std::unique_ptr<WebReview>> WebReview::start(ReviewSession& session, int port) {
  std::unique_ptr<WebReview> out(new WebReview(session));
  WebReview& self = *out;
  web::PrivateServer::Site site;
  site.pages[""] = [&self] {
    return web::PrivateServer::Answer{self.page_.html(), "text/html; charset=utf-8"};
  };
  site.actions["decide"] = [&self](const Json& body) { return self.page_.decide(body); };
  site.actions["comment"] = [&self](const Json& body) { return self.page_.comment(body); };
  site.actions["finish"] = [&self](const Json& /*body*/) { return self.finish(); };
  SKILLGRAD_TRY(self.server_, web::PrivateServer::start(std::move(site), port));
  return out;
}

WebReview::~WebReview() = default;

Result<Json> WebReview::finish() {
  SKILLGRAD_CHECK(session_.save());
  const std::lock_guard lock(mutex_);
  finished_ = true;
  ended_.notify_all();
  return Json{{"ok", true}, {"summary", session_.summary()}};
}

void WebReview::wait(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, stop, [this] { return finished_; });
  const bool finished = finished_;
  lock.unlock();
  if (finished) std::this_thread::sleep_for(kGrace);
  server_->close();
}

}  // namespace skillgrad::cli
