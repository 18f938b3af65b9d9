// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/report/comparison.hpp>

namespace skillgrad::report {

/// What a package is tried with: a model, and who executes the tasks.
struct TransferSubject {
  std::string name;             ///< as it is shown; unique
  std::string model, executor;  ///< executor: "tools" for the one that is built in
};
/// A package to try; the first of a transfer is "none", no skill at all.
struct TransferScore {
  std::size_t package = 0, subject = 0;
  ScoredSkill scored;
};

enum class TransferVerdict { helped, harmed, not_shown, not_compared };

/// One package against another (or none) with one subject, on the tasks that were graded with both.
struct Pairing {
  std::size_t package = 0, against = 0, subject = 0;
  stats::PairedResult paired;
  double p_adjusted = 1;  ///< for all pairings of its kind together (Holm)
  TransferVerdict verdict = TransferVerdict::not_compared;
};

/// What a package does over all subjects: task by task the mean of its differences, of the tasks
/// that were graded in all of them, and the subject with which it does worst.
struct AcrossSubjects {
  std::size_t package = 0, against = 0;
  std::size_t n = 0;  ///< tasks
  double mean = 0;
  stats::Interval mean95;
  std::optional<std::size_t> worst;  ///< a subject; nullopt: in none of them was a task compared
};

struct Transfer {
  std::string benchmark, split;
  int trials = 1;
  std::vector<std::string> packages;  ///< packages[0] is "none"
  std::vector<TransferSubject> subjects;
  std::vector<TransferScore> scores;     ///< by subject, then package
  std::vector<Pairing> pairings;         ///< with none first, then among the packages
  std::vector<AcrossSubjects> across;    ///< of each package against none
  std::optional<double> cost_usd = 0.0;  ///< of all rollouts; nullopt: a price is not known
  std::vector<std::string> notes;        ///< what to know before anything is concluded
  [[nodiscard]] std::size_t count(TransferVerdict verdict) const;  ///< of pairings with none
};

/// Fills in everything but `packages`, `subjects` and `scores`. A pairing helps or harms where its
/// 95 % interval leaves 0 out and its p, adjusted for all pairings of its kind, is at most 5 %:
/// what may be chance is `not_shown`.
[[nodiscard]] Transfer judge_transfer(std::vector<std::string> packages,
                                      std::vector<TransferSubject> subjects,
                                      std::vector<TransferScore> scores);

[[nodiscard]] std::string transfer_text(const Transfer& transfer);
/// `skillgrad.transfer/1`
[[nodiscard]] Json to_json(const Transfer& transfer);

}  // namespace skillgrad::report

namespace skillgrad {

template <>
struct EnumText<report::TransferVerdict> {
  using enum report::TransferVerdict;
  static constexpr EnumName<report::TransferVerdict> kTable[] = {{helped, "helped"},
                                                                 {harmed, "harmed"},
                                                                 {not_shown, "not shown"},
                                                                 {not_compared, "not compared"}};
};

}  // namespace skillgrad
