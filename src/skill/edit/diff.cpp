// SPDX-License-Identifier: MIT
#include "skill/edit/diff.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/package.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "skill/package/package_files.hpp"

namespace skillgrad::skill {

namespace {

constexpr std::size_t kContext = 3;
/// Edit distance beyond which the middle of two texts is shown as removed and added whole: the
/// search costs time and memory in the square of it.
constexpr std::size_t kMaxDistance = 2000;

using Lines = std::vector<std::string_view>;  // each with its line end

[[nodiscard]] Lines lines_of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

struct Step {
  char mark;  // ' ', '-', '+'
  std::size_t before, after;
};

/// Myers' shortest edit script between a[begin_a, end_a) and b[begin_b, end_b), greedy forward
/// search with the furthest points of every round kept for the way back.
class Script {
 public:
  Script(const Lines& a, const Lines& b) : a_(a), b_(b) {}

  [[nodiscard]] std::vector<Step> compute() {
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
    std::vector<Step> steps;
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
  std::vector<Step> out_;
};

[[nodiscard]] std::string range(std::size_t first, std::size_t count) {
  const std::string start = std::to_string(count == 0 ? first : first + 1);
  return count == 1 ? start : start + "," + std::to_string(count);
}

/// The diff is read by people and models, never applied: it shows what a line holds.
void print_line(std::string& out, char mark, std::string_view line) {
  out += mark;
  out += visible_controls(line);
  if (line.empty() || line.back() != '\n') out += "\n\\ No newline at end of file\n";
}

void print_hunk(std::string& out, const std::vector<Step>& steps, std::size_t first,
                std::size_t last, const Lines& a, const Lines& b) {
  std::size_t removed = 0;
  std::size_t added = 0;
  for (std::size_t i = first; i < last; ++i) {
    removed += steps[i].mark != '+';
    added += steps[i].mark != '-';
  }
  out += "@@ -" + range(steps[first].before, removed) + " +" + range(steps[first].after, added) +
         " @@\n";
  for (std::size_t i = first; i < last; ++i) {
    print_line(out, steps[i].mark, steps[i].mark == '+' ? b[steps[i].after] : a[steps[i].before]);
  }
}

void print_hunks(std::string& out, std::string_view before, std::string_view after) {
  const Lines a = lines_of(before);
  const Lines b = lines_of(after);
  const auto steps = Script(a, b).compute();
  std::size_t i = 0;
  while (true) {
    while (i < steps.size() && steps[i].mark == ' ') ++i;
    if (i == steps.size()) return;
    const std::size_t first = i - std::min(i, kContext);
    std::size_t last_change = i;
    for (; i < steps.size() && i <= last_change + 2 * kContext; ++i) {
      if (steps[i].mark != ' ') last_change = i;
    }
    const std::size_t last = std::min(steps.size(), last_change + kContext + 1);
    print_hunk(out, steps, first, last, a, b);
    i = last;
  }
}

void print_file(std::string& out, const std::string& name, const BundledFile* before,
                const BundledFile* after) {
  const std::string path = visible_controls(name);
  const std::string from = before == nullptr ? "/dev/null" : "a/" + path;
  const std::string to = after == nullptr ? "/dev/null" : "b/" + path;
  const std::string old_bytes = before == nullptr ? "" : before->bytes;
  const std::string new_bytes = after == nullptr ? "" : after->bytes;
  if (before != nullptr && after != nullptr && before->mode != after->mode) {
    out += "mode of " + path + " changed\n";
  }
  if (old_bytes == new_bytes && before != nullptr && after != nullptr) return;
  if (!is_text(old_bytes) || !is_text(new_bytes)) {
    out += "Binary files " + from + " and " + to + " differ\n";
    return;
  }
  out += "--- " + from + "\n+++ " + to + "\n";
  print_hunks(out, old_bytes, new_bytes);
}

}  // namespace

ChangedBytes changed_bytes(std::string_view before, std::string_view after) {
  const Lines a = lines_of(before);
  const Lines b = lines_of(after);
  ChangedBytes out;
  for (const Step& step : Script(a, b).compute()) {
    if (step.mark == '-') out.removed += a[step.before].size();
    if (step.mark == '+') out.added += b[step.after].size();
  }
  return out;
}

LineChanges line_changes(std::string_view before, std::string_view after) {
  const Lines a = lines_of(before);
  const Lines b = lines_of(after);
  LineChanges out;
  for (const Step& step : Script(a, b).compute()) {
    if (step.mark == '-') ++out.removed;
    if (step.mark == '+') out.added.emplace_back(b[step.after]);
  }
  return out;
}

namespace {

using Files = std::map<std::string, BundledFile>;

[[nodiscard]] Files all_files(const SkillPackage& package) {
  Files out = package.files();
  out["SKILL.md"] = {package.skill_md(), 0644};
  return out;
}

/// Calls `visit(path, before, after)` for each file that differs, sorted by path.
template <class Visit>
void for_each_change(const SkillPackage& before, const SkillPackage& after, const Visit& visit) {
  const Files old_files = all_files(before);
  const Files new_files = all_files(after);
  std::map<std::string, bool> paths;
  for (const auto& [path, file] : old_files) paths[path] = true;
  for (const auto& [path, file] : new_files) paths[path] = true;
  for (const auto& [path, unused] : paths) {
    const auto old_file = old_files.find(path);
    const auto new_file = new_files.find(path);
    const BundledFile* a = old_file == old_files.end() ? nullptr : &old_file->second;
    const BundledFile* b = new_file == new_files.end() ? nullptr : &new_file->second;
    if (a == nullptr || b == nullptr || !(*a == *b)) visit(path, a, b);
  }
}

}  // namespace

std::string unified_diff(const SkillPackage& before, const SkillPackage& after) {
  std::string out;
  for_each_change(before, after,
                  [&](const std::string& path, const BundledFile* a, const BundledFile* b) {
                    print_file(out, path, a, b);
                  });
  return out;
}

ChangedLines changed_lines(const SkillPackage& before, const SkillPackage& after) {
  ChangedLines out;
  for_each_change(
      before, after, [&](const std::string&, const BundledFile* a, const BundledFile* b) {
        const std::string_view old_bytes = a == nullptr ? "" : std::string_view(a->bytes);
        const std::string_view new_bytes = b == nullptr ? "" : std::string_view(b->bytes);
        if (!is_text(old_bytes) || !is_text(new_bytes)) return;
        const Lines old_lines = lines_of(old_bytes);
        const Lines new_lines = lines_of(new_bytes);
        for (const Step& step : Script(old_lines, new_lines).compute()) {
          out.removed += step.mark == '-' ? 1 : 0;
          out.added += step.mark == '+' ? 1 : 0;
        }
      });
  return out;
}

}  // namespace skillgrad::skill
