// SPDX-License-Identifier: MIT
#include "cli/run/time_limit.hpp"

#include <utility>

#include "cli/screen/forwarding_observer.hpp"

namespace skillgrad::cli {
namespace {

class LimitNotice final : public ForwardingObserver {
 public:
  LimitNotice(std::unique_ptr<optim::Observer> next, const TimeLimit& limit, const Clock& clock,
              std::function<void(optim::Observer&)> say)
      : ForwardingObserver(std::move(next)), limit_(limit), clock_(clock), say_(std::move(say)) {}

  void tick() override {
    if (limit_.held()) return;  // nor is anything drawn over what a person reads
    if (limit_.passed(clock_.now()) && !said_.exchange(true)) say_(next());
    next().tick();
  }

 private:
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
