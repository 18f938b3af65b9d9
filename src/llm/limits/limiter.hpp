// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include <skillgrad/core/clock.hpp>

#include "llm/errors/limit_headers.hpp"
#include "llm/limits/bucket.hpp"

namespace skillgrad::llm {

struct LimiterOptions {
  double requests_per_minute = 0, tokens_per_minute = 0;  ///< 0: none
  int max_concurrency = 0;                                ///< 0: none
};

/// What an attempt needs in order to start.
struct Entrant {
  std::uint64_t turn = 0;  ///< of Limiter::Presence: earlier calls go first
  double tokens = 0;       ///< estimated prompt and output cap
  std::optional<SteadyTime> limit;
  Duration longest_pause{0};  ///< of the endpoint's asking; what is longer is not waited for
  std::stop_token stop;
  std::function<bool()> abandon;  ///< true: it may not start any more; asked after wake()
};

/// How an attempt ended.
struct AttemptEnd {
  bool success = false;
  bool rate_limited = false;
  Duration pause{0};             ///< for all, when rate-limited
  std::optional<double> tokens;  ///< what it took; nullopt: not known, as much as reserved
  LimitHints hints;
};

/// Holds all calls of one origin and key to the limits of its account (R3.12, R3.13): buckets of
/// requests and tokens, the number in flight (halved when the endpoint says "too fast", one more
/// after 20 successes), pauses. First come, first served. Thread-safe; only the first in the line
/// waits on the clock, so virtual time advances once for all.
class Limiter {
 public:
  /// A call's place in the line, for all of its attempts.
  class Presence {
   public:
    explicit Presence(Limiter& limiter);
    ~Presence();
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;
    [[nodiscard]] std::uint64_t turn() const { return turn_; }

   private:
    Limiter* limiter_;
    std::uint64_t turn_ = 0;
  };

  /// The right to send one attempt. Gone without end(): it was never sent, and counts for nothing.
  class Permit {
   public:
    Permit() = default;
    ~Permit();
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&& other) noexcept;
    void end(const AttemptEnd& end);

   private:
    friend class Limiter;
    Limiter* limiter_ = nullptr;
    Clock* clock_ = nullptr;
    double tokens_ = 0;
    std::uint64_t epoch_ = 0;
  };

  enum class Refusal {
    none,
    stopped,    ///< stop token
    abandoned,  ///< entrant.abandon()
    late,       ///< the limit has passed
    no_room,    ///< the wait would end after the limit
    pause,      ///< the endpoint asked for a pause that is too long
    too_large   ///< more tokens than the configured bucket ever holds
  };
  struct Entry {
    Permit permit;
    Refusal refusal = Refusal::none;
    std::string text;  ///< why, for no_room, pause and too_large
  };

  explicit Limiter(std::uint64_t jitter_seed) : jitter_seed_(jitter_seed) {}
  Limiter(const Limiter&) = delete;
  Limiter& operator=(const Limiter&) = delete;

  /// Of several clients' limits the lowest counts.
  void configure(const LimiterOptions& options);
  /// So many processes keep to the configured limits together; the number may change.
  void share(std::size_t processes);
  /// What an entrant would have to wait for now, besides others; `why` is empty for nothing.
  struct Hold {
    std::string why;
    SteadyTime until{};
    bool learned = false;  ///< the endpoint asked for it, not the configuration
  };
  [[nodiscard]] Hold hold(const Entrant& entrant, SteadyTime now) const;
  /// Blocks until the attempt may start or cannot.
  [[nodiscard]] Entry enter(const Entrant& entrant, Clock& clock);
  /// Everyone in the line asks its `abandon` again.
  void wake_all();

 private:
  struct Waiter;
  using Line = std::map<std::uint64_t, Waiter*>;
  /// When an attempt may start: as things are, and at best (what is in flight may give back).
  struct Start {
    SteadyTime at, at_best;
  };

  void withdraw(const Permit& permit);
  void settle(const Permit& permit, const AttemptEnd& end);
  [[nodiscard]] std::optional<Entry> refuse(const Entrant& entrant, const Start& start,
                                            SteadyTime now) const;
  [[nodiscard]] Entry too_large(double tokens) const;
  [[nodiscard]] Start start_of(const Entrant& entrant, std::size_t place, SteadyTime now) const;
  [[nodiscard]] Hold hold_of(const Bucket& bucket, double amount, SteadyTime now) const;
  [[nodiscard]] bool slot_free() const;
  [[nodiscard]] Permit admit(const Entrant& entrant, Clock& clock, SteadyTime now);
  void wait(Waiter& waiter, const Entrant& entrant, std::unique_lock<std::mutex>& lock) const;
  static void sleep(Waiter& waiter, const Entrant& entrant, Clock& clock, Duration duration,
                    std::unique_lock<std::mutex>& lock);
  void congest(const AttemptEnd& end, SteadyTime now);
  void wake_first();

  const std::uint64_t jitter_seed_;
  mutable std::mutex mutex_;
  Line line_;
  std::uint64_t next_turn_ = 0;
  int present_ = 0;    ///< calls under way, in the line or not
  int in_flight_ = 0;  ///< attempts
  Bucket requests_{Bucket::Kind::requests};
  Bucket tokens_{Bucket::Kind::tokens};
  int max_concurrency_ = 0;   ///< configured; 0: none
  int allowed_ = 0;           ///< of them now; 0: as configured
  int successes_ = 0;         ///< since allowed_ changed
  std::uint64_t epoch_ = 0;   ///< number of congestion events
  SteadyTime pause_until_{};  ///< the endpoint asked for it
  SteadyTime next_start_{};   ///< after a pause the calls start one by one
  int spread_left_ = 0;
  Duration spread_gap_{0};
};

}  // namespace skillgrad::llm
