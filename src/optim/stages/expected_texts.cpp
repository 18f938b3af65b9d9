// SPDX-License-Identifier: MIT
#include "optim/stages/expected_texts.hpp"

#include <algorithm>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::optim {
namespace {

/// A longer answer is a document; what a skill would quote of it are lines, which are conventions
/// as often as answers.
constexpr std::size_t kLongestAnswer = 4'000;
/// Fewer are a phrase that a rule may well use.
constexpr std::ptrdiff_t kLeastCriterionWords = 4;

bool is_plain_number(const std::string& text) {
  return text.find_first_not_of("0123456789.,+-eE% ") == std::string::npos &&
         std::any_of(text.begin(), text.end(), is_digit);
}

/// Digits of a number without leading and trailing zeros.
std::size_t significant_digits(const std::string& text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), is_digit);
  const auto first = digits.find_first_not_of('0');
  if (first == std::string::npos) return 0;
  return digits.find_last_not_of('0') - first + 1;
}

void add(const std::string& text, std::set<std::string>& out) {
  const std::string clean(trim(text));
  if (clean.size() <= kLongestAnswer && !first_invalid_utf8(clean) && is_specific(clean))
    out.insert(clean);
}

/// What grading the untouched inputs as if they were the output says is expected instead.
void add_differences(const bench::Benchmark& benchmark, const bench::Task& task,
                     std::set<std::string>& out) {
  const auto work = TempDir::create("skillgrad-expected");
  if (!work || !benchmark.set_up(task, work->path(), {})) return;
  const fs::path output = work->path() / task.output_file;
  std::error_code failed;
  for (const auto& input : task.input_files)
    if (!fs::exists(output, failed) && fs::path(input).extension() == output.extension())
      fs::copy_file(work->path() / input, output, failed);
  const auto grade = benchmark.grade(task, {work->path(), ""}, {});
  if (grade.status == bench::GradeStatus::error) return;
  for (const auto& difference : grade.differences) add(difference.expected.text, out);
}

std::set<std::string> texts_of(const bench::Benchmark& benchmark, const bench::Task& task) {
  std::set<std::string> out;
  const auto work = TempDir::create("skillgrad-expected");
  if (!work) return out;
  const auto golden = benchmark.golden_answer(task, work->path());
  if (!golden) return out;
  add(golden->final_message, out);
  if (golden->items)
    for (const auto& item : *golden->items) add(item, out);
  if (task.output_file.empty()) return out;
  const auto file = read_file(work->path() / task.output_file);
  if (file && file->find('\0') == std::string::npos && !first_invalid_utf8(*file))
    add(*file, out);
  else
    add_differences(benchmark, task, out);
  return out;
}

/// Test cases of one task, and one task under two ids, are one.
std::string origin_of(const bench::Task& task) {
  if (!task.group.empty()) return "group " + task.group;
  return task.content_hash.empty() ? "id " + task.id : "content " + task.content_hash;
}

}  // namespace

bool is_specific(const std::string& text) {
  if (is_plain_number(text)) return significant_digits(text) >= 5;
  const std::size_t least = std::any_of(text.begin(), text.end(), is_digit) ? 6 : 12;
  return count_code_points(text) >= least;
}

const std::set<std::string>& ExpectedTexts::texts(const bench::Task& task) {
  const auto known = texts_.find(task.id);
  return known != texts_.end() ? known->second
                               : texts_.emplace(task.id, texts_of(benchmark_, task)).first->second;
}

std::vector<std::string> ExpectedTexts::of(const std::vector<std::string>& task_ids) {
  std::set<std::string> wanted, ids(pool_.begin(), pool_.end());
  ids.insert(task_ids.begin(), task_ids.end());
  for (const auto& id : task_ids) {
    const bench::Task* task = benchmark_.find(id);
    if (task == nullptr) continue;
    for (const auto& text : texts(*task))
      if (task->prompt.find(text) == std::string::npos) wanted.insert(text);
  }
  std::map<std::string, std::set<std::string>> tasks_of_text;
  for (const auto& id : ids) {
    const bench::Task* task = wanted.empty() ? nullptr : benchmark_.find(id);
    if (task == nullptr) continue;
    for (const auto& text : texts(*task))
      if (wanted.contains(text)) tasks_of_text[text].insert(origin_of(*task));
  }
  std::vector<std::string> out;
  for (const auto& text : wanted)
    if (tasks_of_text[text].size() == 1) out.push_back(text);
  return out;
}

std::vector<std::string> judged_criteria(const bench::Benchmark& benchmark,
                                         const std::vector<std::string>& task_ids) {
  std::set<std::string> out;
  for (const auto& id : task_ids) {
    const bench::Task* task = benchmark.find(id);
    if (task == nullptr) continue;
    for (const auto& criterion : benchmark.criteria(*task)) {
      const std::string text(trim(criterion));
      const auto blanks = std::count(text.begin(), text.end(), ' ');
      const bool told = task->prompt.find(text) != std::string::npos;
      if (blanks + 1 >= kLeastCriterionWords && !told) out.insert(text);
    }
  }
  return {out.begin(), out.end()};
}

}  // namespace skillgrad::optim
