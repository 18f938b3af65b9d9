// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/costs.hpp>
#include <skillgrad/report/terminal.hpp>
#include <skillgrad/store/ledger.hpp>

#include "report/run/json_parts.hpp"
#include "report/run/sections.hpp"

namespace skillgrad::report {
namespace {

void read_facts(const RunFiles& files, const Json& result, RunReport& report) {
  RunFacts& facts = report.facts;
  const Json config = files.json("config.json");
  const Json& from = result.is_object() ? result : config;
  facts.run = fs::absolute(files.dir()).lexically_normal().string();
  facts.command = text_of(from, "command");
  for (auto [key, value] : {std::pair{"skill", &facts.skill},
                            {"benchmark", &facts.benchmark},
                            {"model", &facts.model},
                            {"split", &facts.split},
                            {"grading", &facts.grading},
                            {"version", &facts.version},
                            {"recalculation", &facts.recalculation},
                            {"finished_at", &facts.finished_at},
                            {"stop_reason", &facts.stop_reason}})
    *value = text_of(from, key);
  facts.simulation = flag_of(from, "simulation");
  facts.seconds = number_of(result, "seconds");
  const Json& settings = member(config, "settings");
  if (facts.skill.empty()) facts.skill = text_of(config, "skill_path");
  if (facts.model.empty()) facts.model = text_of(settings, "model");
  if (facts.benchmark.empty()) facts.benchmark = text_of(settings, "benchmark");
  if (!result.is_object()) facts.simulation = facts.model.starts_with("sim:");
  const Json& error = member(result, "error");
  facts.error = text_of(error, "message");
  facts.mend = text_of(error, "mend");
}

void read_notes(const Json& result, const std::vector<Json>& events, RunReport& report) {
  for (const Json& note : items(result, "notes")) {
    const std::string text = note.is_string() ? note.get<std::string>() : text_of(note, "text");
    if (!text.empty())
      report.notes.push_back({text, std::max<std::size_t>(1, count_of(note, "count"))});
  }
  if (result.is_object()) return;
  for (const Json& event : events)
    if (text_of(event, "event") == "notice") {
      const std::string text = text_of(event, "text"), message = text_of(event, "message");
      report.notes.push_back({text.empty() ? message : text, 1});
    }
}

/// What a run of several skills came to for each.
void note_skills(const Json& result, RunReport& report) {
  for (const Json& skill : items(result, "skills")) {
    const Json& test = member(skill, "test");
    std::string text = "skill " + text_of(skill, "skill") + ": " +
                       (member(skill, "changed") == Json(true) ? "changed" : "as it was");
    if (test.is_object())
      text += fmt::format("; its own {}: {} before, {} after, {} fixed, {} broken: {}",
                          counted(count_of(test, "n"), "test task"),
                          percent(number_of(test, "before").value_or(0)),
                          percent(number_of(test, "after").value_or(0)), count_of(test, "fixed"),
                          count_of(test, "broken"), text_of(skill, "verdict"));
    report.notes.push_back({std::move(text), 1});
  }
  for (const Json& conflict : items(result, "conflicts"))
    report.notes.push_back({text_of(conflict, "state") + ": " + text_of(conflict, "text"), 1});
}

/// The last event of a name; null where there is none.
Json last_event(const std::vector<Json>& events, const std::string& name) {
  const auto found = std::find_if(events.rbegin(), events.rend(), [&](const Json& event) {
    return text_of(event, "event") == name;
  });
  return found == events.rend() ? Json() : *found;
}

/// A part of the result, or the event that told it while there is no result.
Json part_of(const Json& result, const std::vector<Json>& events, const char* key,
             const std::string& event) {
  return result.is_object() ? member(result, key) : last_event(events, event);
}

VerdictFacts verdict_facts(const Json& verdict, const RunReport& report, std::size_t planned) {
  VerdictFacts out;
  auto& test = out.test;
  using optim::decisions::ReleaseVerdict;
  test.verdict =
      named<ReleaseVerdict>(text_of(verdict, "verdict")).value_or(ReleaseVerdict::not_tested);
  test.before = number_of(verdict, "before").value_or(0);
  test.after = number_of(verdict, "after").value_or(0);
  test.difference = number_of(verdict, "difference").value_or(0);
  test.interval = interval_of(verdict, "interval").value_or(test.interval);
  test.p = number_of(verdict, "p").value_or(1);
  test.n = count_of(verdict, "n");
  test.missing = count_of(verdict, "missing");
  test.could_show = number_of(verdict, "could_show").value_or(1);
  test.weighted = text_of(verdict, "of") == "weighted loss";
  const std::string harmed = text_of(verdict, "harmed");
  for (const Json& row : items(verdict, "models")) {
    optim::decisions::ModelRelease model;
    model.model = text_of(row, "model");
    model.verdict =
        named<optim::decisions::ModelVerdict>(text_of(row, "verdict")).value_or(model.verdict);
    model.difference = number_of(row, "difference").value_or(0);
    model.interval = interval_of(row, "interval").value_or(model.interval);
    model.p = number_of(row, "p").value_or(1);
    model.n = count_of(row, "n");
    if (model.model == harmed) test.harmed = test.models.size();
    test.models.push_back(std::move(model));
  }
  out.at_work = report.facts.condition == RunCondition::working;
  out.ended_early = report.facts.condition != RunCondition::finished;
  out.patch_kept = !report.best || report.best->iteration != 0;
  out.planned = planned;
  return out;
}

void read_verdict(const RunFiles& files, const Json& result, const std::vector<Json>& events,
                  RunReport& report) {
  const Json verdict = part_of(result, events, "verdict", "release");
  const Json plan = files.json("plan.json");
  Verdict& out = report.verdict;
  out.planned = items(member(plan, "splits"), "test").size();
  VerdictFacts facts = verdict_facts(verdict, report, out.planned);
  const Json rerun = member(result, "rerun");
  facts.unchanged = rerun.is_object();
  facts.proposed = flag_of(result, "proposed");
  facts.test_said = named<optim::decisions::ReleaseVerdict>(text_of(rerun, "test_said"));
  out.name = name_of(facts.test.verdict);
  out.line = verdict_line(facts);
  out.explanation = verdict_explanation(facts);
  out.n = facts.test.n;
  out.missing = facts.test.missing;
  out.before = number_of(verdict, "before");
  out.after = number_of(verdict, "after");
  out.difference = number_of(verdict, "difference");
  out.interval = interval_of(verdict, "interval");
  out.p = number_of(verdict, "p");
  out.could_show = number_of(verdict, "could_show");
}

Comparison comparison_of(const Json& value) {
  Comparison out;
  out.before = number_of(value, "before");
  out.after = number_of(value, "after");
  out.difference = number_of(value, "difference");
  out.p = number_of(value, "p");
  out.before95 = interval_of(value, "before_ci95");
  out.after95 = interval_of(value, "after_ci95");
  out.difference95 = interval_of(value, "difference_ci95");
  out.n = count_of(value, "n");
  out.fixed = count_of(value, "fixed");
  out.broken = count_of(value, "broken");
  return out;
}

void read_test(const Json& result, RunReport& report) {
  const Json& test = member(result, "test");
  if (!test.is_object()) return;
  report.test = comparison_of(test);
  const Json& detail = member(test, "detail");
  const int best = report.best ? report.best->iteration : 0;
  const auto point = [&](const char* key, const std::optional<double>& score,
                         const std::optional<stats::Interval>& interval, int iteration) {
    if (score)
      report.scores.push_back(
          {"release", iteration, *score, interval,
           count_if_any(member(detail, key), "n_graded").value_or(report.test->n), false});
  };
  point("before", report.test->before, report.test->before95, 0);
  if (best > 0) point("after", report.test->after, report.test->after95, best);
}

void read_troubles(const Json& summary, RunReport& report) {
  for (const Json& row : items(summary, "went_wrong"))
    report.went_wrong.push_back({text_of(row, "what"), count_of(row, "count"), count_of(row, "of"),
                                 texts_of(row, "tasks")});
}

void read_baseline(const Json& result, const std::vector<Json>& events, RunReport& report) {
  const Json train = result.is_object() ? member(member(result, "baseline"), "train")
                                        : last_event(events, "base_run");
  const bool told = result.is_object();
  if (const auto score = number_of(train, "score"))
    report.scores.push_back({"base", 0, *score, interval_of(train, "score_ci95"),
                             count_of(train, told ? "n_graded" : "graded"), false});
  const Json& val = member(member(result, "baseline"), "val");
  if (const auto score = number_of(val, "score"))
    report.scores.push_back({"gate after", 0, *score, interval_of(val, "score_ci95"),
                             count_of(val, "n_graded"), false});
  read_troubles(train, report);
}

void read_noise(const Json& found, RunReport& report) {
  if (!found.is_object()) return;
  NoiseFacts out;
  out.tasks = count_of(found, "tasks");
  out.missing = count_of(found, "missing");
  out.flip_rate = number_of(found, "flip_rate");
  out.variance_within = number_of(found, "variance_within");
  out.always_pass = number_of(found, "always_pass");
  out.always_fail = number_of(found, "always_fail");
  out.smallest_shown = number_of(found, "smallest_shown");
  for (const Json& price : items(found, "prices"))
    out.prices.push_back({number_of(price, "difference").value_or(0), number_of(price, "tasks"),
                          number_of(price, "rollouts"), flag_of(price, "shown_by_plan")});
  report.noise = std::move(out);
}

void read_finalists(const Json& rows, RunReport& report) {
  for (const Json& row : rows) {
    FinalistRow out;
    out.iteration = integer_of(row, "iteration");
    out.better = number_of(row, "better");
    out.fresh_score = number_of(row, "fresh_score");
    out.optimistic_score = number_of(row, "optimistic_score");
    out.tasks = count_of(row, "tasks");
    out.chosen = flag_of(row, "chosen");
    if (out.fresh_score)
      report.scores.push_back(
          {"fresh", out.iteration, *out.fresh_score, std::nullopt, out.tasks, false});
    report.finalists.push_back(std::move(out));
  }
}

Spent spent_of(std::string name, const Json& usage, const Json& cost) {
  return {std::move(name),
          count_of(usage, "calls"),
          number_of(usage, "input_tokens").value_or(0),
          number_of(usage, "cached_tokens").value_or(0),
          number_of(usage, "output_tokens").value_or(0),
          number_of(cost, "cost_usd")};
}

/// What the ledger has of a run without a result.
Json spent_so_far(const RunFiles& files) {
  const auto rows = store::read_ledger(files.dir());
  if (!rows) {
    files.miss("costs: " + rows.error().to_line());
    return {};
  }
  std::map<std::string, llm::Accountant> accounts;
  llm::Accountant all{llm::Budget{}};
  for (const auto& row : *rows) {
    all.restore(row);
    accounts.try_emplace(row.scope.substr(0, row.scope.find('/')), llm::Budget{})
        .first->second.restore(row);
  }
  optim::CostParts parts;
  for (const auto& [part, account] : accounts) parts[part] = account.totals();
  return optim::spent_json(all.totals(), parts);
}

void read_costs(const RunFiles& files, const Json& result, RunReport& report) {
  const Json spent = member(result, "usage").is_object() ? result : spent_so_far(files);
  report.spent = spent_of("all", member(spent, "usage"), spent);
  report.attempts = count_if_any(spent, "attempts");
  report.retries = count_if_any(spent, "retries");
  report.cached_calls = count_if_any(spent, "cached_calls");
  const Json& stages = member(spent, "usage_by_stage");
  if (stages.is_object())
    for (const auto& [name, value] : stages.items())
      report.stages.push_back(spent_of(name, value, value));
  const Json& parts = member(spent, "cost_by_part");
  if (parts.is_object())
    for (const auto& [name, value] : parts.items())
      report.parts.push_back(spent_of(name, member(value, "usage"), value));
}

std::string percent_text(const std::optional<double>& share) {
  return share ? percent(*share) : "none";
}

/// The figures of a baseline in one sentence.
std::string against_baseline(const Comparison& both) {
  if (!both.difference) return " No task was graded with the baseline, too.";
  std::string out = fmt::format(" Against the baseline: {:+.1f} points", 100 * *both.difference);
  if (both.difference95)
    out += fmt::format(" [{:+.1f}, {:+.1f}]", 100 * both.difference95->low,
                       100 * both.difference95->high);
  out += fmt::format(" on {} tasks, {} fixed, {} broken", both.n, both.fixed, both.broken);
  return out + (both.p ? ", " + p_text(*both.p) + "." : ".");
}

/// An evaluation claims its score, and with a baseline the difference.
void read_evaluation(const Json& result, RunReport& report) {
  Verdict& out = report.verdict;
  out.name = text_of(result, "verdict");
  if (out.name.empty()) out.name = "none";
  if (!result.is_object()) {
    const bool working = report.facts.condition == RunCondition::working;
    out.line =
        working ? "no score yet: the run is still at work" : "no score: the run left no result";
    return;
  }
  out.planned = count_of(result, "n_planned");
  out.n = count_of(result, "n_graded");
  const Json& baseline = member(result, "baseline");
  Comparison both = comparison_of(baseline);
  both.after = out.after = number_of(result, "score");
  both.after95 = interval_of(result, "score_ci95");
  out.line = "score " +
             (both.after && both.after95 ? percent_ci(*both.after, *both.after95)
                                         : percent_text(both.after)) +
             fmt::format(" over {} of {} rollouts", out.n, out.planned);
  out.explanation =
      "Mean over the tasks that could be graded, with its 95 % interval. Errors are left out; "
      "counted as failures: " +
      percent_text(number_of(result, "score_errors_as_failures")) + ".";
  if (baseline.is_object()) {
    both.before = out.before = number_of(baseline, "score");
    both.before95 = interval_of(baseline, "score_ci95");
    out.difference = both.difference;
    out.interval = both.difference95;
    out.p = both.p;
    out.explanation += against_baseline(both);
  }
  report.test = std::move(both);
  read_troubles(result, report);
}

/// A calibration claims nothing; what it found broken comes first.
void read_calibration(const Json& result, const std::vector<Json>& events, RunReport& report) {
  Verdict& out = report.verdict;
  out.name = "none";
  out.line = flag_of(result, "broken") ? "the measurement is broken"
                                       : "a calibration: it measures noise and claims nothing";
  out.explanation = join(texts_of(result, "tripwires"), ". ");
  read_noise(part_of(result, events, "calibration", "calibration"), report);
}

}  // namespace

void read_result(const RunFiles& files, const Json& result, const std::vector<Json>& events,
                 RunReport& report) {
  read_facts(files, result, report);
  read_notes(result, events, report);
  note_skills(result, report);
  read_costs(files, result, report);
  if (report.facts.command == "eval") return read_evaluation(result, report);
  if (report.facts.command == "calibrate") return read_calibration(result, events, report);
  if (const Json& best = member(result, "best"); best.is_object())
    report.best = Best{integer_of(best, "iteration"), number_of(best, "score"),
                       number_of(best, "fresh_score"), text_of(best, "path")};
  else if (const Json state = files.json("state.json"); state.is_object())
    report.best = Best{integer_of(state, "best_iteration"), number_of(state, "best_score"),
                       std::nullopt, (files.dir() / "best").string()};
  read_verdict(files, result, events, report);
  read_models(result, report);
  read_tradeoffs(result, report);
  read_baseline(result, events, report);
  read_noise(part_of(result, events, "calibration", "calibration"), report);
  const Json finalists = part_of(result, events, "finalists", "finalists");
  read_finalists(finalists.is_array() ? finalists : items(finalists, "finalists"), report);
  read_test(result, report);
}

}  // namespace skillgrad::report
