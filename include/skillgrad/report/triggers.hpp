// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/bench/triggers.hpp>
#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/optim/evaluate.hpp>
#include <skillgrad/stats/intervals.hpp>

namespace skillgrad::report {

/// What the rollouts of one query say, at 95 %: more or fewer than half of them activate the skill
/// as they ought to, or neither is shown.
enum class QueryVerdict { right, wrong, cannot_tell };
struct QueryRate {
  std::string id, query;
  bool should_trigger = true;
  std::size_t planned = 0, graded = 0, activated = 0, errors = 0;  ///< rollouts
  double rate = 0;         ///< activated of graded; 0 without any
  stats::Interval rate95;  ///< Wilson
  QueryVerdict verdict = QueryVerdict::cannot_tell;
};

/// All queries of a kind. A query counts as much as another, however many of its rollouts failed.
struct TriggerRate {
  std::size_t queries = 0;  ///< with a graded rollout
  std::size_t graded = 0, activated = 0, errors = 0;
  double rate = 0;         ///< mean over queries; 0 without any
  stats::Interval rate95;  ///< of these queries: the rollouts are what is drawn
  /// Of other queries of the same kind: the queries are what is drawn.
  stats::Interval others95;
};

/// Whether the description tells the two kinds of queries apart.
enum class TriggerVerdict { tells_apart, does_not, cannot_tell };

struct TriggerReport {
  std::string skill, model, executor, run;
  std::vector<std::string> neighbours;
  int trials = 1;
  bool simulation = false;
  std::size_t controls = 0, controls_activated = 0;  ///< queries that name the skill; graded ones
  std::vector<QueryRate> queries;
  TriggerRate should, should_not;
  double difference = 0;         ///< should.rate - should_not.rate
  stats::Interval difference95;  ///< for other queries (Newcombe); [-1, 1] without one of the kinds
  TriggerVerdict verdict = TriggerVerdict::cannot_tell;
  std::optional<double> cost_usd;  ///< nullopt: a price is not known
  std::vector<std::string> notes;  ///< why it cannot tell, and what to know besides
};

/// Fills in everything that follows from the records of the queries' rollouts.
void judge_triggers(const std::vector<bench::TriggerQuery>& queries,
                    const optim::EvalSummary& summary, TriggerReport& report);

[[nodiscard]] std::string triggers_text(const TriggerReport& report);
/// `skillgrad.triggers/1`
[[nodiscard]] Json to_json(const TriggerReport& report);

}  // namespace skillgrad::report

namespace skillgrad {

template <>
struct EnumText<report::QueryVerdict> {
  using enum report::QueryVerdict;
  static constexpr EnumName<report::QueryVerdict> kTable[] = {
      {right, "right"}, {wrong, "wrong"}, {cannot_tell, "cannot tell"}};
};

template <>
struct EnumText<report::TriggerVerdict> {
  using enum report::TriggerVerdict;
  static constexpr EnumName<report::TriggerVerdict> kTable[] = {{tells_apart, "tells apart"},
                                                                {does_not, "does not tell apart"},
                                                                {cannot_tell, "cannot tell"}};
};

}  // namespace skillgrad
