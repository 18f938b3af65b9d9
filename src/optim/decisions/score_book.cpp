// SPDX-License-Identifier: MIT
#include "optim/decisions/score_book.hpp"

#include <algorithm>
#include <unordered_set>

#include <skillgrad/core/random.hpp>

namespace skillgrad::optim::decisions {
namespace {

void count(TaskValue& value, const Entry& entry) {
  if (!entry.score) {
    ++value.missing;
    return;
  }
  ++value.graded;
  const auto n = static_cast<double>(value.graded);
  value.mean += (*entry.score - value.mean) / n;
  value.value += (entry.measures.value.value_or(*entry.score) - value.value) / n;
}

bool contains(const std::vector<Entry>& entries, std::size_t repeat) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return entry.repeat == repeat; });
}

}  // namespace

bool ScoreBook::add(const Need& rollout, std::optional<double> score, const Measures& measures) {
  auto& entries = entries_[rollout.package][rollout.task];
  if (contains(entries, rollout.repeat)) return false;
  entries.push_back({rollout.repeat, size_++, score, measures});
  return true;
}

const std::vector<Entry>& ScoreBook::entries(const std::string& package,
                                             const std::string& task) const {
  static const std::vector<Entry> none;
  const auto tasks = entries_.find(package);
  if (tasks == entries_.end()) return none;
  const auto found = tasks->second.find(task);
  return found == tasks->second.end() ? none : found->second;
}

bool ScoreBook::has(const Need& rollout) const {
  return contains(entries(rollout.package, rollout.task), rollout.repeat);
}

TaskValue ScoreBook::value(const std::string& package, const std::string& task) const {
  TaskValue out;
  for (const Entry& entry : entries(package, task)) count(out, entry);
  return out;
}

void ScoreBook::top_up(const std::string& package, const std::string& task, std::size_t repeats,
                       std::vector<Need>& needs) const {
  const auto& known = entries(package, task);
  for (std::size_t repeat = 0; repeat < repeats; ++repeat)
    if (!contains(known, repeat)) needs.push_back({package, task, repeat});
}

void Comparison::ask(const std::vector<TaskRepeats>& tasks) {
  for (const TaskRepeats& asked : tasks) {
    const auto [place, fresh] = places_.try_emplace(asked.task, tasks_.size());
    if (fresh)
      tasks_.push_back(asked);
    else
      tasks_[place->second].repeats = std::max(tasks_[place->second].repeats, asked.repeats);
  }
}

/// Rollouts of the task under the package that there must be in all.
std::size_t Comparison::repeats(const ScoreBook& book, const std::string& package,
                                const TaskRepeats& task) const {
  if (counted_ == Counted::all) return task.repeats;
  const auto& entries = book.entries(package, task.task);
  const auto earlier = std::count_if(entries.begin(), entries.end(),
                                     [&](const Entry& entry) { return entry.place < start_; });
  return task.repeats + static_cast<std::size_t>(earlier);
}

std::vector<Need> Comparison::needs(const ScoreBook& book) const {
  std::vector<Need> out;
  for (const TaskRepeats& task : tasks_) {
    book.top_up(before_, task.task, repeats(book, before_, task), out);
    book.top_up(after_, task.task, repeats(book, after_, task), out);
  }
  return out;
}

TaskValue Comparison::value(const ScoreBook& book, const std::string& package,
                            const TaskRepeats& task) const {
  TaskValue out;
  const std::size_t asked = repeats(book, package, task);
  for (const Entry& entry : book.entries(package, task.task)) {
    const bool earlier = entry.place < start_;
    if (earlier ? counted_ == Counted::all : entry.repeat < asked) count(out, entry);
  }
  return out;
}

std::vector<TaskPair> Comparison::pairs(const ScoreBook& book) const {
  std::vector<TaskPair> out;
  out.reserve(tasks_.size());
  for (const TaskRepeats& task : tasks_)
    out.push_back({task.task, task.source, value(book, before_, task), value(book, after_, task)});
  return out;
}

std::vector<std::string> shuffled(std::vector<std::string> ids, std::uint64_t seed) {
  PyRandom random(seed);
  random.shuffle(ids);
  return ids;
}

std::vector<std::string> passing_tasks(const ScoreBook& book,
                                       const std::vector<std::string>& packages,
                                       const std::vector<std::string>& pool,
                                       const std::vector<std::string>& except, std::size_t count,
                                       std::uint64_t seed) {
  const std::unordered_set<std::string> left_out(except.begin(), except.end());
  std::vector<std::string> out;
  for (const std::string& id : shuffled(pool, seed)) {
    if (out.size() == count) break;
    if (left_out.contains(id)) continue;
    std::size_t graded = 0;
    bool failed = false;
    for (const std::string& package : packages) {
      const TaskValue value = book.value(package, id);
      graded += value.graded;
      failed = failed || (value.graded > 0 && value.mean < 1);
    }
    if (graded > 0 && !failed) out.push_back(id);
  }
  return out;
}

}  // namespace skillgrad::optim::decisions
