// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>

namespace skillgrad::cli {

/// An answer to grade: a line of a predictions file, or what a run kept of one rollout.
struct Prediction {
  const bench::Task* task;   ///< of the benchmark, which outlives this; never null
  std::string where;         ///< the file, or the rollout's folder
  int number = 0;            ///< of the line in the file, from 1
  Json line;                 ///< of a file
  bool answers = true;       ///< the line holds an answer, or names a file that exists
  std::string missing = {};  ///< the file that it names and that does not exist
  struct Kept {
    std::filesystem::path outputs;
    std::string final_message;
    std::string error;  ///< why the rollout left no answer that can be graded, or ""
  };
  std::optional<Kept> kept = std::nullopt;  ///< of a run

  [[nodiscard]] std::string place() const {  ///< file:line, or the rollout's folder
    return kept ? where : where + ":" + std::to_string(number);
  }
};

/// `path` is a file or pipe with a JSON object a line ("-": standard input), or the folder of a run
/// of eval, or one of an optimize run that holds rollouts/. Each id occurs once. What a user should
/// know goes to stderr. Errors: input, cancelled.
[[nodiscard]] Result<std::vector<Prediction>> read_predictions(const std::string& path,
                                                               const bench::Benchmark& benchmark,
                                                               const std::stop_token& stop);

/// Says on stderr which predictions name files that do not exist, and how many do. Errors (input):
/// none names one that does, and there is no other answer.
[[nodiscard]] Result<> check_outputs(const std::vector<Prediction>& predictions,
                                     const std::string& path);

/// The answer of a prediction in the empty folder `work_dir`, which is "" where the task needs
/// none. Errors: input (the line names no answer), infra (the rollout has none), those of setting
/// up and copying.
[[nodiscard]] Result<bench::AgentAnswer> open_prediction(const Prediction& prediction,
                                                         const bench::Benchmark& benchmark,
                                                         const std::filesystem::path& base_dir,
                                                         const std::filesystem::path& work_dir,
                                                         const bench::GradeContext& context);

}  // namespace skillgrad::cli
