// SPDX-License-Identifier: MIT
#include "cli/review/live_view.hpp"

#include <algorithm>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::cli {
namespace {

constexpr Duration kSeldom = std::chrono::milliseconds(700);
constexpr int kTimesReading = 4;  ///< times that reading took until it is done again

}  // namespace

Result<std::unique_ptr<LiveView>> LiveView::open(fs::path run, const Clock& clock) {
  std::unique_ptr<LiveView> out(new LiveView(std::move(run), clock));
  SKILLGRAD_CHECK(out->read());
  return out;
}

Result<> LiveView::read() {
  const auto started = clock_.now();
  // Looked at first: what is written while it is read is read once more.
  static_cast<void>(watch_.look());
  const std::string version = watch_.version();
  auto report = report::read_run(run_);
  read_at_ = clock_.now();
  reading_ = read_at_ - started;
  if (!report) return tl::unexpected(std::move(report).error());
  report_ = std::move(*report);
  version_ = version;
  blocks_.clear();
  return {};
}

Json LiveView::look() {
  report::Standing standing = watch_.look();
  if (watch_.version() != version_ &&
      clock_.now() - read_at_ >= std::max(kSeldom, kTimesReading * reading_)) {
    const auto done = read();
    problem_ = done ? "" : done.error().message;
  }
  Json status = to_json(standing);
  status["cost_usd"] = report_.spent.cost_usd ? Json(*report_.spent.cost_usd) : Json();
  status["problem"] = problem_.empty() ? Json() : Json(problem_);
  status["verdict"] = report_.verdict.line;
  return {{"version", sha256_hex(version_).substr(0, 16)},
          {"again", !goodbye_},
          {"asks_here", asks_here_},
          {"status", report::shown_texts(std::move(status))}};
}

std::string LiveView::html() {
  const std::lock_guard lock(mutex_);
  const Json view = look();
  shown_ = version_;
  return report::html_page(report_, {.review = nullptr, .view = view});
}

std::string LiveView::data() {
  const std::lock_guard lock(mutex_);
  const Json now = look();
  shown_ = version_;
  if (blocks_.empty()) blocks_ = dump_json(report::page_blocks(report_));  // for several pages
  std::string out = dump_json(now);
  out.replace(out.size() - 1, 1, ",\"blocks\":" + blocks_ + "}");
  return out;
}

void LiveView::serve_on(web::PrivateServer::Site& site) {
  using Answer = web::PrivateServer::Answer;
  site.pages[""] = [this] { return Answer{html(), "text/html; charset=utf-8"}; };
  site.pages["version"] = [this] {
    const std::lock_guard lock(mutex_);
    return Answer{dump_json(look())};
  };
  site.pages["data"] = [this] { return Answer{data()}; };
}

LiveView::Now LiveView::now() {
  const std::lock_guard lock(mutex_);
  const auto condition = watch_.look().condition;
  return {condition, watch_.version() == shown_};
}

void LiveView::say_goodbye() {
  const std::lock_guard lock(mutex_);
  goodbye_ = true;
}

}  // namespace skillgrad::cli
