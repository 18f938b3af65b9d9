// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>

namespace skillgrad::optim {

/// Texts of these tasks' expected answers that no skill may hold (lint UPD-05): short answers,
/// items and the cells that differ from the untouched inputs. Left out is what a general rule may
/// well say: texts that are not specific, that the task itself tells, or that several of the tasks
/// expect alike (a convention, not an answer). Tasks without golden answers give nothing.
[[nodiscard]] std::vector<std::string> expected_texts(const bench::Benchmark& benchmark,
                                                      const std::vector<std::string>& task_ids);

/// What judges check of these tasks, word by word: a skill that quotes it teaches the check and not
/// the work. Left out are short ones and those that a task tells itself.
[[nodiscard]] std::vector<std::string> judged_criteria(const bench::Benchmark& benchmark,
                                                       const std::vector<std::string>& task_ids);

/// At least 6 characters with a digit among them, or at least 12 without one; of a plain number at
/// least 5 digits, leading and trailing zeros not counted.
[[nodiscard]] bool is_specific(const std::string& text);

}  // namespace skillgrad::optim
