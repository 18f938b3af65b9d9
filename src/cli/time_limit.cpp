// SPDX-License-Identifier: MIT
#include "cli/time_limit.hpp"

#include <utility>

namespace skillgrad::cli {
namespace {

class LimitNotice final : public optim::Observer {
 public:
  LimitNotice(std::unique_ptr<optim::Observer> next, const TimeLimit& limit, const Clock& clock,
              std::function<void(optim::Observer&)> say)
      : next_(std::move(next)), limit_(limit), clock_(clock), say_(std::move(say)) {}

  void progress(const std::string& stage, std::size_t done, std::size_t total) override {
    next_->progress(stage, done, total);
  }
  void iteration(const optim::IterationRow& row) override { next_->iteration(row); }
  void notice(const std::string& text) override { next_->notice(text); }
  void tick() override {
    if (limit_.passed(clock_.now()) && !said_.exchange(true)) say_(*next_);
    next_->tick();
  }

 private:
  std::unique_ptr<optim::Observer> next_;
  const TimeLimit& limit_;
  const Clock& clock_;
  std::function<void(optim::Observer&)> say_;
  std::atomic<bool> said_{false};
};

}  // namespace

std::unique_ptr<optim::Observer> say_when_over(std::unique_ptr<optim::Observer> next,
                                               const TimeLimit& limit, const Clock& clock,
                                               std::function<void(optim::Observer&)> say) {
  return std::make_unique<LimitNotice>(std::move(next), limit, clock, std::move(say));
}

}  // namespace skillgrad::cli
