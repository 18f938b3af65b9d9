// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>
#include <skillgrad/report/triggers.hpp>

#include "report/table.hpp"

namespace skillgrad::report {
namespace {

constexpr std::size_t kQueriesShown = 100;

std::string rate_text(double rate, const stats::Interval& interval, std::size_t graded) {
  return graded > 0 ? percent_ci(rate, interval) : "none";
}

std::string kinds_table(const TriggerReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"queries that", "activated", "of other such queries", "rollouts", "errors"}};
  for (const auto& [name, rate] :
       {std::pair{"should trigger", &report.should}, {"should not trigger", &report.should_not}})
    rows.push_back({name, rate_text(rate->rate, rate->rate95, rate->graded),
                    rate->queries > 0 ? fmt::format("[{:.1f}, {:.1f}] %", 100 * rate->others95.low,
                                                    100 * rate->others95.high)
                                      : "-",
                    fmt::format("{} of {}", rate->activated, rate->graded),
                    std::to_string(rate->errors)});
  return format_table(rows);
}

std::string queries_table(const TriggerReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"verdict", "should", "activated", "errors", "id", "query"}};
  for (const QueryRate& query : report.queries) {
    if (rows.size() > kQueriesShown) break;
    rows.push_back({name_of(query.verdict), query.should_trigger ? "yes" : "no",
                    fmt::format("{} of {}", query.activated, query.graded),
                    std::to_string(query.errors), strip_control(truncate_middle(query.id, 24)),
                    strip_control(replace_all(truncate_middle(query.query, 60), "\n", " "))});
  }
  std::string out = format_table(rows);
  if (report.queries.size() > kQueriesShown)
    out += fmt::format("and {} more (--json has all)\n", report.queries.size() - kQueriesShown);
  return out;
}

std::string verdict_sentence(const TriggerReport& report) {
  const std::string difference = fmt::format(
      "{:+.1f} points [{:+.1f}, {:+.1f}] between the two kinds", 100 * report.difference,
      100 * report.difference95.low, 100 * report.difference95.high);
  switch (report.verdict) {
    case TriggerVerdict::tells_apart:
      return "tells apart: " + difference;
    case TriggerVerdict::does_not:
      return "does not tell apart: " + difference;
    case TriggerVerdict::cannot_tell:
      break;
  }
  const bool both = report.should.queries > 0 && report.should_not.queries > 0;
  return "cannot tell" + (both ? ": " + difference : std::string(": one kind of query is missing"));
}

Json interval_of(const stats::Interval& interval) { return Json({interval.low, interval.high}); }

Json rate_json(const TriggerRate& rate) {
  const bool any = rate.queries > 0;
  return {{"queries", rate.queries},
          {"n_graded", rate.graded},
          {"activated", rate.activated},
          {"errors", rate.errors},
          {"rate", any ? Json(rate.rate) : Json()},
          {"rate_ci95", any ? interval_of(rate.rate95) : Json()},
          {"other_queries_ci95", any ? interval_of(rate.others95) : Json()}};
}

Json query_json(const QueryRate& query) {
  const bool any = query.graded > 0;
  return {{"id", query.id},
          {"query", query.query},
          {"should_trigger", query.should_trigger},
          {"verdict", name_of(query.verdict)},
          {"n_planned", query.planned},
          {"n_graded", query.graded},
          {"activated", query.activated},
          {"errors", query.errors},
          {"rate", any ? Json(query.rate) : Json()},
          {"rate_ci95", any ? interval_of(query.rate95) : Json()}};
}

}  // namespace

std::string triggers_text(const TriggerReport& report) {
  std::string out =
      verdict_sentence(report) + "\n\n" + kinds_table(report) + "\n" + queries_table(report) + "\n";
  out += fmt::format("control    {} of {} queries that name the skill activated it\n",
                     report.controls_activated, report.controls);
  out += "beside     " +
         (report.neighbours.empty() ? std::string("no other skill")
                                    : strip_control(list_some(report.neighbours))) +
         "\n";
  out += "cost       " + money(report.cost_usd) + "\n";
  out += "run        " + strip_control(report.run) + "\n";
  if (!report.notes.empty()) out += "\nnotes\n";
  for (const std::string& note : report.notes) out += "  " + strip_control(note) + "\n";
  return out;
}

Json to_json(const TriggerReport& report) {
  Json queries = Json::array();
  for (const QueryRate& query : report.queries) queries.push_back(query_json(query));
  const bool both = report.should.queries > 0 && report.should_not.queries > 0;
  return {{"schema", "skillgrad.triggers/1"},
          {"command", "triggers"},
          {"skill", report.skill},
          {"model", report.model},
          {"executor", report.executor},
          {"simulation", report.simulation},
          {"neighbours", report.neighbours},
          {"trials", report.trials},
          {"verdict", name_of(report.verdict)},
          {"should_trigger", rate_json(report.should)},
          {"should_not_trigger", rate_json(report.should_not)},
          {"difference", both ? Json(report.difference) : Json()},
          {"difference_ci95", both ? interval_of(report.difference95) : Json()},
          {"control", {{"n_graded", report.controls}, {"activated", report.controls_activated}}},
          {"queries", std::move(queries)},
          {"cost_usd", report.cost_usd ? Json(*report.cost_usd) : Json()},
          {"run", report.run},
          {"notes", report.notes}};
}

}  // namespace skillgrad::report
