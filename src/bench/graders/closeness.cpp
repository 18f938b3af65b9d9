// SPDX-License-Identifier: MIT
#include "bench/graders/closeness.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

namespace skillgrad::bench {
namespace {

constexpr std::size_t kShownLine = 200;  // bytes

std::string without_blanks(const std::string& text) {
  return to_utf8(collapse_white_space(to_code_points(text)));
}

/// What is to be done away with for the texts to be equal, or "".
std::string slip(const std::string& expected, const std::string& answer) {
  const std::string wanted = without_blanks(expected), got = without_blanks(answer);
  if (wanted == got) return "only white space differs";
  if (fold_case(expected) == fold_case(answer)) return "only letter case differs";
  if (fold_case(wanted) == fold_case(got)) return "only letter case and white space differ";
  const bool one_line = expected.find('\n') == std::string::npos;
  if (one_line && !wanted.empty() && got.find(wanted) != std::string::npos)
    return "the expected text stands in the answer, with other text around it";
  return {};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (const std::string& line : split_lines(text)) out.emplace_back(trim(line));
  while (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

/// How many of the lines both have, each as often as it occurs.
std::size_t common_lines(const std::vector<std::string>& expected,
                         const std::vector<std::string>& answer) {
  std::unordered_map<std::string, std::size_t> left;
  for (const std::string& line : expected) ++left[line];
  std::size_t common = 0;
  for (const std::string& line : answer) {
    const auto found = left.find(line);
    if (found == left.end() || found->second == 0) continue;
    --found->second;
    ++common;
  }
  return common;
}

std::string quoted(const std::vector<std::string>& lines, std::size_t number) {
  return number < lines.size() ? "\"" + truncate_middle(lines[number], kShownLine) + "\""
                               : "nothing";
}

std::string by_lines(const std::vector<std::string>& expected,
                     const std::vector<std::string>& answer) {
  const std::size_t common = common_lines(expected, answer);
  std::string out = std::to_string(common) + " of " + std::to_string(expected.size()) +
                    " expected lines are in the answer";
  if (common == expected.size() && common == answer.size())
    out += ", in another order";
  else if (answer.size() > common)
    out += ", beside " + std::to_string(answer.size() - common) +
           (answer.size() - common == 1 ? " other line" : " other lines");
  const auto [wanted, got] =
      std::mismatch(expected.begin(), expected.end(), answer.begin(), answer.end());
  const auto first = static_cast<std::size_t>(wanted - expected.begin());
  if (wanted != expected.end() || got != answer.end())
    out += "; the first that differs is line " + std::to_string(first + 1) + ": expected " +
           quoted(expected, first) + ", got " + quoted(answer, first);
  return out;
}

}  // namespace

std::string how_close(const std::string& expected, const std::string& answer) {
  if (trim(answer).empty()) return {};
  if (std::string what = slip(expected, answer); !what.empty()) return what;
  const auto wanted = lines_of(expected), got = lines_of(answer);
  return wanted.size() > 1 || got.size() > 1 ? by_lines(wanted, got) : std::string();
}

}  // namespace skillgrad::bench
