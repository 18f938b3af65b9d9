// SPDX-License-Identifier: MIT
#include "cli/screen/event_stream.hpp"

#include <mutex>

#include <skillgrad/core/json.hpp>
#include <skillgrad/optim/rollouts.hpp>

#include "cli/screen/console.hpp"
#include "cli/screen/forwarding_observer.hpp"

namespace skillgrad::cli {
namespace {

class EventStream final : public ForwardingObserver {
 public:
  EventStream(std::string target, std::unique_ptr<optim::Observer> next, const Clock& clock)
      : ForwardingObserver(std::move(next)), target_(std::move(target)), clock_(clock) {}

  void progress(const std::string& stage, std::size_t done, std::size_t total) override {
    write({{"event", "progress"}, {"stage", stage}, {"done", done}, {"total", total}});
    next().progress(stage, done, total);
  }
  void iteration(const optim::IterationRow& row) override {
    write({{"event", "iteration"},
           {"iteration", row.iteration},
           {"decision", name_of(row.decision)},
           {"reason", row.reason},
           {"train_score", row.train_n > 0 ? Json(row.train_score) : Json()}});
    next().iteration(row);
  }
  void notice(const std::string& text) override {
    write_notice(text);
    next().notice(text);
  }
  void rollout(const std::string& stage, const optim::LossRecord& record) override {
    Json event = {{"event", "rollout"}};
    event.update(optim::rollout_event(stage, record));
    write(std::move(event));
    next().rollout(stage, record);
  }
  void ended(const Json& result) override {
    write({{"event", result.value("schema", "") == kErrorSchema ? "error" : "result"},
           {"result", result}});
    next().ended(result);
  }
  void write_notice(const std::string& text) { write({{"event", "notice"}, {"text", text}}); }

 private:
  void write(Json event) {
    Json line = {{"schema", "skillgrad.event/1"}, {"time", format_utc(clock_.wall_now())}};
    line.update(event);
    const std::string text = dump_json(line) + "\n";
    const std::lock_guard lock(mutex_);
    if (target_ == "-") {
      print_out(text);
    } else if (auto done = append_file(target_, without_secrets(text)); !done && !failed_) {
      failed_ = true;
      next().notice("events are no longer written: " + done.error().to_line());
    }
  }

  std::string target_;
  const Clock& clock_;
  std::mutex mutex_;
  bool failed_ = false;
};

}  // namespace

Result<std::unique_ptr<optim::Observer>> stream_events(const std::string& target,
                                                       const std::vector<std::string>& before,
                                                       std::unique_ptr<optim::Observer> next,
                                                       const Clock& clock) {
  if (target != "-") SKILLGRAD_CHECK(append_file(target, ""));
  auto out = std::make_unique<EventStream>(target, std::move(next), clock);
  for (const std::string& text : before) out->write_notice(text);
  return out;
}

}  // namespace skillgrad::cli
