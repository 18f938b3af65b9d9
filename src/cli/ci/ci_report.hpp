// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/llm/accountant.hpp>
#include <skillgrad/optim/evaluate.hpp>

#include "cli/ci/changed_skills.hpp"
#include "cli/workbench/validated.hpp"

namespace skillgrad::cli {

enum class CiTier { fixed, eval };

/// What calls of this process came to.
struct Paid {
  std::int64_t calls = 0, tokens = 0;
  std::optional<double> usd = 0.0;  ///< nullopt: a price is not known
  void add(const Paid& other);
};

/// A skill as it was, or as it is, on its tasks.
struct MeasuredSkill {
  std::string run;  ///< folder of the evaluation
  optim::EvalSummary summary;
  bool kept = false;  ///< an earlier command had measured all of it
  Paid paid;
  [[nodiscard]] std::optional<double> turns() const;  ///< calls of a rollout, in the mean
  [[nodiscard]] std::optional<double> usd() const;    ///< of a rollout, at the price of the replies
};

/// Task by task, on those that were graded before and after.
struct Compared {
  stats::PairedResult paired;
  std::vector<std::string> fixed, broken;  ///< tasks that came to, or fell from, score 1
  /// "better", "worse" or "not shown", by the paired test at 5 %.
  [[nodiscard]] const char* verdict() const;
};

/// All that is known of one changed skill.
struct SkillReport {
  ChangedSkill skill;
  std::optional<Validated> validated;  ///< none of a removed skill
  std::optional<bench::CheckReport> tasks;
  std::optional<MeasuredSkill> before, after;
  std::optional<Compared> compared;
  std::string unmeasured;                    ///< why there is no `after`, or ""
  std::vector<std::string> failures;         ///< gates that are not met, in words
  std::optional<Error> error;                ///< what kept it from being judged
  [[nodiscard]] const char* status() const;  ///< pass, fail, error, removed
};

struct CiReport {
  fs::path top;
  std::string since, base;  ///< as asked for, and the commit that was compared with
  CiTier tier = CiTier::fixed;
  bool replayed = false;
  std::string model;  ///< "" where none was asked
  bool simulated = false;
  std::string split;
  int trials = 1;
  std::vector<SkillReport> skills;
  std::size_t unchanged = 0;
  Paid paid;
  double seconds = 0;
  int exit_code = 0;

  [[nodiscard]] std::size_t count(const std::string& status) const;
  /// "2 of 3 changed skills fail".
  [[nodiscard]] std::string verdict() const;
};

/// `ci --json`.
[[nodiscard]] Json ci_json(const CiReport& report);
/// The comment for a pull request. Whatever comes from a skill or a task is inert in it.
[[nodiscard]] std::string ci_markdown(const CiReport& report);
/// A line for each skill.
[[nodiscard]] std::string ci_text(const CiReport& report);
/// JUnit's XML: a suite for each skill, a case for its validation and for each rollout of `after`.
[[nodiscard]] std::string ci_junit(const CiReport& report);
/// Annotations for what is not in the annotations of validation: failed gates and errors.
[[nodiscard]] std::string ci_github_lines(const CiReport& report);

}  // namespace skillgrad::cli

namespace skillgrad {

template <>
struct EnumText<cli::CiTier> {
  using enum cli::CiTier;
  static constexpr EnumName<cli::CiTier> kTable[] = {{fixed, "static"}, {eval, "eval"}};
};

}  // namespace skillgrad
