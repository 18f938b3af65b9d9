// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include <skillgrad/llm/http_post.hpp>

#include "cli/telemetry/span.hpp"

namespace skillgrad::cli {

struct ExportLimits {
  std::size_t waiting = 4096;  ///< spans that are kept for a collector that is slow
  std::size_t batch = 512;
  std::chrono::milliseconds every{2000}, post{5000}, pause{1000};
  int tries = 3;                         ///< of a batch, while the run goes on
  std::chrono::milliseconds last{5000};  ///< at the end, for all that is left
};

/// Sends spans from a thread of its own: add() never waits for the collector, and what finds the
/// queue full is counted and forgotten.
class SpanExporter {
 public:
  /// What became of the spans.
  struct Sum {
    std::size_t sent = 0, lost = 0;
    std::string problem;  ///< the last one
  };
  /// `body` makes a request of spans. `complain` hears of the first failure, from the thread.
  SpanExporter(std::unique_ptr<llm::JsonPoster> poster,
               std::function<std::string(const std::vector<TraceSpan>&)> body,
               std::function<void(const std::string& problem)> complain, ExportLimits limits = {});
  ~SpanExporter();
  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;

  void add(TraceSpan span);
  /// Sends what is left within ExportLimits::last; later spans are lost. Once.
  Sum finish();

 private:
  void work(const std::stop_token& stop);
  [[nodiscard]] std::vector<TraceSpan> take(const std::stop_token& stop);
  bool deliver(const std::vector<TraceSpan>& spans, const std::stop_token& stop);
  bool post(const std::vector<TraceSpan>& spans, std::chrono::milliseconds limit);
  void note_problem(std::string problem);

  std::unique_ptr<llm::JsonPoster> poster_;
  std::function<std::string(const std::vector<TraceSpan>&)> body_;
  std::function<void(const std::string&)> complain_;
  const ExportLimits limits_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<TraceSpan> waiting_;
  Sum sum_;
  bool closed_ = false, complained_ = false;
  std::chrono::steady_clock::time_point end_{};  ///< set before the thread is stopped
  std::jthread thread_;
};

}  // namespace skillgrad::cli
