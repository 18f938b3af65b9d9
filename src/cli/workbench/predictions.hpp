// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>

namespace skillgrad::cli {

/// An answer to grade: a line of a predictions file, or what a run kept of one rollout.
struct Prediction {
  const bench::Task* task;                   ///< of the benchmark, which outlives this; never null
  std::shared_ptr<const std::string> where;  ///< the file, or the rollout's folder
  int number = 0;                            ///< of the line in the file, from 1
  Json line;                                 ///< of a file
  bool answers = true;       ///< the line holds an answer, or names a file that exists
  std::string missing = {};  ///< the file that it names and that does not exist
  struct Kept {
    std::filesystem::path outputs;
    std::string final_message;
    std::string error;  ///< why the rollout left no answer that can be graded, or ""
  };
  std::unique_ptr<const Kept> kept = nullptr;  ///< of a run

  [[nodiscard]] std::string place() const {  ///< file:line, or the rollout's folder
    return kept ? *where : *where + ":" + std::to_string(number);
  }
};

/// What `grade --predictions` names. It is read before the benchmark is opened, of which then no
/// more need be loaded than has answers; what is wrong with it is said when both are there.
class PredictionSource {
 public:
  /// `path` is a file or pipe with a JSON object a line ("-": standard input), or the folder of a
  /// run of eval, or one of an optimize run that holds rollouts/.
  static PredictionSource read(const std::string& path, const std::stop_token& stop);

  /// Ids of tasks, as often as lines name them; nullopt: any task of the benchmark.
  [[nodiscard]] std::optional<std::vector<std::string>> ids() const;

  /// Each id occurs once. What a user should know goes to stderr. Errors: input, cancelled.
  [[nodiscard]] Result<std::vector<Prediction>> predictions(const bench::Benchmark& benchmark) &&;

 private:
  void read_lines(std::string_view text);
  Result<> match(const bench::Benchmark& benchmark);

  std::string path_;
  std::optional<std::string> below_;  ///< it is a run: the folder that holds rollouts/, in `path_`
  std::vector<Prediction> lines_;     ///< up to the first wrong one; their tasks are null
  std::optional<Error> wrong_;        ///< with the file, or with the line behind `lines_`
};

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
