// SPDX-License-Identifier: MIT
// Values of answers and their comparison (docs/rules-grading.md 3.3 and 3.4), verdict for verdict
// as the official evaluator of WikiTableQuestions does it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>

namespace skillgrad::bench {

/// 3.3: without marks, citations, remarks in parentheses, quotes, final point and capitals.
[[nodiscard]] std::string normalize_answer(std::string_view text);

/// A decimal number: an integer of any length, or a double that is no integer.
struct Amount {
  bool integer = true;
  std::string digits = "0";  ///< of the integer: sign and digits, no leading zeros
  double value = 0;
  [[nodiscard]] bool close(const Amount& other) const;  ///< |a - b| < 1e-6
};
[[nodiscard]] std::optional<Amount> parse_amount(std::string_view text);

struct DateFields {
  std::optional<std::string> year;
  std::optional<int> month, day;
  bool operator==(const DateFields&) const = default;
};
[[nodiscard]] std::optional<DateFields> parse_date(std::string_view text);

struct AnswerValue {
  enum class Kind { text, number, date };
  Kind kind = Kind::text;
  std::string raw, normalized;
  Amount amount;
  DateFields date;
  [[nodiscard]] bool matches(const AnswerValue& prediction) const;
};
/// `parsed` is the text the kind is taken from, `raw` the one the string is taken from.
[[nodiscard]] AnswerValue make_value(const std::string& raw, const std::string& parsed);

struct AnswerItem {
  std::string raw, canonical;  ///< canonical "": raw serves as such
};
/// The set of target values, first of equals kept.
[[nodiscard]] std::vector<AnswerValue> target_values(const std::vector<AnswerItem>& items);

/// Score 1 or 0; matched and total count distinct target items. `task_id` and `grader` are left to
/// the caller.
[[nodiscard]] Grade grade_denotation(const std::vector<AnswerItem>& targets,
                                     const std::vector<std::string>& predicted);

/// 3.2: the lines of an answer file, trimmed, blank ones dropped.
[[nodiscard]] std::vector<std::string> items_of_file(std::string_view text);
/// 3.2: the last line "Answer: a | b", else every non-empty line.
[[nodiscard]] std::vector<std::string> items_of_message(std::string_view text);

}  // namespace skillgrad::bench
