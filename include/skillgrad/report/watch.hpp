// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/report/run_report.hpp>

namespace skillgrad::report {

/// A part of a run, in the order of the run.
struct RunPart {
  enum class State { done, now, ahead };
  std::string name;  ///< "base run", "validation", "iterations", "choice", "release test"
  State state = State::ahead;
};

/// Where a run stands.
struct Standing {
  RunCondition condition = RunCondition::interrupted;
  std::string command;       ///< optimize, eval, calibrate; "": not known yet
  std::string stage, next;   ///< what happens now and what follows, in words; "": not known
  std::string tally;         ///< how the rollouts of the stage ended so far, "3 pass, 1 fail"
  std::size_t rollouts = 0;  ///< all that ended so far
  int iteration = 0;         ///< that is at work, or the last one; 0: none yet
  std::size_t iterations = 0, iterations_done = 0;  ///< planned (0: not known), finished
  std::vector<RunPart> parts;                       ///< of optimize
  int asks = 0;       ///< iteration whose patch waits for a person; 0: none
  std::string ended;  ///< its verdict, or why it stopped
};

/// Follows a run that another process works on, for the cost of what is new: a look reads the lines
/// that were appended to events.jsonl, and the sizes and times of a few files. Takes no lock and
/// writes nothing. Not thread-safe.
class RunWatch {
 public:
  explicit RunWatch(const std::filesystem::path& run);
  ~RunWatch();
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;

  [[nodiscard]] Standing look();
  /// Of what read_run() would read, as of the last look: equal where nothing was written since.
  [[nodiscard]] const std::string& version() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// With "condition" in the words of RunCondition, and null for what is not known.
[[nodiscard]] Json to_json(const Standing& standing);

}  // namespace skillgrad::report

namespace skillgrad {

template <>
struct EnumText<report::RunPart::State> {
  using enum report::RunPart::State;
  static constexpr EnumName<report::RunPart::State> kTable[] = {
      {done, "done"}, {now, "now"}, {ahead, "ahead"}};
};

}  // namespace skillgrad
