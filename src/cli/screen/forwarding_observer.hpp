// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <skillgrad/optim/observer.hpp>

namespace skillgrad::cli {

/// Passes everything on, so that a link of the chain of observers says only what it does itself and
/// loses nothing that it does not know. Threads as of Observer.
class ForwardingObserver : public optim::Observer {
 public:
  explicit ForwardingObserver(std::unique_ptr<optim::Observer> after) : next_(std::move(after)) {}

  void progress(const std::string& stage, std::size_t done, std::size_t total) override {
    next_->progress(stage, done, total);
  }
  void iteration(const optim::IterationRow& row) override { next_->iteration(row); }
  void planned(std::size_t iterations) override { next_->planned(iterations); }
  void notice(const std::string& text) override { next_->notice(text); }
  void rollout(const std::string& stage, const optim::LossRecord& record) override {
    next_->rollout(stage, record);
  }
  void ended(const Json& result) override { next_->ended(result); }
  void tick() override { next_->tick(); }

 protected:
  [[nodiscard]] optim::Observer& next() { return *next_; }

 private:
  std::unique_ptr<optim::Observer> next_;
};

}  // namespace skillgrad::cli
