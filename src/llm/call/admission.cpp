// SPDX-License-Identifier: MIT
#include "llm/call/admission.hpp"

#include <algorithm>

#include "llm/call/call_errors.hpp"
#include "llm/reply/usage.hpp"

namespace skillgrad::llm {

namespace {

/// After this moment no attempt starts.
std::optional<SteadyTime> start_limit(const CallContext& context) {
  if (!context.deadline || !context.cut_at)
    return context.deadline ? context.deadline : context.cut_at;
  return std::min(*context.deadline, *context.cut_at);
}

}  // namespace

bool Admission::is_late() const {
  const CallContext& context = facts_.context;
  return context.cut_at && facts_.began_at >= *context.cut_at && !facts_.replays();
}

Result<> Admission::may_start() const {
  const CallContext& context = facts_.context;
  if (auto error = facts_.endpoint.fatal()) return tl::unexpected(std::move(*error));
  if (context.stop.stop_requested()) {
    return fail(ErrorCode::cancelled, "stopped before the request was sent", {},
                "resume the run to go on");
  }
  const SteadyTime now = facts_.endpoint.clock().now();
  const bool too_late = context.cut_at && facts_.began_at >= *context.cut_at;
  if (too_late || (context.deadline && now >= *context.deadline)) {
    return fail(ErrorCode::deadline, "the time limit passed before the request was sent", {},
                "raise the time limit and resume");
  }
  // The task did not take this time; it must not be graded as if it had.
  if (context.cut_at && now >= *context.cut_at) return tl::unexpected(waited_too_long());
  return {};
}

Error Admission::waited_too_long() const {
  constexpr const char* kWaited = "the task's time limit passed while its call waited";
  if (const auto down = facts_.endpoint.breaker().last_failure()) {
    return give_up(facts_, form_, *down, kWaited);
  }
  return give_up(facts_, form_, make_failure(FailureClass::rate_limit, 0, kWaited),
                 "raise --task-timeout, or lower --jobs");
}

/// Part of the time that is left may be spent on a cheaper prompt.
WarmUp::Lead Admission::warm_up() const {
  Clock& clock = facts_.endpoint.clock();
  Duration longest = WarmUp::kLongestWait;
  if (const auto limit = start_limit(facts_.context)) {
    longest = std::min(longest, (*limit - clock.now()) / 4);
  }
  return facts_.endpoint.warm_up().enter(form_.prefix(), longest, clock, facts_.context.stop);
}

Result<AttemptPermit> Admission::enter(std::uint64_t turn) const {
  Endpoint& endpoint = facts_.endpoint;
  while (true) {
    SKILLGRAD_CHECK(wait_for_breaker());
    SKILLGRAD_TRY(Limiter::Permit place, wait_for_turn(turn));
    // Others may have found the endpoint down in the meantime; then the place is given back.
    if (endpoint.breaker().enter(endpoint.clock().now()).kind == Breaker::Gate::Kind::go) {
      return AttemptPermit(endpoint, std::move(place));
    }
  }
}

Result<> Admission::reserve(AttemptPermit& permit) {
  SKILLGRAD_CHECK(permit.reserve(form_.estimate(), facts_.context.stop));
  // The wait may have been long: a limit may have passed, or another worker may have met an error
  // that ends the run.
  return may_start();
}

Result<> Admission::wait_for_breaker() const {
  Endpoint& endpoint = facts_.endpoint;
  while (true) {
    SKILLGRAD_CHECK(may_start());
    const Breaker::Gate gate = endpoint.breaker().look(endpoint.clock().now());
    if (gate.kind == Breaker::Gate::Kind::go) return {};
    if (gate.kind == Breaker::Gate::Kind::dead) {
      constexpr const char* kDown = "the endpoint stayed down: three probes, 30 s apart, failed";
      const std::optional<Failure> last = endpoint.breaker().last_failure();
      const Failure none = make_failure(FailureClass::transient, 0, {});
      return tl::unexpected(end_run(endpoint, give_up(facts_, form_, last.value_or(none), kDown)));
    }
    // Workers that waited for the same moment start a little apart.
    const double spread = jitter_number(endpoint.jitter_seed() + 1, form_.key(), facts_.attempt);
    const Duration extra = std::min<Duration>(gate.wait / 10, std::chrono::seconds(1));
    const Duration pause = gate.wait + std::chrono::duration_cast<Duration>(extra * spread);
    const std::optional<Failure> down = endpoint.breaker().last_failure();
    SKILLGRAD_CHECK(wait(
        pause, down.value_or(make_failure(FailureClass::transient, 0, "the endpoint is down"))));
  }
}

Result<Limiter::Permit> Admission::wait_for_turn(std::uint64_t turn) const {
  Endpoint& endpoint = facts_.endpoint;
  Entrant entrant;
  entrant.turn = turn;
  entrant.tokens = static_cast<double>(estimate_tokens(form_.text().size()) + form_.next_cap());
  entrant.limit = start_limit(facts_.context);
  // The jitter lengthens a pause by up to a tenth.
  entrant.longest_pause = with_jitter(endpoint.options().max_retry_after, 1);
  entrant.stop = facts_.context.stop;
  entrant.abandon = [&endpoint] { return endpoint.fatal().has_value(); };
  Limiter::Entry entry = enter_line(entrant);
  switch (entry.refusal) {
    case Limiter::Refusal::too_large: {
      const Failure failure = make_failure(FailureClass::request_too_large, 0, entry.text);
      return tl::unexpected(give_up(facts_, form_, failure, "it was not sent"));
    }
    case Limiter::Refusal::no_room:
    case Limiter::Refusal::pause: {
      const Failure failure = make_failure(FailureClass::rate_limit, 0, entry.text);
      return tl::unexpected(give_up(facts_, form_, failure, {}));
    }
    default:
      SKILLGRAD_CHECK(may_start());
      return std::move(entry.permit);
  }
}

/// A wait that takes long says what for.
Limiter::Entry Admission::enter_line(const Entrant& entrant) const {
  constexpr auto kLong = std::chrono::seconds(10);
  Endpoint& endpoint = facts_.endpoint;
  const SteadyTime now = endpoint.clock().now();
  const Limiter::Hold hold = endpoint.limiter().hold(entrant, now);
  std::optional<Accountant::Wait> shown;
  if (!hold.why.empty()) {
    std::string why = hold.why;
    if (facts_.last_failure && facts_.last_failure->cls == FailureClass::rate_limit) {
      why += " (" + reason_of(endpoint, *facts_.last_failure) + ")";
    }
    if (hold.until - now > kLong && hold.learned) {
      endpoint.warn_once("calls to " + endpoint.options().model + " wait: " + hold.why);
    }
    shown.emplace(endpoint.accountant(), why, hold.until);
  }
  return endpoint.limiter().enter(entrant, endpoint.clock());
}

void Admission::make_room(AttemptPermit& permit, const EndedAttempt& attempt) {
  const ReadReply& read = attempt.read;
  AttemptEnd end;
  end.hints = attempt.hints;
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
  permit.make_room(end);
}

Result<> Admission::check_room(Duration duration, const Failure& failure) const {
  const auto limit = start_limit(facts_.context);
  if (!limit || facts_.endpoint.clock().now() + duration <= *limit) return {};
  return tl::unexpected(
      give_up(facts_, form_, failure, "the time limit leaves no room for another attempt"));
}

Result<> Admission::wait(Duration duration, const Failure& failure) const {
  if (duration <= Duration{0}) return {};
  SKILLGRAD_CHECK(check_room(duration, failure));
  Endpoint& endpoint = facts_.endpoint;
  const std::string why = reason_of(endpoint, failure);
  const Accountant::Wait shown(endpoint.accountant(), why, endpoint.clock().now() + duration);
  if (endpoint.clock().sleep_for(duration, facts_.context.stop)) return {};
  return fail(ErrorCode::cancelled, "stopped while waiting to try again after: " + why, {},
              "resume the run to go on");
}

}  // namespace skillgrad::llm
