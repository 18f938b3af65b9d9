// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/llm/client.hpp>

namespace skillgrad::fakes {

/// Keeps everything in memory. Thread-safe. `fail_with` set: every call answers with that error.
class FakeRecorder final : public llm::CallRecorder {
 public:
  struct Finished {
    llm::LedgerRow row;
    std::string request_json;
    std::string reply_json;
  };
  struct Begun {
    std::string key;
    llm::LedgerRow row;
    std::optional<double> reserved_usd;
  };

  Result<std::optional<std::string>> find(const std::string& key) override {
    const std::scoped_lock lock(mutex_);
    if (error_) return tl::unexpected(*error_);
    const auto found = finished_.find(key);
    if (found == finished_.end()) return std::optional<std::string>{};
    return std::optional<std::string>{found->second.reply_json};
  }
  Result<> begin(const std::string& key, const llm::LedgerRow& row,
                 std::optional<double> reserved_usd) override {
    const std::scoped_lock lock(mutex_);
    if (error_) return tl::unexpected(*error_);
    begun_.push_back({key, row, reserved_usd});
    return {};
  }
  Result<> attempt_failed(const llm::LedgerRow& row) override {
    const std::scoped_lock lock(mutex_);
    if (error_) return tl::unexpected(*error_);
    rows_.push_back(row);
    return {};
  }
  Result<> finish(const llm::LedgerRow& row, const std::string& request_json,
                  const std::string& reply_json) override {
    const std::scoped_lock lock(mutex_);
    if (error_) return tl::unexpected(*error_);
    rows_.push_back(row);
    finished_[row.key] = {row, request_json, reply_json};
    return {};
  }

  /// As a recorder of another run.
  void forget() {
    const std::scoped_lock lock(mutex_);
    finished_.clear();
  }
  void fail_with(std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    error_ = std::move(error);
  }
  [[nodiscard]] std::vector<Begun> begun() const {
    const std::scoped_lock lock(mutex_);
    return begun_;
  }
  /// Settled rows in the order in which they came: failed attempts and finished calls.
  [[nodiscard]] std::vector<llm::LedgerRow> rows() const {
    const std::scoped_lock lock(mutex_);
    return rows_;
  }
  [[nodiscard]] std::map<std::string, Finished> finished() const {
    const std::scoped_lock lock(mutex_);
    return finished_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Error> error_;
  std::vector<Begun> begun_;
  std::vector<llm::LedgerRow> rows_;
  std::map<std::string, Finished> finished_;
};

}  // namespace skillgrad::fakes
