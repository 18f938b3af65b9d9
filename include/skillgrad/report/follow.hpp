// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace skillgrad::report {

/// Makes of the lines of a run's events.jsonl what a terminal shows of it, in another process than
/// the one that works on the run. Not thread-safe.
class RunFollower {
 public:
  /// `colour`: decisions of iterations in colour.
  explicit RunFollower(bool colour);
  ~RunFollower();
  RunFollower(RunFollower&&) noexcept;
  RunFollower& operator=(RunFollower&&) noexcept;

  /// One event without its line break. Returns the rows that it gives, each with its line break:
  /// what a stage came to, an iteration, a note, the verdict; "" for most. Text of models and tasks
  /// is shown without control characters. A line that is no event gives a row that says so.
  [[nodiscard]] std::string take(std::string_view line);
  /// What happens now, in one line: stage, how its rollouts ended, rollouts and cost so far.
  [[nodiscard]] std::string status() const;
  /// The last event was the result of a run, or an error that ended it.
  [[nodiscard]] bool ended() const;
  /// Of an ended run: it came to a result without an error.
  [[nodiscard]] bool succeeded() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skillgrad::report
