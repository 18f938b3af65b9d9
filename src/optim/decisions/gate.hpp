// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/optim/decisions.hpp>

#include "optim/decisions/effect_model.hpp"
#include "optim/decisions/score_book.hpp"

namespace skillgrad::optim::decisions {

struct GateOptions {
  double accept = 0.9;      ///< chance of being better that is enough before all is run
  double reject = 0.2;      ///< chance below which it is over
  double at_the_end = 0.5;  ///< chance that is enough when all passes are made
  std::size_t passes = 1;   ///< rollouts of each validation task under either package, at most
  std::size_t blocks = 3;   ///< parts in which a pass is made, of at least four tasks
  /// Tasks that the current package passed in all of at least two rollouts and the candidate failed
  /// in all of at least two: more of them reject, whatever else was won. None: no such bound.
  std::optional<std::size_t> max_broken;
};
[[nodiscard]] GateOptions gate_options(GateLevel level);

struct GatePlan {
  Comparison comparison;  ///< as the screen left it
  std::vector<std::string> val_tasks;
  std::uint64_t seed = 0;  ///< of the order of tasks
};

enum class GateReason {
  evidence,  ///< a bound was reached
  futile,    ///< even if all that is left spoke for it, it would not be enough
  cap,       ///< all passes were made
  broken,    ///< the regression budget
  coverage   ///< too few validation tasks could be graded to decide
};
enum class GateDecision { accepted, rejected, undecided };

/// What a gate found with one of several models.
struct GateOfModel {
  Belief belief;                      ///< from screen and validation
  std::size_t tasks = 0;              ///< validation tasks graded under both
  double before = 0, after = 0;       ///< means
  std::size_t fixed = 0, broken = 0;  ///< tasks whose value rose, fell
};

struct GateVerdict {
  GateDecision decision = GateDecision::undecided;
  GateReason reason = GateReason::coverage;
  Belief belief;                      ///< from screen and validation
  std::size_t looks = 0;              ///< at the evidence
  std::size_t tasks = 0;              ///< validation tasks graded under both
  std::size_t missing = 0;            ///< of those asked for, not graded under both
  double before = 0, after = 0;       ///< means of the tasks' values; optimistic once chosen by
  std::size_t fixed = 0, broken = 0;  ///< tasks whose value rose, fell
  std::vector<std::string> lost;      ///< tasks of the regression budget
  std::vector<GateOfModel> models;    ///< where there are several
};

struct GateStep {
  std::vector<Need> needs;  ///< not empty: make these, add them to the book and ask again
  GateVerdict verdict;      ///< so far; final when needs are empty
  [[nodiscard]] bool done() const { return needs.empty(); }
};

/// Where the gate stands: a function of the book.
[[nodiscard]] GateStep gate(const GatePlan& plan, const GateOptions& options,
                            const EffectModel& model, const ScoreBook& book);

/// The gates of before, kept for studies: accepted when the mean over the validation tasks rises,
/// in one look. Rule `stored` is this on a comparison that counts all (the current package's scores
/// are those that it was accepted by), rule `fresh` on one that counts what is run for it.
[[nodiscard]] GateStep mean_gate(Comparison comparison, const std::vector<std::string>& val_tasks,
                                 std::size_t repeats, const ScoreBook& book);

}  // namespace skillgrad::optim::decisions

namespace skillgrad {

template <>
struct EnumText<optim::decisions::GateReason> {
  using enum optim::decisions::GateReason;
  static constexpr EnumName<optim::decisions::GateReason> kTable[] = {{evidence, "evidence"},
                                                                      {futile, "futile"},
                                                                      {cap, "cap"},
                                                                      {broken, "broken"},
                                                                      {coverage, "coverage"}};
};

template <>
struct EnumText<optim::decisions::GateDecision> {
  using enum optim::decisions::GateDecision;
  static constexpr EnumName<optim::decisions::GateDecision> kTable[] = {
      {accepted, "accepted"}, {rejected, "rejected"}, {undecided, "undecided"}};
};

}  // namespace skillgrad
