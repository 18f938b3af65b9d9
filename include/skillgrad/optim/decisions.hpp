// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/stats/intervals.hpp>
#include <skillgrad/stats/planning.hpp>

/// What the decisions of a run come to (docs/deciding.md).
namespace skillgrad::optim::decisions {

/// How much evidence a candidate needs.
enum class GateLevel { strict, balanced, loose };

/// What it would take to show a difference.
struct Price {
  double difference = 0;
  double tasks = 0;     ///< with test_repeats; at most so many that 10^6 is "none at any record"
  double rollouts = 0;  ///< both arms
  bool shown_by_plan = false;  ///< by the test tasks planned
};

struct Calibration {
  std::size_t tasks = 0;    ///< with two graded rollouts at least
  std::size_t missing = 0;  ///< of those asked for, with fewer
  double score = 0;
  stats::WithinTask within;                 ///< flip rate, variance within tasks
  double always_pass = 0, always_fail = 0;  ///< shares of these tasks
  double least_p = 1;                       ///< of the sign test if every test task voted
  std::optional<std::size_t>
      wins_needed;  ///< of all test tasks, if each voted; none: no record is enough
  double smallest_shown =
      1;  ///< difference that the test shows with 80 % power, see spread_between
  double spread_between =
      0;  ///< omega^2 assumed: what a gain of 10 points on some tasks would make
  std::vector<Price> prices;  ///< of +5 and +10 points
};

/// `not_looked_at`: the share of rollouts was used up before anything was known.
enum class PruneVerdict { kept, taken_out, not_looked_at };

enum class ReleaseVerdict { improved, not_shown, worse, not_tested };

/// What a package does with one of several models.
enum class ModelVerdict { helped, harmed, not_shown, not_compared };

/// One of several models in the release test: a test of its own in either direction, each at alpha
/// divided by the number of models, so that the chance of any false "harmed" is at most alpha.
struct ModelRelease {
  std::string model;
  ModelVerdict verdict = ModelVerdict::not_compared;
  double before = 0, after = 0, difference = 0;
  stats::Interval interval{-1, 1};  ///< as that of the release, at this model's share of alpha
  double p = 1;                     ///< one-sided, of the direction that was found
  std::size_t n = 0;                ///< tasks graded under both
};

struct ReleaseResult {
  ReleaseVerdict verdict = ReleaseVerdict::not_tested;
  double before = 0, after = 0, difference = 0;
  /// At level 1 - 2 alpha, for a test that may stop at each look: without 0 when improvement is
  /// shown at the last look, and wider than an interval of a fixed number of tasks before it.
  stats::Interval interval{-1, 1};
  double p = 1;       ///< one-sided, for improvement
  std::size_t n = 0;  ///< tasks that the verdict stands on
  std::size_t missing =
      0;                  ///< tasks asked for up to there that have no graded rollout of both arms
  std::size_t look = 0;   ///< that decided
  double could_show = 1;  ///< smallest difference that all tasks planned show with 80 % power, with
                          ///< the spread that was found
  /// Scores are values of the weighted loss, from 0 to 1 (docs/tradeoffs.md).
  bool weighted = false;
  std::vector<ModelRelease> models = {};  ///< where there are several
  /// The model for which the verdict is `worse`, by the rule `worst`; nullopt: not for one model.
  std::optional<std::size_t> harmed = std::nullopt;
};

}  // namespace skillgrad::optim::decisions

namespace skillgrad::optim {

/// One checkpoint that fresh rollouts of the validation tasks chose among.
struct Finalist {
  int iteration = 0;             ///< 0: the initial skill
  std::optional<double> better;  ///< chance against the last accepted one; none: it is that one
  double fresh_score = 0;  ///< mean over validation tasks of rollouts that chose nothing before
  double all_score = 0;    ///< of all rollouts: optimistic
  std::size_t tasks = 0;   ///< with a fresh grade
  bool chosen = false;
};

/// One accepted patch at the end of a run: does the skill need it?
struct PrunedPatch {
  int iteration = 0;
  decisions::PruneVerdict verdict = decisions::PruneVerdict::kept;
  std::string reason;
  double within_margin = 0;  ///< chance that it gives no more than the margin
};

/// What must hold before a run is worth its price, measured with the initial skill.
[[nodiscard]] Json to_json(const decisions::Calibration& value);
[[nodiscard]] Json to_json(const decisions::ReleaseResult& value);
[[nodiscard]] Json to_json(const std::vector<Finalist>& value);
[[nodiscard]] Json to_json(const std::vector<PrunedPatch>& value);

}  // namespace skillgrad::optim

namespace skillgrad {

template <>
struct EnumText<optim::decisions::GateLevel> {
  using enum optim::decisions::GateLevel;
  static constexpr EnumName<optim::decisions::GateLevel> kTable[] = {
      {strict, "strict"}, {balanced, "balanced"}, {loose, "loose"}};
};

template <>
struct EnumText<optim::decisions::PruneVerdict> {
  using enum optim::decisions::PruneVerdict;
  static constexpr EnumName<optim::decisions::PruneVerdict> kTable[] = {
      {kept, "kept"}, {taken_out, "taken out"}, {not_looked_at, "not looked at"}};
};

template <>
struct EnumText<optim::decisions::ModelVerdict> {
  using enum optim::decisions::ModelVerdict;
  static constexpr EnumName<optim::decisions::ModelVerdict> kTable[] = {
      {helped, "helped"},
      {harmed, "harmed"},
      {not_shown, "not shown"},
      {not_compared, "not compared"}};
};

template <>
struct EnumText<optim::decisions::ReleaseVerdict> {
  using enum optim::decisions::ReleaseVerdict;
  static constexpr EnumName<optim::decisions::ReleaseVerdict> kTable[] = {
      {improved, "improved"},
      {not_shown, "not shown"},
      {worse, "worse"},
      {not_tested, "not tested"}};
};

}  // namespace skillgrad
