// SPDX-License-Identifier: MIT
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <unordered_set>

#include <fmt/format.h>

#include <skillgrad/llm/accountant.hpp>

namespace skillgrad::llm {
namespace {

constexpr const char* kTogether = " by all processes of the run together";

}  // namespace

struct Accountant::State {
  explicit State(Budget limits) : budget(limits), allowed(limits) { totals.cost_usd = 0.0; }

  const Budget budget;
  mutable std::mutex mutex;
  std::condition_variable_any settled;
  LedgerTotals totals;
  double spent_usd = 0;  ///< known costs and what unanswered attempts reserved
  std::int64_t spent_tokens = 0;
  double reserved_usd = 0;
  std::int64_t reserved_tokens = 0;
  std::int64_t started = 0;  ///< attempts, those of earlier processes included
  std::int64_t first_attempts = 0, budget_retries = 0;
  int in_flight = 0;
  std::unordered_set<std::string> begun_earlier;  ///< keys of the calls that were restored

  /// Spent together with other processes: what this one may spend grows by what it is given.
  BudgetShares* shares = nullptr;
  Budget allowed;  ///< in place of the limits of `budget`, in the same sums
  Budget others;   ///< of what was spent and started here, what others did

  [[nodiscard]] Budget spending() const {
    Budget out;
    out.max_usd = spent_usd;
    out.max_tokens = spent_tokens;
    out.max_calls = started;
    return out;
  }
  /// Asks for a share that has room for one more attempt beside those in flight.
  Result<> grow(double usd, std::int64_t tokens);

  /// The limit that forbids one more attempt; `alone` asks what would be if nothing were in flight.
  [[nodiscard]] Result<> check(double usd, std::int64_t tokens, bool alone) const;
  void take(double usd, std::int64_t tokens) {
    reserved_usd += usd;
    reserved_tokens += tokens;
    ++started;
    ++in_flight;
  }
  void free(double usd, std::int64_t tokens) {
    reserved_usd = std::max(0.0, reserved_usd - usd);
    reserved_tokens = std::max<std::int64_t>(0, reserved_tokens - tokens);
    --in_flight;
  }
  /// An attempt of an earlier process: limits are those of one uninterrupted run.
  void begin_earlier(const LedgerRow& row) {
    ++started;
    if (row.budgeted_retry) ++budget_retries;
    if (begun_earlier.insert(row.key).second) ++first_attempts;
  }
  void count(const LedgerRow& row);
  void listen(const LedgerRow& row);
  void count_unsettled(const std::string& stage, const std::optional<double>& usd,
                       std::int64_t tokens);

  std::map<std::uint64_t, Waiting> waits;  ///< by number, of one call each
  std::uint64_t next_wait = 0;
};

Result<> Accountant::State::check(double usd, std::int64_t tokens, bool alone) const {
  // Sums of many small costs must not trip over their last bit.
  constexpr double kLastBit = 1e-9;
  if (budget.max_calls > 0 && started >= allowed.max_calls) {
    return fail(ErrorCode::budget,
                fmt::format("the limit of {} calls is reached{}", budget.max_calls,
                            shares != nullptr ? kTogether : ""),
                {}, "raise --max-calls; a run goes on with `skillgrad resume RUN`");
  }
  const double usd_before = spent_usd + (alone ? 0 : reserved_usd);
  const std::int64_t tokens_before = spent_tokens + (alone ? 0 : reserved_tokens);
  const bool usd_short = budget.max_usd > 0 && usd_before + usd > allowed.max_usd + kLastBit;
  const bool tokens_short = budget.max_tokens > 0 && tokens_before + tokens > allowed.max_tokens;
  if (shares != nullptr && (usd_short || tokens_short)) {
    return fail(
        ErrorCode::budget,
        fmt::format("the limit of {} leaves no room for another call{}: what is left to "
                    "this one is less than the {} that this call may take",
                    usd_short ? fmt::format("{:.4f} USD", budget.max_usd)
                              : fmt::format("{} tokens", budget.max_tokens),
                    kTogether,
                    usd_short ? fmt::format("{:.4f} USD", usd) : fmt::format("{} tokens", tokens)),
        {}, "raise --max-usd and --max-tokens or lower --max-output-tokens, then resume");
  }
  if (usd_short) {
    return fail(ErrorCode::budget,
                fmt::format("the limit of {:.4f} USD leaves no room for another call: {:.4f} USD "
                            "are spent, {:.4f} reserved for {} calls in flight, and this call may "
                            "cost up to {:.4f}",
                            budget.max_usd, spent_usd, reserved_usd, in_flight, usd),
                {}, "raise --max-usd or lower --max-output-tokens, then resume");
  }
  if (tokens_short) {
    return fail(ErrorCode::budget,
                fmt::format("the limit of {} tokens leaves no room for another call: {} are spent, "
                            "{} reserved for {} calls in flight, and this call may take up to {}",
                            budget.max_tokens, spent_tokens, reserved_tokens, in_flight, tokens),
                {}, "raise --max-tokens or lower --max-output-tokens, then resume");
  }
  return {};
}

Result<> Accountant::State::grow(double usd, std::int64_t tokens) {
  if (shares == nullptr) return {};
  Budget wanted;
  if (budget.max_usd > 0) wanted.max_usd = spent_usd + reserved_usd + usd - allowed.max_usd;
  if (budget.max_tokens > 0)
    wanted.max_tokens = spent_tokens + reserved_tokens + tokens - allowed.max_tokens;
  if (budget.max_calls > 0) wanted.max_calls = started + 1 - allowed.max_calls;
  if (wanted.max_usd <= 0 && wanted.max_tokens <= 0 && wanted.max_calls <= 0) return {};
  SKILLGRAD_TRY(const Budget got, shares->more(wanted));
  allowed.max_usd += got.max_usd;
  allowed.max_tokens += got.max_tokens;
  allowed.max_calls += got.max_calls;
  return {};
}

void Accountant::State::count(const LedgerRow& row) {
  const bool ok = row.answered();
  if (row.cached) {
    if (ok) ++totals.cached_calls;
  } else {
    ++totals.attempts;
    if (row.attempt > 1) ++totals.retries;
  }
  if (ok && !row.cached) ++totals.answers[row.stage].replies;
  if (ok) totals.last_failure.clear();
  const std::int64_t tokens = row.usage.input_tokens + row.usage.output_tokens;
  if (row.billed == Billed::unknown) {
    count_unsettled(row.stage, row.cost_usd, tokens > 0 ? tokens : row.reserved_tokens);
    return;
  }
  Usage usage = row.usage;
  usage.calls = ok ? 1 : 0;
  totals.usage += usage;
  totals.by_stage[row.stage] += usage;
  if (row.cached) {
    totals.cost_by_stage[row.stage] += 0;  // known: nothing was paid
    if (row.recorded_usd) {
      spent_tokens += usage.input_tokens + usage.output_tokens;
      spent_usd += *row.recorded_usd;
    }
    return;
  }
  spent_tokens += tokens;
  spent_usd += row.cost_usd.value_or(0);
  if (row.billed != Billed::yes) return;
  if (row.cost_usd) {
    if (totals.cost_usd) *totals.cost_usd += *row.cost_usd;
    totals.cost_by_stage[row.stage] += *row.cost_usd;
  } else {
    totals.cost_usd.reset();
  }
}

void Accountant::State::count_unsettled(const std::string& stage, const std::optional<double>& usd,
                                        std::int64_t tokens) {
  spent_usd += usd.value_or(0);
  spent_tokens += tokens;
  const auto add = [&](std::optional<double>& sum) {
    sum = sum && usd ? std::optional(*sum + *usd) : std::nullopt;
  };
  add(totals.unsettled_usd);
  add(totals.unsettled_by_stage.try_emplace(stage, 0.0).first->second);
  totals.unsettled_tokens += tokens;
}

void Accountant::State::listen(const LedgerRow& row) {
  Answers& answers = totals.answers[row.stage];
  const bool unanswered = row.outcome == AttemptOutcome::unanswered;
  if (unanswered) ++answers.unanswered_in_row;
  if (unanswered || row.outcome == ErrorCode::transient || row.outcome == ErrorCode::rate_limit)
    ++answers.failed_in_row;
  else if (row.outcome != ErrorCode::cancelled && row.outcome != ErrorCode::deadline)
    answers.failed_in_row = answers.unanswered_in_row = 0;
}

Accountant::Accountant(Budget budget) : state_(std::make_unique<State>(budget)) {}
Accountant::~Accountant() = default;

Result<> Accountant::reserve(double usd, std::int64_t tokens) {
  const std::scoped_lock lock(state_->mutex);
  SKILLGRAD_CHECK(state_->grow(usd, tokens));
  SKILLGRAD_CHECK(state_->check(usd, tokens, false));
  state_->take(usd, tokens);
  return {};
}

Result<> Accountant::reserve_or_wait(double usd, std::int64_t tokens, std::stop_token stop) {
  std::unique_lock lock(state_->mutex);
  while (true) {
    SKILLGRAD_CHECK(state_->grow(usd, tokens));
    if (state_->check(usd, tokens, false)) {
      state_->take(usd, tokens);
      return {};
    }
    SKILLGRAD_CHECK(state_->check(usd, tokens, true));
    const int before = state_->in_flight;
    state_->settled.wait(lock, stop, [&] { return state_->in_flight != before; });
    if (stop.stop_requested()) {
      return fail(ErrorCode::cancelled, "stopped while waiting for the budget");
    }
  }
}

void Accountant::release(double reserved_usd, std::int64_t reserved_tokens) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->free(reserved_usd, reserved_tokens);
    --state_->started;
  }
  state_->settled.notify_all();
}

void Accountant::settle(double reserved_usd, std::int64_t reserved_tokens, const LedgerRow& row) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->free(reserved_usd, reserved_tokens);
    state_->count(row);
    state_->listen(row);
  }
  state_->settled.notify_all();
}

void Accountant::restore(const LedgerRow& row) {
  const std::scoped_lock lock(state_->mutex);
  if (!row.cached || row.recorded_usd) state_->begin_earlier(row);
  state_->count(row);
}

void Accountant::restore_lost(const LedgerRow& begun) {
  const std::scoped_lock lock(state_->mutex);
  state_->begin_earlier(begun);
  state_->count_unsettled(begun.stage, begun.cost_usd, begun.reserved_tokens);
}

void Accountant::share(BudgetShares& shares, const Budget& own) {
  const std::scoped_lock lock(state_->mutex);
  const Budget now = state_->spending();
  state_->shares = &shares;
  state_->others.max_usd = now.max_usd - own.max_usd;
  state_->others.max_tokens = now.max_tokens - own.max_tokens;
  state_->others.max_calls = now.max_calls - own.max_calls;
  state_->allowed = shares.held();
  state_->allowed.max_usd += state_->others.max_usd;
  state_->allowed.max_tokens += state_->others.max_tokens;
  state_->allowed.max_calls += state_->others.max_calls;
}

Budget Accountant::own_spending() const {
  const std::scoped_lock lock(state_->mutex);
  Budget out = state_->spending();
  out.max_usd += state_->reserved_usd - state_->others.max_usd;
  out.max_tokens += state_->reserved_tokens - state_->others.max_tokens;
  out.max_calls -= state_->others.max_calls;
  return out;
}

LedgerTotals Accountant::totals() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->totals;
}

int Accountant::in_flight() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->in_flight;
}

const Budget& Accountant::budget() const { return state_->budget; }

void Accountant::note_call(const std::string& key) {
  const std::scoped_lock lock(state_->mutex);
  if (!state_->begun_earlier.contains(key)) ++state_->first_attempts;
}

bool Accountant::take_retry() {
  const std::scoped_lock lock(state_->mutex);
  const double allowed = static_cast<double>(state_->budget.retry_floor) +
                         state_->budget.retry_share * static_cast<double>(state_->first_attempts);
  if (static_cast<double>(state_->budget_retries) + 1 > allowed) return false;
  ++state_->budget_retries;
  return true;
}

void Accountant::note_failed_call() {
  const std::scoped_lock lock(state_->mutex);
  ++state_->totals.failed_calls;
}

Accountant::Wait::Wait(Accountant& accountant, const std::string& why, SteadyTime until)
    : accountant_(&accountant) {
  const std::scoped_lock lock(accountant.state_->mutex);
  number_ = accountant.state_->next_wait++;
  accountant.state_->waits.emplace(number_, Waiting{why, until, 1});
}

Accountant::Wait::~Wait() {
  const std::scoped_lock lock(accountant_->state_->mutex);
  accountant_->state_->waits.erase(number_);
}

std::optional<Waiting> Accountant::waiting() const {
  const std::scoped_lock lock(state_->mutex);
  const auto& waits = state_->waits;
  if (waits.empty()) return std::nullopt;
  const auto first = std::min_element(waits.begin(), waits.end(), [](const auto& a, const auto& b) {
    return a.second.until < b.second.until;
  });
  Waiting out = first->second;
  out.calls = static_cast<int>(waits.size());
  return out;
}

void Accountant::note_failure(const std::string& why) {
  const std::scoped_lock lock(state_->mutex);
  state_->totals.last_failure = why;
}

void Accountant::note_replay() {
  const std::scoped_lock lock(state_->mutex);
  ++state_->totals.replayed_calls;
}

}  // namespace skillgrad::llm
