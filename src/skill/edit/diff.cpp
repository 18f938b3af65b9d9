// SPDX-License-Identifier: MIT
#include "skill/edit/diff.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/package.hpp>
#include <skillgrad/skill/skill_set.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "skill/edit/line_script.hpp"
#include "skill/package/package_files.hpp"

namespace skillgrad::skill {

namespace {

/// The diff is read by people and models, never applied: it shows what a line holds.
void print_line(std::string& out, char mark, std::string_view line) {
  out += mark;
  out += visible_controls(line);
  if (line.empty() || line.back() != '\n') out += "\n\\ No newline at end of file\n";
}

void print_hunk(std::string& out, const std::vector<LineStep>& steps, std::size_t first,
                std::size_t last, const Lines& a, const Lines& b) {
  out += range_line(steps, {first, last}) + "\n";
  for (std::size_t i = first; i < last; ++i) {
    print_line(out, steps[i].mark, steps[i].mark == '+' ? b[steps[i].after] : a[steps[i].before]);
  }
}

void print_hunks(std::string& out, std::string_view before, std::string_view after) {
  const Lines a = lines_of(before);
  const Lines b = lines_of(after);
  const auto steps = line_script(a, b);
  for (const StepRange& range : step_groups(steps))
    print_hunk(out, steps, range.first, range.last, a, b);
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
  for (const LineStep& step : line_script(a, b)) {
    if (step.mark == '-') out.removed += a[step.before].size();
    if (step.mark == '+') out.added += b[step.after].size();
  }
  return out;
}

LineChanges line_changes(std::string_view before, std::string_view after) {
  const Lines a = lines_of(before);
  const Lines b = lines_of(after);
  LineChanges out;
  for (const LineStep& step : line_script(a, b)) {
    if (step.mark == '-') ++out.removed;
    if (step.mark == '+') out.added.emplace_back(b[step.after]);
  }
  return out;
}

namespace {

using Files = std::map<std::string, BundledFile>;

[[nodiscard]] Files all_files(const SkillPackage& package) {
  Files out = package.files();
  if (!is_set(package)) out["SKILL.md"] = {package.skill_md(), 0644};
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
        for (const LineStep& step : line_script(old_lines, new_lines)) {
          out.removed += step.mark == '-' ? 1 : 0;
          out.added += step.mark == '+' ? 1 : 0;
        }
      });
  return out;
}

}  // namespace skillgrad::skill
