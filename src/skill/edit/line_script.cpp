// SPDX-License-Identifier: MIT
#include "skill/edit/line_script.hpp"

#include <algorithm>

namespace skillgrad::skill {
namespace {

constexpr std::size_t kContext = 3;
/// Edit distance beyond which the middle of two texts is shown as removed and added whole: the
/// search costs time and memory in the square of it.
constexpr std::size_t kMaxDistance = 2000;

/// Myers' shortest edit script between a[begin_a, end_a) and b[begin_b, end_b), greedy forward
/// search with the furthest points of every round kept for the way back.
class Script {
 public:
  Script(const Lines& a, const Lines& b) : a_(a), b_(b) {}

  [[nodiscard]] std::vector<LineStep> compute() {
    std::size_t head = 0;
    while (head < a_.size() && head < b_.size() && a_[head] == b_[head]) ++head;
    std::size_t tail = 0;
    while (tail + head < a_.size() && tail + head < b_.size() &&
           a_[a_.size() - 1 - tail] == b_[b_.size() - 1 - tail]) {
      ++tail;
    }
    for (std::size_t i = 0; i < head; ++i) out_.push_back({' ', i, i});
    middle(head, a_.size() - tail, b_.size() - tail);
    for (std::size_t i = tail; i > 0; --i) out_.push_back({' ', a_.size() - i, b_.size() - i});
    return std::move(out_);
  }

 private:
  void whole(std::size_t begin, std::size_t end_a, std::size_t end_b) {
    for (std::size_t i = begin; i < end_a; ++i) out_.push_back({'-', i, begin});
    for (std::size_t i = begin; i < end_b; ++i) out_.push_back({'+', end_a, i});
  }

  void middle(std::size_t begin, std::size_t end_a, std::size_t end_b) {
    const auto n = static_cast<long>(end_a - begin);
    const auto m = static_cast<long>(end_b - begin);
    const long limit = std::min(n + m, static_cast<long>(kMaxDistance));
    std::vector<std::vector<long>> rounds;
    std::vector<long> furthest(static_cast<std::size_t>(2 * limit + 3), 0);
    const auto at = [&](long k) -> long& {
      return furthest[static_cast<std::size_t>(k + limit + 1)];
    };
    const auto same = [&](long x, long y) {
      return a_[begin + static_cast<std::size_t>(x)] == b_[begin + static_cast<std::size_t>(y)];
    };
    for (long d = 0; d <= limit; ++d) {
      rounds.emplace_back();
      for (long k = -d; k <= d; k += 2) {
        long x = k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
        while (x < n && x - k < m && same(x, x - k)) ++x;
        at(k) = x;
        rounds.back().push_back(x);
        if (x >= n && x - k >= m) {
          trace_back(rounds, begin, n, m);
          return;
        }
      }
    }
    whole(begin, end_a, end_b);
  }

  void trace_back(const std::vector<std::vector<long>>& rounds, std::size_t begin, long x, long y) {
    std::vector<LineStep> steps;
    const auto push = [&](char mark) {
      steps.push_back(
          {mark, begin + static_cast<std::size_t>(x), begin + static_cast<std::size_t>(y)});
    };
    for (long d = static_cast<long>(rounds.size()) - 1; d >= 0; --d) {
      const auto reached = [&](long k) {
        return rounds[static_cast<std::size_t>(d - 1)][static_cast<std::size_t>((k + d - 1) / 2)];
      };
      const long k = x - y;
      long from_x = 0;
      long from_y = 0;
      if (d > 0) {
        const bool down = k == -d || (k != d && reached(k - 1) < reached(k + 1));
        const long from_k = down ? k + 1 : k - 1;
        from_x = reached(from_k);
        from_y = from_x - from_k;
      }
      const long keep_x = d == 0 ? 0 : from_x + (k > from_x - from_y ? 1 : 0);
      while (x > keep_x && y > keep_x - k) {
        --x;
        --y;
        push(' ');
      }
      if (d == 0) break;
      const bool removed = x > from_x;
      x = from_x;
      y = from_y;
      push(removed ? '-' : '+');
    }
    out_.insert(out_.end(), steps.rbegin(), steps.rend());
  }

  const Lines& a_;
  const Lines& b_;
  std::vector<LineStep> out_;
};

[[nodiscard]] std::string range(std::size_t first, std::size_t count) {
  const std::string start = std::to_string(count == 0 ? first : first + 1);
  return count == 1 ? start : start + "," + std::to_string(count);
}

}  // namespace

Lines lines_of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

std::vector<LineStep> line_script(const Lines& before, const Lines& after) {
  return Script(before, after).compute();
}

std::vector<StepRange> step_groups(const std::vector<LineStep>& steps) {
  std::vector<StepRange> out;
  std::size_t i = 0;
  while (true) {
    while (i < steps.size() && steps[i].mark == ' ') ++i;
    if (i == steps.size()) return out;
    const std::size_t first = i - std::min(i, kContext);
    std::size_t last_change = i;
    for (; i < steps.size() && i <= last_change + 2 * kContext; ++i) {
      if (steps[i].mark != ' ') last_change = i;
    }
    out.push_back({first, std::min(steps.size(), last_change + kContext + 1)});
    i = out.back().last;
  }
}

std::string range_line(const std::vector<LineStep>& steps, StepRange at) {
  std::size_t removed = 0;
  std::size_t added = 0;
  for (std::size_t i = at.first; i < at.last; ++i) {
    removed += steps[i].mark != '+';
    added += steps[i].mark != '-';
  }
  return "@@ -" + range(steps[at.first].before, removed) + " +" +
         range(steps[at.first].after, added) + " @@";
}

}  // namespace skillgrad::skill
