// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/clock.hpp>
#include <skillgrad/llm/accountant.hpp>
#include <skillgrad/optim/observer.hpp>

#include "cli/settings/options.hpp"
#include "cli/telemetry/exporter.hpp"

namespace skillgrad::cli {

/// What a trace is of.
struct TracedRun {
  std::string command, folder, model;
  std::string identity;  ///< of the run: equal runs have equal ids
  bool resumed = false;  ///< an earlier process worked on it: this one's spans get ids of their own
};

/// The spans of a run in the conventions of OpenTelemetry: run, iterations, stages, rollouts, and
/// below them each attempt of a call and each tool. They hold names, times and numbers, and no text
/// that a model read or wrote. Thread-safe.
class RunSpans {
 public:
  /// For --otlp. Errors: config (an address that is none, OTEL_EXPORTER_OTLP_HEADERS).
  [[nodiscard]] static Result<std::unique_ptr<RunSpans>> open(const Settings& settings,
                                                              TracedRun run, const Clock& clock);
  RunSpans(TracedRun run, std::string address, std::unique_ptr<llm::JsonPoster> poster,
           const Clock& clock, ExportLimits limits = {});
  ~RunSpans();
  RunSpans(const RunSpans&) = delete;
  RunSpans& operator=(const RunSpans&) = delete;

  /// Passes everything on to `inner`, which outlives this, and sees the attempts.
  [[nodiscard]] llm::CallRecorder& record(llm::CallRecorder& inner);
  [[nodiscard]] agent::ToolWatch& tools();
  /// Passes everything on to `next`, and sees stages and rollouts. This must outlive it.
  [[nodiscard]] std::unique_ptr<optim::Observer> observe(std::unique_ptr<optim::Observer> next);

 private:
  class Recorder;
  class Tools;
  class Watcher;
  struct Stage {
    std::string id, parent;
    WallTime begin{}, last{};
  };

  void stage(const std::string& label);
  void rollout(const std::string& label, const optim::LossRecord& record);
  void iteration(const optim::IterationRow& row);
  void call(const llm::LedgerRow& row);
  void tool(const agent::ToolRun& run);
  void end(const Json* result);

  [[nodiscard]] std::string id(const std::string& what) const;
  /// Of the rollout, the iteration or the run that a scope is of.
  [[nodiscard]] std::string parent_of(const std::string& scope);
  [[nodiscard]] std::string iteration_id(int number);
  void close_stage(const std::string& label, const Stage& stage);
  [[nodiscard]] WallTime before(Duration duration) const;

  const TracedRun run_;
  const std::string address_;
  const Clock& clock_;
  const WallTime begin_;
  std::string trace_, salt_, root_;
  std::mutex mutex_;
  std::map<std::string, Stage> stages_;       ///< that go on, by label
  std::map<std::string, int> opened_;         ///< how often each stage was begun
  std::map<int, WallTime> iterations_;        ///< that go on: when they began
  std::map<std::string, WallTime> rollouts_;  ///< whose parts were seen, and not their end
  bool ended_ = false;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Tools> tools_;
  SpanExporter exporter_;
};

/// Where traces go, of an endpoint of OTLP over HTTP: `/v1/traces` below it, unless it says so.
[[nodiscard]] std::string traces_url(std::string endpoint);
/// "name=value,name=value" with values that may be percent-encoded. Errors: config.
[[nodiscard]] Result<std::vector<std::pair<std::string, Secret>>> otlp_headers(
    const std::string& text);

}  // namespace skillgrad::cli
