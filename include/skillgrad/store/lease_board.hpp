// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/store/shared_files.hpp>

namespace skillgrad::store {

/// Who does what among processes that share a folder:
///   DIR/beats/NAME       a sign of life of each process: a number that it changes again and again
///   DIR/claims/KEY.N     who does the work KEY; N counts how often it was taken over
/// A claim holds as long as its holder gives signs of life. Whether one does is seen by whoever
/// asks: the sign has not changed for the time of a lease by the observer's own steady clock. Wall
/// clocks are not compared, so they may differ by any amount; what a claim says about its expiry is
/// for people. Thread-safe.
class LeaseBoard {
 public:
  struct Options {
    std::string name;  ///< of this process, unique
    Duration lease = std::chrono::seconds(120);
  };
  /// `files` and `clock` outlive the board.
  LeaseBoard(std::filesystem::path dir, SharedFiles& files, const Clock& clock, Options options);

  /// A sign of life, and a look at those of the others. To be called more often than the lease is
  /// long (KeepAlive does it); the first time before any claim.
  [[nodiscard]] Result<> beat();
  enum class Claimed {
    mine,  ///< it was free, or its holder is gone
    held   ///< somebody works on it, maybe this process
  };
  struct Claim {
    Claimed claimed = Claimed::held;
    std::string from;  ///< the holder that is gone, whose work may be of use; "" for none
  };
  [[nodiscard]] Result<Claim> claim(const std::string& key);
  /// Keys on which somebody has a claim, alive or gone.
  [[nodiscard]] Result<std::set<std::string>> claimed();
  /// The work is done, or is left to others.
  [[nodiscard]] Result<> give_back(const std::string& key);
  /// Gives everything back; others need not wait for the lease to run out.
  [[nodiscard]] Result<> leave();
  /// Processes that give signs of life, this one among them; at least 1.
  [[nodiscard]] std::size_t live() const;
  /// As far as this process has seen: one that is new counts as alive for a lease.
  [[nodiscard]] bool is_alive(const std::string& name) const;
  [[nodiscard]] const Options& options() const { return options_; }
  /// Between two signs of life.
  [[nodiscard]] Duration period() const;

 private:
  struct Sign {
    std::string value;
    SteadyTime changed{};
  };
  [[nodiscard]] std::string claim_text() const;
  [[nodiscard]] std::filesystem::path claim_file(const std::string& key, int turn) const;
  Result<> look();
  Result<Claim> take_over(const std::string& key);
  [[nodiscard]] bool alive(const std::string& name);

  const std::filesystem::path dir_;
  SharedFiles& files_;
  const Clock& clock_;
  const Options options_;
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::map<std::string, Sign> signs_;  ///< by process; also of those that were named by a claim
  std::map<std::string, int> held_;    ///< claims of this process, with their turn
};

/// Beats in a thread of its own, six times in a lease or more, from its making to its end.
class KeepAlive {
 public:
  /// `after` is called after each beat. What a beat fails with is kept, and the next one is tried.
  KeepAlive(LeaseBoard& board, Clock& clock, std::function<void()> after);
  ~KeepAlive();
  KeepAlive(const KeepAlive&) = delete;
  KeepAlive& operator=(const KeepAlive&) = delete;
  /// Errors: that of the last beats, once they have failed for half a lease: others are about to
  /// take this process for gone.
  [[nodiscard]] Result<> check() const;

 private:
  LeaseBoard& board_;
  Clock& clock_;
  std::function<void()> after_;
  mutable std::mutex mutex_;
  int failures_ = 0;
  Error last_;
  std::jthread thread_;
};

}  // namespace skillgrad::store
