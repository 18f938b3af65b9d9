// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/enum_text.hpp>

/// Runs in which several models execute the tasks (docs/across.md).
namespace skillgrad::optim {

/// What decides over several models: the mean over them, or it and that none is harmed.
enum class AcrossRule { worst, mean };

/// The cells of a run: each is a task with one of the models, and has an id, rollouts and scores of
/// its own. Filled once, then immutable, hence thread-safe.
class Across {
 public:
  struct Place {
    std::string task;
    std::size_t model = 0;  ///< index of models()
  };
  /// `models`: distinct names, at least two.
  Across(AcrossRule rule, std::vector<std::string> models)
      : rule_(rule), models_(std::move(models)) {}
  /// Makes the cells of a task. Errors: config (another cell has the same id).
  [[nodiscard]] Result<> add(const std::string& task);

  [[nodiscard]] AcrossRule rule() const { return rule_; }
  [[nodiscard]] const std::vector<std::string>& models() const { return models_; }
  /// "TASK@MODEL"
  [[nodiscard]] std::string id(const std::string& task, std::size_t model) const {
    return task + "@" + models_.at(model);
  }
  /// Of a cell that was made.
  [[nodiscard]] const Place& of(const std::string& cell) const { return places_.at(cell); }
  /// All cells of these tasks, those of one task side by side.
  [[nodiscard]] std::vector<std::string> cells(const std::vector<std::string>& tasks) const;
  /// The tasks of these cells, each once, in order.
  [[nodiscard]] std::vector<std::string> tasks(const std::vector<std::string>& cells) const;

 private:
  AcrossRule rule_;
  std::vector<std::string> models_;
  std::unordered_map<std::string, Place> places_;
};

/// The cells as tasks of a benchmark, graded as the tasks they are of, and the splits of cells.
struct SpreadTasks {
  std::shared_ptr<const Across> across;
  std::unique_ptr<bench::Benchmark> benchmark;
  bench::Splits splits;
};
/// Errors: config (ids that clash).
[[nodiscard]] Result<SpreadTasks> spread_tasks(AcrossRule rule, std::vector<std::string> models,
                                               std::unique_ptr<bench::Benchmark> benchmark,
                                               const bench::Splits& splits);

/// Lets each cell's model execute it: `executors` in the order of the models, which set up their
/// tasks by the benchmark of spread_tasks(). Thread-safe as they are.
[[nodiscard]] std::unique_ptr<agent::Executor> make_across_executor(
    std::shared_ptr<const Across> across, std::vector<std::unique_ptr<agent::Executor>> executors);

}  // namespace skillgrad::optim

namespace skillgrad {

template <>
struct EnumText<optim::AcrossRule> {
  using enum optim::AcrossRule;
  static constexpr EnumName<optim::AcrossRule> kTable[] = {{worst, "worst"}, {mean, "mean"}};
};

}  // namespace skillgrad
