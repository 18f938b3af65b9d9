// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/skill/foreign_words.hpp>
#include <skillgrad/skill/package.hpp>
#include <skillgrad/store/run_store.hpp>

namespace skillgrad::optim {

/// What the train tasks' files and commands said in the rollouts of a run, read from its folder, so
/// that a resume knows the same. Texts that the skill or a task holds, and what an agent wrote
/// before it read it, are not foreign. Not thread-safe.
class ForeignTexts {
 public:
  ForeignTexts(const store::RunStore& store, const bench::Benchmark& benchmark,
               const skill::SkillPackage& initial, std::vector<std::string> train);
  /// Of all rollouts on train tasks up to this iteration. Rollouts that cannot be read say nothing.
  [[nodiscard]] std::shared_ptr<const skill::ForeignWords> up_to(int iteration);

 private:
  void read_rollouts(const std::string& dir);
  void read_rollout(const std::string& folder, const std::string& task);

  const store::RunStore& store_;
  std::set<std::string> train_;
  int read_ = -1;  ///< iterations; 0: the base runs
  std::shared_ptr<skill::ForeignWords> words_ = std::make_shared<skill::ForeignWords>();
};

}  // namespace skillgrad::optim
