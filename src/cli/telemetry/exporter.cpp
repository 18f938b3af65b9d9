// SPDX-License-Identifier: MIT
#include "cli/telemetry/exporter.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

namespace skillgrad::cli {
namespace {

/// Spans that the collector took the request of, and refused: `partialSuccess` of its answer.
std::size_t refused_in(const std::string& body, std::string& why) {
  const auto value = parse_json(body, "answer of the collector");
  if (!value || !value->is_object()) return 0;
  const Json part = value->value("partialSuccess", Json());
  if (!part.is_object()) return 0;
  if (const Json text = part.value("errorMessage", Json()); text.is_string())
    why = text.get<std::string>();
  const Json count = part.value("rejectedSpans", Json());  // a number, or a text of one
  if (count.is_number_unsigned()) return count.get<std::size_t>();
  if (!count.is_string()) return 0;
  const Json number = Json::parse(count.get<std::string>(), nullptr, false);
  return number.is_number_unsigned() ? number.get<std::size_t>() : 0;
}

}  // namespace

SpanExporter::SpanExporter(std::unique_ptr<llm::JsonPoster> poster,
                           std::function<std::string(const std::vector<TraceSpan>&)> body,
                           std::function<void(const std::string&)> complain, ExportLimits limits)
    : poster_(std::move(poster)),
      body_(std::move(body)),
      complain_(std::move(complain)),
      limits_(limits),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

SpanExporter::~SpanExporter() { static_cast<void>(finish()); }

void SpanExporter::add(TraceSpan span) {
  const std::lock_guard lock(mutex_);
  if (closed_ || waiting_.size() >= limits_.waiting) {
    ++sum_.lost;
    return;
  }
  waiting_.push_back(std::move(span));
  if (waiting_.size() >= limits_.batch) changed_.notify_one();
}

SpanExporter::Sum SpanExporter::finish() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return sum_;
    closed_ = true;
    end_ = std::chrono::steady_clock::now() + limits_.last;
  }
  thread_.request_stop();
  thread_.join();
  const std::lock_guard lock(mutex_);
  sum_.lost += waiting_.size();
  waiting_.clear();
  return sum_;
}

void SpanExporter::work(const std::stop_token& stop) {
  while (true) {
    const std::vector<TraceSpan> spans = take(stop);
    if (spans.empty() && stop.stop_requested()) return;
    if (spans.empty()) continue;
    const bool done = deliver(spans, stop);
    if (done) continue;
    const std::lock_guard lock(mutex_);
    sum_.lost += spans.size();
    // At the end, a collector that does not take one batch is not waited for with the next.
    if (stop.stop_requested()) return;
  }
}

std::vector<TraceSpan> SpanExporter::take(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, limits_.every, [&] { return waiting_.size() >= limits_.batch; });
  const auto count =
      static_cast<std::ptrdiff_t>(std::min<std::size_t>(waiting_.size(), limits_.batch));
  std::vector<TraceSpan> out(std::make_move_iterator(waiting_.begin()),
                             std::make_move_iterator(waiting_.begin() + count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  return out;
}

bool SpanExporter::deliver(const std::vector<TraceSpan>& spans, const std::stop_token& stop) {
  for (int tried = 0; tried < limits_.tries && !stop.stop_requested(); ++tried) {
    if (post(spans, limits_.post)) return true;
    std::unique_lock lock(mutex_);
    // Never true: only time, or the end, goes on.
    changed_.wait_for(lock, stop, limits_.pause * (1 << tried), [] { return false; });
  }
  if (!stop.stop_requested()) return false;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      end_ - std::chrono::steady_clock::now());
  return left.count() > 0 && post(spans, std::min(left, limits_.post));
}

bool SpanExporter::post(const std::vector<TraceSpan>& spans, std::chrono::milliseconds limit) {
  const llm::PostReply reply = poster_->post(body_(spans), limit, {});
  if (reply.status < 200 || reply.status > 299) {
    note_problem(reply.status == 0 ? reply.problem : "HTTP " + std::to_string(reply.status));
    return false;
  }
  std::string why;
  const std::size_t refused = std::min(refused_in(reply.body, why), spans.size());
  if (refused > 0) note_problem("the collector refused some: " + truncate_middle(why, 200));
  const std::lock_guard lock(mutex_);
  sum_.sent += spans.size() - refused;
  sum_.lost += refused;
  return true;
}

void SpanExporter::note_problem(std::string problem) {
  // A collector's own words may be among it, and the note is one line of a terminal.
  problem = replace_all(strip_control(problem), "\n", " ");
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    sum_.problem = problem;
    first = !std::exchange(complained_, true) && !closed_;
  }
  if (first) complain_(problem);
}

}  // namespace skillgrad::cli
