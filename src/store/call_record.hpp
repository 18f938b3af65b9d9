// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <skillgrad/llm/client.hpp>
#include <skillgrad/store/run_store.hpp>

#include "store/line_file.hpp"
#include "store/request_chain.hpp"

namespace skillgrad::store {

/// RUN/calls: `ledger.jsonl` has one line per event of an attempt (begin, failed, ok) without
/// bodies; `replies.jsonl` has key, row, request and reply of each finished call, where a request
/// that goes on from an earlier one is `request_after` (RequestChain::reference()). A reply is
/// written before its ledger line, and a ledger line that a kill prevented is added when the run is
/// opened. Only the places of lines are kept in memory. Thread-safe.
///
/// Durability: what a method wrote before it returned outlives the process, however that ends. It
/// outlives the machine after sync(), or when a later call finds kFlushEvery passed: with hundreds
/// of calls in flight, waiting for the disk after each would cost more than the calls themselves.
class CallRecord final : public llm::CallRecorder {
 public:
  static constexpr Duration kFlushEvery = std::chrono::milliseconds(500);

  /// `clock` must outlive the record.
  [[nodiscard]] static Result<std::unique_ptr<CallRecord>> open(const std::filesystem::path& dir,
                                                                const Clock& clock);

  Result<std::optional<std::string>> find(const std::string& key) override;
  Result<> begin(const std::string& key, const llm::LedgerRow& row,
                 std::optional<double> reserved_usd) override;
  Result<> attempt_failed(const llm::LedgerRow& row) override;
  Result<> finish(const llm::LedgerRow& row, const std::string& request_json,
                  const std::string& reply_json) override;

  /// Finds the calls of this file of replies, too, which another process wrote or still writes;
  /// what comes into it later is not seen. Errors: io.
  [[nodiscard]] Result<> use(const std::filesystem::path& replies);
  /// Returns when all finished calls are on the disk; at once if they are already.
  [[nodiscard]] Result<> sync();
  /// How often the disk was waited for.
  [[nodiscard]] std::size_t flushes() const;

  /// Ended attempts in the order scope, key, attempt.
  [[nodiscard]] Result<std::vector<llm::LedgerRow>> rows() const;
  /// Attempts that were begun and did not end, each with what it may have cost at most.
  [[nodiscard]] std::vector<llm::LedgerRow> unsettled() const;

 private:
  explicit CallRecord(const Clock& clock) : clock_(clock), flushed_at_(clock.now()) {}
  /// Where the lines of a call begin.
  struct Places {
    std::uint64_t reply = kNone;
    std::uint64_t paid = kNone;  ///< the ledger line that goes with the reply
  };
  static constexpr std::uint64_t kNone = UINT64_MAX;

  Result<> load_replies();
  Result<> load_ledger();
  Result<> replay(std::uint64_t place, const std::string& line);
  Result<> repair_ledger();
  Result<> append_to_ledger(const llm::LedgerRow& row, const std::string& line);
  Result<std::uint64_t> append_reply(const std::string& head, const std::string& request_json,
                                     const RequestChain::Outline& outline,
                                     const std::string& reply_json);
  [[nodiscard]] Result<std::optional<std::string>> find_borrowed(const HashId& id) const;
  [[nodiscard]] Result<std::string> key_at(std::uint64_t place) const;
  [[nodiscard]] std::string entry(const char* event, const std::string& row_json) const;
  Result<> flush_if_due();
  void settle(const llm::LedgerRow& row, int session, std::uint64_t place);

  const Clock& clock_;
  mutable std::mutex mutex_;
  LineFile ledger_, replies_;
  std::unordered_map<HashId, Places, HashId::Hasher> calls_;  ///< finished ones, by key
  /// Where the reply of a call of another process is.
  struct Borrowed {
    std::filesystem::path file;
    std::uint64_t place = 0;
  };
  std::unordered_map<HashId, Borrowed, HashId::Hasher> borrowed_;
  std::vector<std::uint64_t> others_;  ///< ledger lines of failed attempts and replaced replies
  std::unordered_map<std::string, llm::LedgerRow> open_;  ///< begun attempts
  RequestChain chain_;
  int session_ = 1;  ///< this process among those that worked on the run; set once, by open()
  SteadyTime flushed_at_;
  bool unflushed_ = false;  ///< a reply was appended since the last flush began
  std::size_t flushes_ = 0;
  std::mutex flush_mutex_;  ///< one flush at a time; taken before mutex_
};

}  // namespace skillgrad::store
