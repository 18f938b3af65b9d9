// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>

namespace skillgrad::optim {

/// Texts of expected answers that no skill may hold (lint UPD-05): short answers, items and the
/// cells that differ from the untouched inputs. Left out is what a general rule may well say: texts
/// that are not specific, that the task itself tells, or that another task of the pool expects as
/// well (a convention of the kind of task, not an answer; test cases of one task are one). Tasks
/// without golden answers give nothing. Answers are worked out once. Not thread-safe.
class ExpectedTexts {
 public:
  ExpectedTexts(const bench::Benchmark& benchmark, std::vector<std::string> pool)
      : benchmark_(benchmark), pool_(std::move(pool)) {}
  /// Of these tasks, which are of the pool or not.
  [[nodiscard]] std::vector<std::string> of(const std::vector<std::string>& task_ids);

 private:
  const std::set<std::string>& texts(const bench::Task& task);

  const bench::Benchmark& benchmark_;
  std::vector<std::string> pool_;
  std::map<std::string, std::set<std::string>> texts_;  ///< by task id
};

/// What judges check of these tasks, word by word: a skill that quotes it teaches the check and not
/// the work. Left out are short ones and those that a task tells itself.
[[nodiscard]] std::vector<std::string> judged_criteria(const bench::Benchmark& benchmark,
                                                       const std::vector<std::string>& task_ids);

/// At least 6 characters with a digit among them, or at least 12 without one; of a plain number at
/// least 5 digits, leading and trailing zeros not counted.
[[nodiscard]] bool is_specific(const std::string& text);

}  // namespace skillgrad::optim
