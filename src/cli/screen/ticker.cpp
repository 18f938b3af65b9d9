// SPDX-License-Identifier: MIT
#include "cli/screen/ticker.hpp"

#include <thread>

#include "cli/screen/forwarding_observer.hpp"

namespace skillgrad::cli {
namespace {

class Ticker final : public ForwardingObserver {
 public:
  Ticker(std::unique_ptr<optim::Observer> next, Clock& clock)
      : ForwardingObserver(std::move(next)), thread_([this, &clock](const std::stop_token& stop) {
          while (clock.sleep_for(std::chrono::seconds(1), stop)) this->next().tick();
        }) {}

 private:
  std::jthread thread_;  ///< ends before what it ticks
};

}  // namespace

std::unique_ptr<optim::Observer> with_ticks(std::unique_ptr<optim::Observer> next, Clock& clock) {
  return std::make_unique<Ticker>(std::move(next), clock);
}

}  // namespace skillgrad::cli
