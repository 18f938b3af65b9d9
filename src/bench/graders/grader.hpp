// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

/// What a grader sees of a task and of the answer to it.
struct GraderInput {
  std::string task_id;
  std::string input;     ///< the record's own text, without what the program adds to a prompt
  std::string metadata;  ///< JSON text of an object
  std::vector<std::string> input_files;
  std::string answer;              ///< the output file's text, or the final message
  std::filesystem::path work_dir;  ///< "": there is none (Grader::needs_work_dir)
  /// The task's output where it lies outside of the work directory.
  std::optional<std::filesystem::path> output = std::nullopt;
  bool golden = false;  ///< the answer is the task's own
};

/// What a grader is built from, besides its own options.
struct GraderSetup {
  std::string where;               ///< file:line, for errors
  std::filesystem::path base_dir;  ///< folder of the benchmark file
  std::vector<std::string> targets;
  std::string odd_target;       ///< one of them that is no text but an object or a list, as JSON
  bool* target_used = nullptr;  ///< set where a grader looks at `targets`
  std::string output;           ///< file that the task's agent must write, or ""
  RecalcMode recalc = RecalcMode::automatic;
  bool recalc_golden = false;
};

/// Judges one answer. Immutable, hence thread-safe.
class Grader {
 public:
  virtual ~Grader() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  /// Never changes the work directory. May throw only std::bad_alloc.
  [[nodiscard]] virtual Grade grade(const GraderInput& input,
                                    const GradeContext& context) const = 0;
  /// Whether it judges a text; others look at files themselves and get "" for a binary output.
  [[nodiscard]] virtual bool needs_text() const { return true; }
  /// Whether it runs a program in the work directory or looks at other files than the output.
  [[nodiscard]] virtual bool needs_work_dir() const { return false; }
  /// Whether the verdict may depend on the program that recalculates workbooks.
  [[nodiscard]] virtual bool may_recalculate() const { return false; }
  /// Most calls of a model for one verdict; 0: none gives it, or a part of it.
  [[nodiscard]] virtual int model_calls() const { return 0; }
  /// Whether a model gives the verdict, or a part of it.
  [[nodiscard]] bool asks_model() const { return model_calls() > 0; }
  /// What the model is asked.
  [[nodiscard]] virtual std::vector<std::string> criteria() const { return {}; }
  /// The verdict on an answer that is not there: a fail with what would have been checked.
  [[nodiscard]] virtual Grade missing(const GraderInput& input, const GradeContext& context) const;
  /// An answer text that must score 1, if it follows from the targets.
  [[nodiscard]] virtual std::optional<std::string> golden_text() const { return std::nullopt; }
  /// An output file that must score 1.
  [[nodiscard]] virtual std::optional<std::filesystem::path> golden_file() const {
    return std::nullopt;
  }
  /// What decides the verdict and is not in the record itself: files of golden answers.
  [[nodiscard]] virtual std::vector<std::filesystem::path> hashed_files() const { return {}; }
};

/// `spec` is {"type":NAME, options} or the bare name. Everything that can be checked without an
/// answer is checked here. Errors: dataset (with the setup's `where`).
[[nodiscard]] Result<std::unique_ptr<Grader>> make_grader(const nlohmann::ordered_json& spec,
                                                          const GraderSetup& setup);
/// `checks` of a record: [{"name","weight","grader"}]; score = sum of weight * score / sum of
/// weight.
[[nodiscard]] Result<std::unique_ptr<Grader>> make_weighted_grader(
    const nlohmann::ordered_json& checks, const GraderSetup& setup);

[[nodiscard]] Result<std::unique_ptr<Grader>> make_exact(const nlohmann::ordered_json& spec,
                                                         const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_contains(const nlohmann::ordered_json& spec,
                                                            const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_starts_with(const nlohmann::ordered_json& spec,
                                                               const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_ends_with(const nlohmann::ordered_json& spec,
                                                             const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_is_json(const nlohmann::ordered_json& spec,
                                                           const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_contains_json(const nlohmann::ordered_json& spec,
                                                                 const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_not(const nlohmann::ordered_json& spec,
                                                       const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_on_file(const nlohmann::ordered_json& spec,
                                                           const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_anywhere(const nlohmann::ordered_json& spec,
                                                            const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_regex(const nlohmann::ordered_json& spec,
                                                         const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_numeric(const nlohmann::ordered_json& spec,
                                                           const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_json_equal(const nlohmann::ordered_json& spec,
                                                              const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_denotation(const nlohmann::ordered_json& spec,
                                                              const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_xlsx_cells(const nlohmann::ordered_json& spec,
                                                              const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_command(const nlohmann::ordered_json& spec,
                                                           const GraderSetup& setup);
[[nodiscard]] Result<std::unique_ptr<Grader>> make_judge(const nlohmann::ordered_json& spec,
                                                         const GraderSetup& setup);

/// The record's targets, which counts as a use of them.
[[nodiscard]] const std::vector<std::string>& record_targets(const GraderSetup& setup);
/// The option `target` (a check's own), else the record's targets; an error when there is none, or
/// one that is no text.
[[nodiscard]] Result<std::vector<std::string>> grader_targets(const nlohmann::ordered_json& spec,
                                                              const GraderSetup& setup);
/// The same where a target may be any JSON.
[[nodiscard]] Result<std::vector<std::string>> json_targets(const nlohmann::ordered_json& spec,
                                                            const GraderSetup& setup);
/// The first target that is an object, a list in a list or null, as JSON; "" if there is none.
[[nodiscard]] std::string odd_target(const nlohmann::ordered_json& value);
/// Whether a word of a command, or the command, holds a NUL: programs would get it cut there.
[[nodiscard]] bool holds_nul(const nlohmann::ordered_json& command);
/// A string, number or boolean as text, any other JSON as its one-line form; a list gives several.
[[nodiscard]] std::vector<std::string> target_texts(const nlohmann::ordered_json& value);
/// The folder-confined path of a file that a record names. Errors: dataset.
[[nodiscard]] Result<std::filesystem::path> confined_file(const std::filesystem::path& base_dir,
                                                          const std::string& name,
                                                          const std::string& where);

/// A grade of one question: matched 0 or 1 of 1, with a difference when wrong.
[[nodiscard]] Grade yes_or_no(const GraderInput& input, bool right, const std::string& expected);

}  // namespace skillgrad::bench
