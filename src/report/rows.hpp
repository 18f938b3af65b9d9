// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/optim/observer.hpp>

namespace skillgrad::report {

/// How the rollouts of a stage ended, as they come.
struct Tally {
  std::size_t pass = 0, fail = 0, error = 0;
  double scores = 0;

  void add(bool passed, double score) {
    ++(passed ? pass : fail);
    scores += score;
  }
  [[nodiscard]] std::size_t count() const { return pass + fail + error; }
  [[nodiscard]] std::string text() const;       ///< "5 pass, 2 fail, 1 error"
  [[nodiscard]] std::string mean_text() const;  ///< ", mean score 71.4 %", or ""
};

/// Without control characters and line breaks, and cut where it is longer than `most` bytes.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t most);
/// "42 s", "3:05 min", "1:10 h".
[[nodiscard]] std::string short_time(Duration duration);
/// The row of a finished iteration with its line break. `planned` 0: not known how many there are.
[[nodiscard]] std::string iteration_line(const optim::IterationRow& row, std::size_t planned,
                                         bool colour);

}  // namespace skillgrad::report
