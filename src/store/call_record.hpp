// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include <skillgrad/llm/client.hpp>
#include <skillgrad/store/run_store.hpp>

#include "store/line_file.hpp"

namespace skillgrad::store {

/// RUN/calls: `ledger.jsonl` has one line per event of an attempt (begin, failed, ok) without
/// bodies; `replies.jsonl` has key, row, request and reply of each finished call. A reply is
/// written before its ledger line, and a ledger line that a kill prevented is added when the run is
/// opened. Thread-safe. Writers that finish calls at the same time share one flush to the disk.
class CallRecord final : public llm::CallRecorder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<CallRecord>> open(const std::filesystem::path& dir);

  Result<std::optional<std::string>> find(const std::string& key) override;
  Result<> begin(const std::string& key, const llm::LedgerRow& row, double reserved_usd) override;
  Result<> attempt_failed(const llm::LedgerRow& row) override;
  Result<> finish(const llm::LedgerRow& row, const std::string& request_json,
                  const std::string& reply_json) override;

  /// Paying rows in the order scope, key, attempt.
  [[nodiscard]] std::vector<llm::LedgerRow> rows() const;
  [[nodiscard]] RunStore::Unsettled unsettled() const;

 private:
  CallRecord() = default;
  Result<> load_replies();
  Result<> load_ledger();
  Result<> replay(const std::string& line);
  Result<> repair_ledger();
  [[nodiscard]] std::string entry(const char* event, const llm::LedgerRow& row,
                                  double reserved_usd) const;
  Result<> flush(std::unique_lock<std::mutex>& lock);
  void settle(const llm::LedgerRow& row, int session);
  void pay(const llm::LedgerRow& row);

  mutable std::mutex mutex_;
  LineFile ledger_, replies_;
  std::unordered_map<std::string, std::uint64_t> reply_offsets_;
  std::unordered_map<std::string, llm::LedgerRow> paid_;  ///< finished calls by key
  std::vector<llm::LedgerRow> also_paid_;  ///< failed attempts that may be billed, replaced replies
  std::unordered_map<std::string, double> open_;  ///< begun attempts: reserved USD
  int session_ = 1;  ///< this process among those that worked on the run; set once, by open()
  /// Those that wait for one flush to the disk.
  struct Flush {
    std::condition_variable turn;
    bool done = false;
    int error = 0;
  };
  std::shared_ptr<Flush> next_flush_ = std::make_shared<Flush>();  ///< of replies not yet flushed
  bool flushing_ = false;
};

}  // namespace skillgrad::store
