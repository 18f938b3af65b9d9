// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/exec/sandbox.hpp>
#include <skillgrad/sheet/workbook.hpp>
#include <skillgrad/traces/evidence.hpp>

namespace skillgrad::cli {

/// What executing and grading tasks needs besides a model.
struct Workbench {
  std::unique_ptr<exec::Sandbox> sandbox;
  std::unique_ptr<sheet::Recalculator> recalculator;
  std::unique_ptr<bench::Benchmark> benchmark;
  bench::Splits splits;
  bool scenario_split = false;    ///< they are those of a simulation
  bool too_few_to_split = false;  ///< there were not enough contents to draw splits from
  /// `benchmark`, where sessions of --traces are its train tasks; else null.
  const traces::TraceBenchmark* recorded = nullptr;
  Json traces;  ///< of these, for run.json
  std::string judge_prompt;
  std::string graded_by;  ///< how answers are judged, kept with every score

  /// Without the models of a judge: those belong to whoever pays.
  [[nodiscard]] bench::GradeContext grading(std::stop_token stop) const {
    bench::GradeContext out{recalculator.get(), sandbox.get(), std::move(stop)};
    out.judging.prompt = judge_prompt;
    return out;
  }
  /// Of the splits, what is run and not recorded.
  [[nodiscard]] std::vector<std::string> runnable(std::vector<std::string> ids) const {
    std::erase_if(ids, [&](const std::string& id) {
      const bench::Task* task = benchmark->find(id);
      return task != nullptr && task->recorded;
    });
    return ids;
  }
  /// The version of the recalculating program, "" where no verdict depends on it: asking starts it.
  [[nodiscard]] std::string recalculated_by() const {
    return benchmark->may_recalculate() ? recalculator->version() : std::string();
  }
};

}  // namespace skillgrad::cli
