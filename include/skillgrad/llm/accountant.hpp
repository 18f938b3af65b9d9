// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/llm/attempt_outcome.hpp>
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

/// Hard limits of a run; 0 = none. Checked before every attempt; `max_calls` counts attempts.
struct Budget {
  double max_usd = 0;
  std::int64_t max_tokens = 0;
  std::int64_t max_calls = 0;
  /// Retries after server and connection errors: at most floor + share * calls, run-wide.
  std::int64_t retry_floor = 10;
  double retry_share = 0.2;
};

/// Where processes that spend one budget together get their shares of it. Only the limits of a
/// Budget count here, 0 of a kind being nothing of it.
class BudgetShares {
 public:
  virtual ~BudgetShares() = default;
  /// What this process has of the budget from earlier on.
  [[nodiscard]] virtual Budget held() const = 0;
  /// At least as much as is wanted, or what is left of it. Errors: io, disk_full.
  [[nodiscard]] virtual Result<Budget> more(const Budget& wanted) = 0;
};

/// One row per attempt, field by field of ledger.jsonl; written by the client, read by resume and
/// reports. A row with Billed::unknown carries in `cost_usd` what was reserved for it.
struct LedgerRow {
  std::string key;  ///< request key (content hash with sample index and scope)
  std::string stage, scope, model;
  std::optional<AttemptOutcome> outcome;  ///< nullopt, as `billed`: the attempt has not ended
  std::optional<Billed> billed;
  Usage usage;
  std::int64_t cache_write_tokens = 0;  ///< of the input: what the prompt cache stored
  std::optional<double> cost_usd;
  int http_status = 0;
  int attempt = 0;
  /// What the attempt may take at most; of an ended one only where it may have been billed and the
  /// endpoint named no usage.
  std::int64_t reserved_tokens = 0;
  bool budgeted_retry = false;  ///< a retry that the run-wide retry budget allowed
  double seconds = 0;
  double first_byte_seconds = 0;
  /// As the endpoint named them; never keys, because some endpoints repeat their ids.
  std::string response_model, response_id, request_id, provider, system_fingerprint;
  bool cached = false;  ///< answered from a cache or cassette; nothing was sent or paid
  /// Of an attempt of a replayed run: what it had cost, 0 where that is not known. Such a row
  /// counts towards limits as its original did, although nothing is paid.
  std::optional<double> recorded_usd;

  [[nodiscard]] bool answered() const { return outcome && outcome->answered(); }
};

/// Where finished calls and attempts are recorded (implemented by the store; a fake in tests).
/// Thread-safe. A finished reply is durable before `finish` returns, so that a resumed run finds
/// it.
class CallRecorder {
 public:
  virtual ~CallRecorder() = default;
  /// Reply JSON of an equal finished request, or nullopt.
  [[nodiscard]] virtual Result<std::optional<std::string>> find(const std::string& key) = 0;
  /// An attempt is about to be sent; `reserved_usd` is what it may cost at most, nullopt where the
  /// price is not known.
  [[nodiscard]] virtual Result<> begin(const std::string& key, const LedgerRow& row,
                                       std::optional<double> reserved_usd) = 0;
  /// An attempt ended without a usable reply.
  [[nodiscard]] virtual Result<> attempt_failed(const LedgerRow& row) = 0;
  /// The call is done: request and reply bodies (redacted JSON) and the paying row.
  [[nodiscard]] virtual Result<> finish(const LedgerRow& row, const std::string& request_json,
                                        const std::string& reply_json) = 0;
};

/// Whether a stage's endpoint answers: replies to it, and the attempts since the last answer of any
/// kind that found the endpoint away (transient, rate_limit, unanswered).
struct Answers {
  std::int64_t replies = 0;  ///< those of earlier processes included
  std::int64_t failed_in_row = 0;
  std::int64_t unanswered_in_row = 0;  ///< of them, those that the task's limit cut
};

/// What keeps calls from being sent, for people.
struct Waiting {
  std::string why;     ///< the last failure, or the limit; without secrets
  SteadyTime until{};  ///< when the first of the calls that wait looks again
  int calls = 0;       ///< that wait
};

/// Totals over a run, for the status line and run.json. `usage` and `cost_usd` are what is known to
/// be billed: replies, and failed attempts whose usage the endpoint named. What may have been
/// billed as well is in the `unsettled` fields and in no other; limits count both.
struct LedgerTotals {
  Usage usage;
  std::optional<double> cost_usd;  ///< nullopt once any call has an unknown price
  std::map<std::string, Usage> by_stage;
  std::map<std::string, double> cost_by_stage;
  std::map<std::string, Answers> answers;  ///< by stage
  std::int64_t attempts = 0, retries = 0, failed_calls = 0, replayed_calls = 0;
  std::int64_t cached_calls = 0;  ///< answered from a cache or cassette
  /// Attempts that may have been billed but gave no reply; nullopt once the price of one is not
  /// known.
  std::optional<double> unsettled_usd = 0.0;
  std::int64_t unsettled_tokens = 0;
  std::map<std::string, std::optional<double>> unsettled_by_stage;
  std::string last_failure;  ///< why the latest attempt failed; empty once a call is answered
};

/// Shared by all clients of a run: budget, ledger totals, calls in flight. Thread-safe.
class Accountant {
 public:
  explicit Accountant(Budget budget);
  ~Accountant();
  Accountant(const Accountant&) = delete;
  Accountant& operator=(const Accountant&) = delete;
  /// Errors: budget, naming the limit, what is spent and how to raise it.
  [[nodiscard]] Result<> reserve(double usd, std::int64_t tokens);
  /// The same, but waits while only attempts in flight stand in the way: they settle for less than
  /// they reserved. Also cancelled when the stop token ends the wait.
  [[nodiscard]] Result<> reserve_or_wait(double usd, std::int64_t tokens, std::stop_token stop);
  void settle(double reserved_usd, std::int64_t reserved_tokens, const LedgerRow& row);
  /// Gives a reservation back whose attempt was never sent.
  void release(double reserved_usd, std::int64_t reserved_tokens);
  /// A row of an earlier process of the same run (replayed at resume), which counts as spent, or of
  /// a call that was answered from a cache, which does not. A row with `recorded_usd` counts
  /// towards the limits without having cost anything.
  void restore(const LedgerRow& row);
  /// An attempt that was in flight when an earlier process ended, with what was reserved for it: it
  /// may have been billed, so it counts as spent.
  void restore_lost(const LedgerRow& begun);
  /// From now on the limits are those of several processes together, of which this one spends what
  /// `shares` (which outlives this) gives it; `own` is what it has spent so far of all that was
  /// restored. Before the first reservation.
  void share(BudgetShares& shares, const Budget& own);
  /// What this process has spent, as the limits count it: that of share() and all since.
  [[nodiscard]] Budget own_spending() const;
  [[nodiscard]] LedgerTotals totals() const;
  [[nodiscard]] int in_flight() const;
  [[nodiscard]] const Budget& budget() const;
  /// A call begins with its first attempt. One that an earlier process began and did not finish is
  /// no further call.
  void note_call(const std::string& key);
  /// False: the run-wide retry budget is spent.
  [[nodiscard]] bool take_retry();
  /// A call ended in an error.
  void note_failed_call();
  /// An attempt failed; `why` without secrets.
  void note_failure(const std::string& why);
  /// For as long as the result lives, a call waits for this reason until then.
  class Wait {
   public:
    Wait(Accountant& accountant, const std::string& why, SteadyTime until);
    ~Wait();
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

   private:
    Accountant* accountant_;
    std::uint64_t number_ = 0;
  };
  /// nullopt: no call waits.
  [[nodiscard]] std::optional<Waiting> waiting() const;
  /// A call was answered from the record. Adds nothing else: its rows were restored or settled.
  void note_replay();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skillgrad::llm
