// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/triggers.hpp>

namespace skillgrad::report {
namespace {

/// Rollouts of one query that all come out alike and put their interval on one side of a half.
constexpr std::size_t kTellingTrials = 4;
/// With fewer queries of a kind no exact test finds a difference at 5 %, not even of all to none.
constexpr std::size_t kTellingQueries = 4;

QueryRate rate_of(const bench::TriggerQuery& query,
                  const std::vector<const optim::LossRecord*>& records) {
  QueryRate out;
  out.id = query.id;
  out.query = query.query;
  out.should_trigger = query.should_trigger;
  out.planned = records.size();
  for (const optim::LossRecord* record : records) {
    out.errors += record->failed() ? 1U : 0U;
    if (!record->graded()) continue;
    ++out.graded;
    // Right where it should not is left alone.
    out.activated += record->hard == query.should_trigger ? 1U : 0U;
  }
  out.rate95 = stats::wilson95(static_cast<double>(out.activated), out.graded);
  if (out.graded == 0) return out;
  out.rate = static_cast<double>(out.activated) / static_cast<double>(out.graded);
  const bool often = out.rate95.low > 0.5, seldom = out.rate95.high < 0.5;
  if (often || seldom)
    out.verdict = often == query.should_trigger ? QueryVerdict::right : QueryVerdict::wrong;
  return out;
}

TriggerRate sum_of(const std::vector<QueryRate>& queries, bool should) {
  TriggerRate out;
  double sum = 0;
  for (const QueryRate& query : queries) {
    if (query.should_trigger != should) continue;
    out.errors += query.errors;
    if (query.graded == 0) continue;
    ++out.queries;
    out.graded += query.graded;
    out.activated += query.activated;
    sum += query.rate;
  }
  if (out.queries > 0) out.rate = sum / static_cast<double>(out.queries);
  // Chances that differ from query to query make a sum less uncertain than equal ones do, so that
  // both are wide rather than narrow.
  out.rate95 = stats::wilson95(out.rate * static_cast<double>(out.graded), out.graded);
  out.others95 = stats::wilson95(sum, out.queries);
  return out;
}

/// Newcombe's interval of a difference of two rates (1998, method 10).
stats::Interval difference_interval(const TriggerRate& a, const TriggerRate& b) {
  if (a.queries == 0 || b.queries == 0) return {-1, 1};
  const double difference = a.rate - b.rate;
  return {difference - std::hypot(a.rate - a.others95.low, b.others95.high - b.rate),
          difference + std::hypot(a.others95.high - a.rate, b.rate - b.others95.low)};
}

void judge_apart(TriggerReport& report) {
  if (std::min(report.should.queries, report.should_not.queries) < kTellingQueries) return;
  if (report.difference95.low > 0)
    report.verdict = TriggerVerdict::tells_apart;
  else if (report.difference95.high < 0.5)
    report.verdict = TriggerVerdict::does_not;
}

void note_doubts(TriggerReport& report) {
  auto& notes = report.notes;
  for (const auto& [rate, what] : {std::pair{&report.should, "that should trigger"},
                                   {&report.should_not, "that should not trigger"}})
    if (rate->queries == 0)
      notes.push_back(std::string("no query ") + what +
                      " was measured: whether the description tells requests apart cannot be said");
  if (const std::size_t errors = report.should.errors + report.should_not.errors; errors > 0)
    notes.push_back(counted(errors, "rollout") +
                    " ended as errors, which are neither activations nor the want of one");
  if (static_cast<std::size_t>(report.trials) < kTellingTrials)
    notes.push_back(
        fmt::format("{} of a query cannot show that most of them go one way: that "
                    "takes --trials {}",
                    counted(static_cast<std::size_t>(report.trials), "rollout"), kTellingTrials));
  const std::size_t fewest = std::min(report.should.queries, report.should_not.queries);
  if (fewest > 0 && fewest < kTellingQueries)
    notes.push_back(
        fmt::format("so few queries cannot show that the kinds differ, however they come "
                    "out: that takes {} of each",
                    kTellingQueries));
  else if (fewest > 0 && report.verdict == TriggerVerdict::cannot_tell)
    notes.push_back(
        fmt::format("the difference may be anything from {:+.0f} to {:+.0f} points: "
                    "more queries would tell, more rollouts of these would not",
                    100 * report.difference95.low, 100 * report.difference95.high));
  if (report.neighbours.empty())
    notes.emplace_back(
        "the skill stood alone in the catalogue: beside others it may be activated less often "
        "(--with FOLDER)");
  if (report.simulation)
    notes.emplace_back("replies came from a simulation and say nothing about any model");
}

}  // namespace

void judge_triggers(const std::vector<bench::TriggerQuery>& queries,
                    const optim::EvalSummary& summary, TriggerReport& report) {
  std::map<std::string, std::vector<const optim::LossRecord*>> by_query;
  for (const auto& record : summary.records) by_query[record.task_id].push_back(&record);
  for (const auto& query : queries)
    if (const auto found = by_query.find(query.id); found != by_query.end())
      report.queries.push_back(rate_of(query, found->second));
  report.should = sum_of(report.queries, true);
  report.should_not = sum_of(report.queries, false);
  report.difference = report.should.rate - report.should_not.rate;
  report.difference95 = difference_interval(report.should, report.should_not);
  judge_apart(report);
  note_doubts(report);
}

}  // namespace skillgrad::report
