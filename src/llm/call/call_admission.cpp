// SPDX-License-Identifier: MIT
// The part of a call that waits: until an attempt may start, and before the next one.
#include <algorithm>

#include "llm/call/call.hpp"
#include "llm/call/call_errors.hpp"
#include "llm/reply/usage.hpp"

namespace skillgrad::llm {

std::optional<SteadyTime> Call::start_limit() const {
  if (!facts_.context.deadline || !facts_.context.cut_at)
    return facts_.context.deadline ? facts_.context.deadline : facts_.context.cut_at;
  return std::min(*facts_.context.deadline, *facts_.context.cut_at);
}

bool Call::is_late() const {
  return facts_.context.cut_at && facts_.began_at >= *facts_.context.cut_at && !facts_.replays();
}

Result<> Call::may_start() {
  if (auto error = facts_.endpoint.fatal()) return tl::unexpected(std::move(*error));
  if (facts_.context.stop.stop_requested()) {
    return fail(ErrorCode::cancelled, "stopped before the request was sent", {},
                "resume the run to go on");
  }
  const SteadyTime now = facts_.endpoint.clock().now();
  const bool too_late = facts_.context.cut_at && facts_.began_at >= *facts_.context.cut_at;
  if (too_late || (facts_.context.deadline && now >= *facts_.context.deadline)) {
    return fail(ErrorCode::deadline, "the time limit passed before the request was sent", {},
                "raise the time limit and resume");
  }
  // The task did not take this time; it must not be graded as if it had.
  if (facts_.context.cut_at && now >= *facts_.context.cut_at)
    return tl::unexpected(waited_too_long());
  return {};
}

Error Call::waited_too_long() {
  constexpr const char* kWaited = "the task's time limit passed while its call waited";
  if (const auto down = facts_.endpoint.breaker().last_failure())
    return give_up(facts_, form_, *down, kWaited);
  return give_up(facts_, form_, make_failure(FailureClass::rate_limit, 0, kWaited),
                 "raise --task-timeout, or lower --jobs");
}

/// Part of the time that is left may be spent on a cheaper prompt.
WarmUp::Lead Call::warm_up() {
  Clock& clock = facts_.endpoint.clock();
  Duration longest = WarmUp::kLongestWait;
  if (const auto limit = start_limit()) longest = std::min(longest, (*limit - clock.now()) / 4);
  return facts_.endpoint.warm_up().enter(form_.prefix(), longest, clock, facts_.context.stop);
}

Result<Limiter::Permit> Call::admit(std::uint64_t turn) {
  while (true) {
    SKILLGRAD_CHECK(wait_for_breaker());
    SKILLGRAD_TRY(Limiter::Permit permit, wait_for_turn(turn));
    // Others may have found the endpoint down in the meantime; then the place is given back.
    if (facts_.endpoint.breaker().enter(facts_.endpoint.clock().now()).kind ==
        Breaker::Gate::Kind::go) {
      return permit;
    }
  }
}

Result<> Call::wait_for_breaker() {
  while (true) {
    SKILLGRAD_CHECK(may_start());
    const Breaker::Gate gate = facts_.endpoint.breaker().look(facts_.endpoint.clock().now());
    if (gate.kind == Breaker::Gate::Kind::go) return {};
    if (gate.kind == Breaker::Gate::Kind::dead) {
      constexpr const char* kDown = "the endpoint stayed down: three probes, 30 s apart, failed";
      const std::optional<Failure> last = facts_.endpoint.breaker().last_failure();
      Error error = give_up(facts_, form_,
                            last.value_or(make_failure(FailureClass::transient, 0, {})), kDown);
      facts_.endpoint.set_fatal(error);
      return tl::unexpected(std::move(error));
    }
    // Workers that waited for the same moment start a little apart.
    const double spread =
        jitter_number(facts_.endpoint.jitter_seed() + 1, form_.key(), facts_.attempt);
    const Duration extra = std::min<Duration>(gate.wait / 10, std::chrono::seconds(1));
    const Duration pause = gate.wait + std::chrono::duration_cast<Duration>(extra * spread);
    const std::optional<Failure> down = facts_.endpoint.breaker().last_failure();
    SKILLGRAD_CHECK(wait(
        pause, down.value_or(make_failure(FailureClass::transient, 0, "the endpoint is down"))));
  }
}

Result<Limiter::Permit> Call::wait_for_turn(std::uint64_t turn) {
  Entrant entrant;
  entrant.turn = turn;
  entrant.tokens = static_cast<double>(estimate_tokens(form_.text().size()) + form_.next_cap());
  entrant.limit = start_limit();
  // The jitter lengthens a pause by up to a tenth.
  entrant.longest_pause = with_jitter(facts_.endpoint.options().max_retry_after, 1);
  entrant.stop = facts_.context.stop;
  entrant.abandon = [this] { return facts_.endpoint.fatal().has_value(); };
  Limiter::Entry entry = enter_line(entrant);
  switch (entry.refusal) {
    case Limiter::Refusal::too_large: {
      Failure failure = make_failure(FailureClass::request_too_large, 0, entry.text);
      return tl::unexpected(give_up(facts_, form_, failure, "it was not sent"));
    }
    case Limiter::Refusal::no_room:
    case Limiter::Refusal::pause:
      return tl::unexpected(
          give_up(facts_, form_, make_failure(FailureClass::rate_limit, 0, entry.text), {}));
    default:
      SKILLGRAD_CHECK(may_start());
      return std::move(entry.permit);
  }
}

/// A wait that takes long says what for.
Limiter::Entry Call::enter_line(const Entrant& entrant) {
  constexpr auto kLong = std::chrono::seconds(10);
  const SteadyTime now = facts_.endpoint.clock().now();
  const Limiter::Hold hold = facts_.endpoint.limiter().hold(entrant, now);
  std::optional<Accountant::Wait> shown;
  if (!hold.why.empty()) {
    std::string why = hold.why;
    if (facts_.last_failure && facts_.last_failure->cls == FailureClass::rate_limit)
      why += " (" + reason_of(facts_.endpoint, *facts_.last_failure) + ")";
    if (hold.until - now > kLong && hold.learned) {
      facts_.endpoint.warn_once("calls to " + facts_.endpoint.options().model +
                                " wait: " + hold.why);
    }
    shown.emplace(facts_.endpoint.accountant(), why, hold.until);
  }
  return facts_.endpoint.limiter().enter(entrant, facts_.endpoint.clock());
}

void Call::make_room(Limiter::Permit& permit, const ReadReply& read) {
  AttemptEnd end;
  end.hints = hints_;
  end.success = !read.failure;
  const Usage& usage = read.reply.usage;
  const bool used = !read.failure || usage.input_tokens > 0;
  if (used) {
    end.tokens = static_cast<double>(usage.input_tokens + usage.output_tokens);
  } else if (!read.failure->possibly_billed) {
    end.tokens = 0;
  }
  if (read.failure && read.failure->cls == FailureClass::rate_limit) {
    const double uniform =
        jitter_number(facts_.endpoint.jitter_seed(), form_.key(), facts_.attempt);
    ++rate_limits_;
    end.rate_limited = true;
    end.pause = read.failure->delay ? with_jitter(*read.failure->delay, uniform)
                                    : backoff(rate_limits_ + 1, uniform);
  }
  permit.end(end);
}

Result<> Call::check_room(Duration duration, const Failure& failure) {
  const auto limit = start_limit();
  if (!limit || facts_.endpoint.clock().now() + duration <= *limit) return {};
  return tl::unexpected(
      give_up(facts_, form_, failure, "the time limit leaves no room for another attempt"));
}

Result<> Call::wait(Duration duration, const Failure& failure) {
  if (duration <= Duration{0}) return {};
  SKILLGRAD_CHECK(check_room(duration, failure));
  const std::string why = reason_of(facts_.endpoint, failure);
  const Accountant::Wait shown(facts_.endpoint.accountant(), why,
                               facts_.endpoint.clock().now() + duration);
  if (facts_.endpoint.clock().sleep_for(duration, facts_.context.stop)) return {};
  return fail(ErrorCode::cancelled, "stopped while waiting to try again after: " + why, {},
              "resume the run to go on");
}

}  // namespace skillgrad::llm
