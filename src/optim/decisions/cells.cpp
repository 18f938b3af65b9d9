// SPDX-License-Identifier: MIT
#include "optim/decisions/cells.hpp"

#include <algorithm>
#include <unordered_set>

namespace skillgrad::optim {

Result<> Across::add(const std::string& task) {
  for (std::size_t model = 0; model < models_.size(); ++model)
    if (!places_.emplace(id(task, model), Place{task, model}).second)
      return fail(ErrorCode::config,
                  "two tasks with two models would both be called \"" + id(task, model) + "\"",
                  "--models", "give one of the models another \"name\" in a file for --models");
  return {};
}

std::vector<std::string> Across::cells(const std::vector<std::string>& tasks) const {
  std::vector<std::string> out;
  out.reserve(tasks.size() * models_.size());
  for (const std::string& task : tasks)
    for (std::size_t model = 0; model < models_.size(); ++model) out.push_back(id(task, model));
  return out;
}

std::vector<std::string> Across::tasks(const std::vector<std::string>& cells) const {
  std::vector<std::string> out;
  std::unordered_set<std::string> seen;
  for (const std::string& cell : cells)
    if (const std::string& task = of(cell).task; seen.insert(task).second) out.push_back(task);
  return out;
}

}  // namespace skillgrad::optim

namespace skillgrad::optim::decisions {
namespace {

/// What the models' values of one task under one package come to.
class MeanOfModels {
 public:
  void add(const TaskValue& value) {
    missing_ += value.missing;
    if (value.graded == 0) return;
    ++models_;
    sum_ += value.mean;
    values_ += value.value;
    fewest_ = models_ == 1 ? value.graded : std::min(fewest_, value.graded);
  }
  [[nodiscard]] TaskValue value(std::size_t models) const {
    TaskValue out;
    out.missing = missing_;
    if (models_ < models) return out;
    const auto n = static_cast<double>(models);
    out.mean = sum_ / n;
    out.value = values_ / n;
    out.graded = models * fewest_;
    return out;
  }

 private:
  std::size_t models_ = 0, missing_ = 0, fewest_ = 0;
  double sum_ = 0, values_ = 0;
};

}  // namespace

std::size_t cells_of_task(const Across* across) {
  return across == nullptr ? 1 : across->models().size();
}

std::vector<std::string> drawn_order(const std::vector<std::string>& cells, std::uint64_t seed,
                                     const Across* across) {
  if (across == nullptr) return shuffled(cells, seed);
  return across->cells(shuffled(across->tasks(cells), seed));
}

std::vector<TaskPair> pairs_by_task(const std::vector<TaskPair>& cells, const Across* across) {
  if (across == nullptr) return cells;
  struct Sum {
    TaskPair pair;
    MeanOfModels before, after;
  };
  std::vector<Sum> sums;
  std::unordered_map<std::string, std::size_t> places;
  for (const TaskPair& cell : cells) {
    const std::string& task = across->of(cell.task).task;
    const auto [place, fresh] = places.try_emplace(task, sums.size());
    if (fresh) sums.push_back({{task, false, {}, {}}, {}, {}});
    Sum& sum = sums[place->second];
    sum.pair.source = sum.pair.source || cell.source;
    // Of a cell that lacks an arm the other arm has nothing to be compared with.
    if (!cell.complete()) continue;
    sum.before.add(cell.before);
    sum.after.add(cell.after);
  }
  std::vector<TaskPair> out;
  out.reserve(sums.size());
  for (Sum& sum : sums) {
    sum.pair.before = sum.before.value(across->models().size());
    sum.pair.after = sum.after.value(across->models().size());
    out.push_back(std::move(sum.pair));
  }
  return out;
}

std::vector<std::vector<TaskPair>> pairs_by_model(const std::vector<TaskPair>& cells,
                                                  const Across* across) {
  std::vector<std::vector<TaskPair>> out(cells_of_task(across));
  for (const TaskPair& cell : cells)
    out[across == nullptr ? 0 : across->of(cell.task).model].push_back(cell);
  return out;
}

}  // namespace skillgrad::optim::decisions
