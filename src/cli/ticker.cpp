// SPDX-License-Identifier: MIT
#include "cli/ticker.hpp"

#include <thread>

namespace skillgrad::cli {
namespace {

class Ticker final : public optim::Observer {
 public:
  Ticker(std::unique_ptr<optim::Observer> next, Clock& clock)
      : next_(std::move(next)), thread_([this, &clock](const std::stop_token& stop) {
          while (clock.sleep_for(std::chrono::seconds(1), stop)) next_->tick();
        }) {}

  void progress(const std::string& stage, std::size_t done, std::size_t total) override {
    next_->progress(stage, done, total);
  }
  void iteration(const optim::IterationRow& row) override { next_->iteration(row); }
  void notice(const std::string& text) override { next_->notice(text); }
  void rollout(const std::string& stage, const optim::LossRecord& record) override {
    next_->rollout(stage, record);
  }
  void ended(const Json& result) override { next_->ended(result); }
  void tick() override { next_->tick(); }

 private:
  std::unique_ptr<optim::Observer> next_;
  std::jthread thread_;  ///< ends before what it ticks
};

}  // namespace

std::unique_ptr<optim::Observer> with_ticks(std::unique_ptr<optim::Observer> next, Clock& clock) {
  return std::make_unique<Ticker>(std::move(next), clock);
}

}  // namespace skillgrad::cli
