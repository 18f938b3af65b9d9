// SPDX-License-Identifier: MIT
#include "llm/limits/limiter.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "llm/errors/delays.hpp"

namespace skillgrad::llm {

namespace {

constexpr int kSuccessesToGrow = 20;
/// Those who wait for something other than time look at their time limit this often.
constexpr auto kLook = std::chrono::milliseconds(100);

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

struct Limiter::Waiter {
  std::condition_variable_any changed;
  bool woken = false;
  std::stop_source sleep{std::nostopstate};  ///< of the sleep on the clock, if it is in one

  void wake() {
    woken = true;
    changed.notify_one();
    sleep.request_stop();
  }
};

Limiter::Presence::Presence(Limiter& limiter) : limiter_(&limiter) {
  const std::scoped_lock lock(limiter.mutex_);
  turn_ = limiter.next_turn_++;
  ++limiter.present_;
}

Limiter::Presence::~Presence() {
  const std::scoped_lock lock(limiter_->mutex_);
  --limiter_->present_;
}

Limiter::Permit::Permit(Permit&& other) noexcept
    : limiter_(std::exchange(other.limiter_, nullptr)),
      clock_(other.clock_),
      tokens_(other.tokens_),
      epoch_(other.epoch_) {}

Limiter::Permit& Limiter::Permit::operator=(Permit&& other) noexcept {
  std::swap(limiter_, other.limiter_);
  std::swap(clock_, other.clock_);
  std::swap(tokens_, other.tokens_);
  std::swap(epoch_, other.epoch_);
  return *this;
}

Limiter::Permit::~Permit() {
  if (limiter_ != nullptr) limiter_->withdraw(*this);
}

void Limiter::Permit::end(const AttemptEnd& end) {
  if (limiter_ == nullptr) return;
  limiter_->settle(*this, end);
  limiter_ = nullptr;
}

void Limiter::configure(const LimiterOptions& options) {
  const std::scoped_lock lock(mutex_);
  requests_.configure(options.requests_per_minute);
  tokens_.configure(options.tokens_per_minute);
  if (options.max_concurrency <= 0) return;
  max_concurrency_ = max_concurrency_ > 0 ? std::min(max_concurrency_, options.max_concurrency)
                                          : options.max_concurrency;
}

void Limiter::share(std::size_t processes) {
  const std::scoped_lock lock(mutex_);
  requests_.share(processes);
  tokens_.share(processes);
}

Limiter::Entry Limiter::enter(const Entrant& entrant, Clock& clock) {
  std::unique_lock lock(mutex_);
  if (tokens_.configured() > 0 && entrant.tokens > tokens_.configured()) {
    return too_large(entrant.tokens);
  }
  Waiter waiter;
  const auto place = line_.emplace(entrant.turn, &waiter).first;
  Entry entry;
  while (true) {
    waiter.woken = false;
    const SteadyTime now = clock.now();
    const bool first = place == line_.begin();
    const auto ahead = static_cast<std::size_t>(std::distance(line_.begin(), place));
    const Start start = start_of(entrant, ahead, now);
    if (auto refused = refuse(entrant, start, now)) {
      entry = std::move(*refused);
      break;
    }
    if (first && slot_free() && start.at <= now) {
      entry.permit = admit(entrant, clock, now);
      break;
    }
    // Time alone does not help those who wait for others, and those whom only others can help.
    const bool others = !first || !slot_free() || (entrant.limit && start.at > *entrant.limit);
    if (others) {
      wait(waiter, entrant, lock);
    } else {
      sleep(waiter, entrant, clock, start.at - now, lock);
    }
  }
  line_.erase(place);
  wake_first();
  return entry;
}

Limiter::Hold Limiter::hold_of(const Bucket& bucket, double amount, SteadyTime now) const {
  Hold out;
  out.until = bucket.ready_at(bucket.fitting(amount), now);
  if (out.until <= now) return out;
  const bool tokens = &bucket == &tokens_;
  out.learned = bucket.learned_limit_holds() || bucket.blocked_until() >= out.until;
  const std::string what = bucket.per_minute() > 0
                               ? fmt::format("{} {} a minute", format_double(bucket.per_minute()),
                                             tokens ? "tokens" : "requests")
                               : std::string(tokens ? "tokens" : "requests");
  out.why = out.learned ? fmt::format("the endpoint's own limit of {} (x-ratelimit headers)", what)
                        : fmt::format("the limit of {} (--{})", what, tokens ? "tpm" : "rpm");
  return out;
}

Limiter::Hold Limiter::hold(const Entrant& entrant, SteadyTime now) const {
  const std::scoped_lock lock(mutex_);
  Hold out = hold_of(requests_, 1, now);
  const Hold tokens = hold_of(tokens_, entrant.tokens, now);
  if (tokens.until > out.until) out = tokens;
  if (pause_until_ > std::max(out.until, now)) {
    out = {"the endpoint asked for a pause", pause_until_, false};
  }
  return out;
}

Limiter::Entry Limiter::too_large(double tokens) const {
  Entry entry;
  entry.refusal = Refusal::too_large;
  entry.text = fmt::format(
      "the request may take {:.0f} tokens (estimated prompt and output cap), more than the limit "
      "of {} tokens per minute",
      tokens, format_double(tokens_.configured()));
  return entry;
}

Limiter::Start Limiter::start_of(const Entrant& entrant, std::size_t ahead, SteadyTime now) const {
  const double requests = static_cast<double>(ahead) + 1;
  const SteadyTime held = std::max(
      {now, pause_until_, next_start_, requests_.ready_at(requests, now), tokens_.blocked_until()});
  Start start;
  start.at = std::max(held, tokens_.ready_at(tokens_.fitting(entrant.tokens), now));
  start.at_best = in_flight_ > 0 ? held : start.at;
  return start;
}

std::optional<Limiter::Entry> Limiter::refuse(const Entrant& entrant, const Start& start,
                                              SteadyTime now) const {
  Entry entry;
  if (entrant.stop.stop_requested()) {
    entry.refusal = Refusal::stopped;
  } else if (entrant.abandon && entrant.abandon()) {
    entry.refusal = Refusal::abandoned;
  } else if (entrant.limit && now >= *entrant.limit) {
    entry.refusal = Refusal::late;
  } else if (pause_until_ - now > entrant.longest_pause) {
    entry.refusal = Refusal::pause;
    entry.text = fmt::format(
        "the endpoint asked all requests of this key to wait; {:.0f} s of it are left, more than "
        "the limit of {:.0f} s",
        in_seconds(pause_until_ - now), in_seconds(entrant.longest_pause));
  } else if (entrant.limit && start.at_best > *entrant.limit) {
    entry.refusal = Refusal::no_room;
    entry.text = fmt::format(
        "the limits of the endpoint's account let the request start in {:.1f} s; the time limit "
        "passes in {:.1f} s",
        in_seconds(start.at_best - now), in_seconds(*entrant.limit - now));
  } else {
    return std::nullopt;
  }
  return entry;
}

bool Limiter::slot_free() const {
  if (allowed_ > 0 && in_flight_ >= allowed_) return false;
  return max_concurrency_ <= 0 || in_flight_ < max_concurrency_;
}

Limiter::Permit Limiter::admit(const Entrant& entrant, Clock& clock, SteadyTime now) {
  Permit permit;
  permit.limiter_ = this;
  permit.clock_ = &clock;
  permit.tokens_ = tokens_.fitting(entrant.tokens);
  permit.epoch_ = epoch_;
  requests_.take(1, now);
  tokens_.take(permit.tokens_, now);
  ++in_flight_;
  if (spread_left_ > 0) {
    const double uniform = jitter_number(jitter_seed_ + epoch_, "spread", spread_left_--);
    next_start_ =
        now + spread_gap_ + std::chrono::duration_cast<Duration>(spread_gap_ * (0.5 * uniform));
  }
  return permit;
}

void Limiter::wait(Waiter& waiter, const Entrant& entrant,
                   std::unique_lock<std::mutex>& lock) const {
  const auto woken = [&] { return waiter.woken; };
  if (entrant.limit) {
    waiter.changed.wait_for(lock, entrant.stop, kLook, woken);
  } else {
    waiter.changed.wait(lock, entrant.stop, woken);
  }
}

void Limiter::sleep(Waiter& waiter, const Entrant& entrant, Clock& clock, Duration duration,
                    std::unique_lock<std::mutex>& lock) {
  std::stop_source source;
  waiter.sleep = source;
  lock.unlock();
  {
    const std::stop_callback forward(entrant.stop, [&source] { source.request_stop(); });
    // It does not matter who ended the sleep: the caller looks at everything again.
    [[maybe_unused]] const bool whole = clock.sleep_for(duration, source.get_token());
  }
  lock.lock();
  waiter.sleep = std::stop_source(std::nostopstate);
}

void Limiter::withdraw(const Permit& permit) {
  const SteadyTime now = permit.clock_->now();
  const std::scoped_lock lock(mutex_);
  --in_flight_;
  requests_.give_back(1, now);
  tokens_.give_back(permit.tokens_, now);
  wake_first();
}

void Limiter::settle(const Permit& permit, const AttemptEnd& end) {
  const SteadyTime now = permit.clock_->now();
  const std::scoped_lock lock(mutex_);
  --in_flight_;
  tokens_.give_back(permit.tokens_ - end.tokens.value_or(permit.tokens_), now);
  requests_.tighten(end.hints.requests, now, end.success);
  tokens_.tighten(end.hints.tokens, now, end.success);
  if (end.rate_limited) {
    // Requests that were on their way together meet the same limit: that is one event.
    if (permit.epoch_ == epoch_) congest(end, now);
    pause_until_ = std::max(pause_until_, now + end.pause);
    spread_left_ = std::max(spread_left_, present_);
  } else if (end.success && allowed_ > 0 && ++successes_ >= kSuccessesToGrow) {
    successes_ = 0;
    ++allowed_;
    if (max_concurrency_ > 0) allowed_ = std::min(allowed_, max_concurrency_);
  }
  wake_first();
}

void Limiter::congest(const AttemptEnd& end, SteadyTime now) {
  ++epoch_;
  successes_ = 0;
  int before = std::max(present_, in_flight_ + 1);
  if (max_concurrency_ > 0) before = std::min(before, max_concurrency_);
  if (allowed_ > 0) before = std::min(before, allowed_);
  allowed_ = std::max(1, before / 2);
  // A twentieth of the pause, so that a short one is not followed by a long crawl.
  spread_gap_ = std::clamp<Duration>(end.pause / 20, std::chrono::milliseconds(1),
                                     std::chrono::milliseconds(500));
  next_start_ = std::max(next_start_, now);
}

void Limiter::wake_first() {
  if (!line_.empty()) line_.begin()->second->wake();
}

void Limiter::wake_all() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [turn, waiter] : line_) waiter->wake();
}

}  // namespace skillgrad::llm
