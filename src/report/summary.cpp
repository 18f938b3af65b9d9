// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/troubles.hpp>
#include <skillgrad/report/terminal.hpp>

#include "report/skill_lines.hpp"
#include "report/table.hpp"

namespace skillgrad::report {
namespace {

constexpr const char* kSimulation =
    "SIMULATION: these replies came from a scenario file, not from a model; the numbers show that "
    "the\nprogram works and say nothing about any model.\n";

/// The number that a gate went by: staged ones by a chance, others tell a p.
std::string gate_number(const optim::IterationRow& row) {
  if (!row.gate) return "-";
  if (row.gate->better) return fmt::format("{:.2f}", *row.gate->better);
  return row.gate->n > 0 && row.gate->p ? fmt::format("{:.3f}", *row.gate->p) : "-";
}

std::string iteration_table(const optim::OptimizeResult& result) {
  const bool staged = result.calibration.has_value();
  std::vector<std::vector<std::string>> rows = {{"iteration", "decision", "train", "gate before",
                                                 "gate after", staged ? "better" : "p",
                                                 "body tokens", "reference tokens", "USD"}};
  for (const auto& row : result.iterations) {
    const bool gated = row.gate && row.gate->n > 0;
    const auto cost = optim::iteration_cost(result, row.iteration);
    rows.push_back({std::to_string(row.iteration), name_of(row.decision),
                    row.train_n > 0 ? percent(row.train_score) : "-",
                    gated ? percent(row.gate->before) : "-", gated ? percent(row.gate->after) : "-",
                    gate_number(row), std::to_string(row.l2), std::to_string(row.l3),
                    cost ? fmt::format("{:.4f}", *cost) : "unknown"});
  }
  return result.iterations.empty() ? "no iteration was finished\n" : format_table(rows);
}

std::string score_text(const optim::EvalSummary& summary) {
  return summary.graded > 0 ? percent_ci(summary.score, summary.score_ci95) : "none";
}

std::string test_lines(const optim::TestScore& test) {
  const auto& paired = test.paired;
  const std::string scores = fmt::format("test score before  {}\ntest score after   {}\n",
                                         score_text(test.before), score_text(test.after));
  if (paired.n == 0) return scores;
  return scores + fmt::format(
                      "difference         {:+.1f} points [{:+.1f}, {:+.1f}], {} fixed, {} broken, "
                      "two-sided {}, n = {}\n",
                      100 * paired.difference, 100 * paired.difference95.low,
                      100 * paired.difference95.high, paired.fixed, paired.broken, p_text(paired.p),
                      paired.n);
}

std::string errors_line(const optim::EvalSummary& summary) {
  std::string out;
  if (const auto errors = summary.errors(); errors > 0)
    out += fmt::format(
        "{} of {} rollouts ended as errors and are left out; counted as failures: {}\n", errors,
        summary.planned - summary.skipped(), percent(summary.score_errors_fail.value_or(0)));
  if (const auto skipped = summary.skipped(); skipped > 0)
    out += fmt::format("{} of {} rollouts were not run\n", skipped, summary.planned);
  return out;
}

constexpr std::size_t kTroublesShown = 6;

/// What the rollouts that did not pass have in common, as a block under `label`.
std::string trouble_lines(const std::string& label, const optim::EvalSummary& summary) {
  std::string out, indent = label;
  for (const auto& line : optim::to_lines(optim::troubles(summary.records), kTroublesShown)) {
    out += indent + line + "\n";
    indent.assign(label.size(), ' ');
  }
  return out;
}

/// How many iterations came to a patch that was tried; "" where all did.
std::string lost_iterations(const optim::OptimizeResult& result) {
  std::map<std::string, std::size_t> reasons;
  for (const auto& row : result.iterations)
    if (row.decision == optim::Decision::no_patch)
      ++reasons[strip_control(truncate_middle(row.reason, 120))];
  std::string out;
  for (const auto& [reason, count] : reasons)
    out += fmt::format("{} of {} iterations had no patch to try: {}\n", count,
                       result.iterations.size(), reason);
  return out.empty() ? out : out + "\n";
}

/// Why each patch that was tried was not kept.
std::string rejections(const optim::OptimizeResult& result) {
  std::string out;
  for (const auto& row : result.iterations)
    if (row.decision == optim::Decision::rejected || row.decision == optim::Decision::undecided)
      out += fmt::format("{:>9}  {}: {}\n", row.iteration, name_of(row.decision),
                         strip_control(truncate_middle(row.reason, 400)));
  return out.empty() ? out : out + "\n";
}

/// A line for each of several models: base run, test before and after, what became of it.
std::string model_lines(const optim::OptimizeResult& result) {
  if (!result.across) return {};
  std::vector<std::vector<std::string>> rows = {
      {"model", "base", "test before", "test after", "difference", ""}};
  const auto text = [](const std::optional<optim::ModelScore>& score) {
    return score ? percent_ci(score->score, score->interval) : std::string("-");
  };
  for (const optim::AcrossModel& model : result.across->models) {
    const auto& release = model.release;
    rows.push_back({strip_control(truncate_middle(model.name, 40)), text(model.base),
                    text(model.before), text(model.after),
                    release.n > 0
                        ? fmt::format("{:+.1f} points [{:+.1f}, {:+.1f}]", 100 * release.difference,
                                      100 * release.interval.low, 100 * release.interval.high)
                        : "-",
                    release.n > 0 ? name_of(release.verdict) : "not compared"});
  }
  return fmt::format("{} models, --across {}:\n", result.across->models.size(),
                     name_of(result.across->rule)) +
         format_table(rows) + "\n";
}

/// Packages that no other one beats, where quality alone decides: the report has the rest.
std::string not_dominated_line(const optim::Tradeoffs& found) {
  std::vector<std::string> names;
  for (const optim::TradeoffRow& row : found.rows)
    if (row.beaten == false)
      names.push_back(row.iteration == 0 ? "initial" : std::to_string(row.iteration));
  return fmt::format(
      "not dominated             {} (by {} on the validation tasks; the report has all)\n",
      names.empty() ? "none was measured" : join(names, ", "), join(found.objectives, ", "));
}

/// What the packages of the run cost for what they give.
std::string tradeoff_table(const optim::Tradeoffs& found) {
  std::vector<std::vector<std::string>> rows = {
      {"package", "decision", "to the initial skill", "USD", "seconds", "size", "violations", ""}};
  const auto times = [](const std::optional<double>& ratio) {
    return ratio ? fmt::format(" ({:.2f} x)", *ratio) : std::string();
  };
  for (const optim::TradeoffRow& row : found.rows) {
    const bool any = row.n > 0;
    const std::string usd =
        row.cost_usd ? fmt::format("{:.4f}", *row.cost_usd) + times(row.cost_ratio) : "unknown";
    const std::string seconds =
        row.seconds ? fmt::format("{:.1f}", *row.seconds) + times(row.time_ratio) : "unknown";
    std::vector<std::string> note;
    if (row.chosen) note.emplace_back("chosen");
    if (row.beaten == false) note.emplace_back("not dominated");
    rows.push_back(
        {row.iteration == 0 ? "initial" : std::to_string(row.iteration), row.what,
         any ? fmt::format("{:+.1f} points on {}", 100 * row.difference, row.n) : "not measured",
         any ? usd : "-", any ? seconds : "-", fmt::format("{:.2f} x", row.size_ratio),
         fmt::format("{:.0f}", row.violations), join(note, ", ")});
  }
  std::string out =
      "packages on the validation tasks (their scores chose, so they are optimistic); "
      "compared by " +
      join(found.objectives, ", ") + ":\n" + format_table(rows);
  for (const auto& [name, why] : found.left_out)
    out += "  not compared by " + name + ": " + why + "\n";
  return out + "\n";
}

/// What the noise of this measurement means for the decisions.
std::string calibration_lines(const optim::OptimizeResult& result) {
  const auto& found = *result.calibration;
  if (found.tasks == 0) return {};
  std::string out = fmt::format(
      "noise                     {} of identical rollouts of a validation task differ; {} of the "
      "tasks always pass, {} never\n",
      percent(found.within.flip_rate), percent(found.always_pass), percent(found.always_fail));
  return out;
}

/// Patches of the best checkpoint that were taken back.
std::string taken_out(const optim::OptimizeResult& result) {
  std::vector<std::string> out;
  for (const auto& row : result.pruned)
    if (row.verdict == optim::decisions::PruneVerdict::taken_out)
      out.push_back(std::to_string(row.iteration));
  if (out.empty()) return {};
  return fmt::format(" (without the patch{} of iteration{} {}, which it does not need)",
                     out.size() == 1 ? "" : "es", out.size() == 1 ? "" : "s", join(out, ", "));
}

/// One line for each category where there are several; the names are those of the data set.
std::string category_lines(const optim::EvalSummary& summary) {
  if (summary.by_category.size() < 2) return {};
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, part] : summary.by_category) {
    std::string of = fmt::format("over {} of {}", part.graded, part.planned);
    if (part.graded < part.planned)
      of += fmt::format("; errors as failures: {}", percent(part.score_errors_fail.value_or(0)));
    rows.push_back(
        {"  " + (name.empty() ? "no category" : strip_control(truncate_middle(name, 60))),
         part.graded > 0 ? percent(part.score) : "none", std::move(of)});
  }
  return format_table(rows);
}

}  // namespace

std::string cost_by_stage(const llm::LedgerTotals& totals) {
  std::vector<std::vector<std::string>> rows = {
      {"stage", "calls", "input", "cached", "output", "USD"}};
  const auto add = [&](const std::string& name, const llm::Usage& usage,
                       const std::optional<double>& cost) {
    rows.push_back({name, std::to_string(usage.calls), std::to_string(usage.input_tokens),
                    std::to_string(usage.cached_tokens), std::to_string(usage.output_tokens),
                    cost ? fmt::format("{:.4f}", *cost) : "unknown"});
  };
  for (const auto& [stage, usage] : totals.by_stage)
    add(stage, usage, optim::cost_of_stage(totals, stage));
  add("all", totals.usage, totals.cost_usd);
  std::string out = format_table(rows);
  if (totals.unsettled_usd != 0.0 || totals.unsettled_tokens > 0)
    out += fmt::format("possibly billed on top, without a reply: {} tokens, {}\n",
                       totals.unsettled_tokens, money(totals.unsettled_usd));
  return out;
}

std::string group_line(const bench::GroupScores& scores) {
  if (scores.graded == 0) return fmt::format("by task    none of {} was graded\n", scores.planned);
  return fmt::format("by task    score {}, hard {}, soft {} over {} of {} tasks\n",
                     percent(scores.score), percent(scores.hard), percent(scores.soft),
                     scores.graded, scores.planned);
}

std::string cached_line(const llm::LedgerTotals& totals) {
  if (totals.cached_calls == 0) return {};
  return fmt::format("{} of {} calls were answered without asking the endpoint\n",
                     totals.cached_calls, totals.usage.calls);
}

std::string prompt_cache_line(const llm::LedgerTotals& totals) {
  constexpr std::int64_t kLongPrompt = 2'000;
  constexpr double kFair = 0.3;
  const llm::Usage& usage = totals.usage;
  if (usage.calls == 0 || usage.input_tokens / usage.calls < kLongPrompt) return {};
  const double share =
      static_cast<double>(usage.cached_tokens) / static_cast<double>(usage.input_tokens);
  return fmt::format("{} of the input tokens came from the endpoint's prompt cache{}\n",
                     percent(share),
                     share < kFair ? " (few; does it cache prompts, and report it?)" : "");
}

std::string simulation_banner() { return kSimulation; }

namespace {

std::string rerun_lines(const optim::Reruns& reruns) {
  const auto best = reruns.best();
  if (!best) return "no pass was graded\n";
  const char* split = reruns.split == "val" ? "validation" : "train";
  std::string out = fmt::format(
      "best of {} pass{}: {} on the {} split, optimistic since it was chosen; {} on average",
      reruns.passes.size(), reruns.passes.size() == 1 ? "" : "es",
      percent(reruns.passes[*best].score), split, percent(reruns.mean()));
  if (reruns.fresh) out += fmt::format(", {} in a pass made after that", percent(*reruns.fresh));
  return out + "\n";
}

/// Nothing where the run is an ordinary one.
std::string budget_line(const optim::OptimizeResult& result) {
  const auto& count = result.rollouts;
  if (result.optimizer == optim::OptimizerKind::skillgrad && !count.allowed) return {};
  return fmt::format("optimizer:      {}, {} rollouts{} without the test split\n",
                     name_of(result.optimizer), count.used,
                     count.allowed ? fmt::format(" of {}", *count.allowed) : std::string());
}

}  // namespace

std::string optimize_summary(const optim::OptimizeResult& result, const SummaryFacts& facts) {
  std::string out = verdict_line(result) + "\n\n";
  if (facts.simulated) out += std::string(kSimulation) + "\n";
  out += (result.reruns ? rerun_lines(*result.reruns) : iteration_table(result)) + "\n" +
         rejections(result) + lost_iterations(result) + model_lines(result);
  const bool weighted = result.tradeoffs && result.tradeoffs->weights.several();
  if (weighted) out += tradeoff_table(*result.tradeoffs);
  if (result.calibration) out += calibration_lines(result);
  if (result.tradeoffs && !weighted) out += not_dominated_line(*result.tradeoffs);
  if (result.base_train)
    out += (result.facts.contains("traces") ? "recorded sessions         "
                                            : "base score (train split)  ") +
           score_text(*result.base_train) + "\n" + category_lines(*result.base_train) +
           errors_line(*result.base_train) + trouble_lines("  went wrong  ", *result.base_train);
  if (result.test) {
    out += test_lines(*result.test) + errors_line(result.test->before) +
           errors_line(result.test->after);
    if (const auto lines = category_lines(result.test->after); !lines.empty())
      out += "test score after, by category:\n" + lines;
  }
  if (const auto lines = skill_lines(result); !lines.empty()) out += "\n" + lines;
  out += "\n" + cost_by_stage(result.totals) + cached_line(result.totals);
  if (!facts.simulated) out += prompt_cache_line(result.totals);
  out += facts.notes;
  out += fmt::format("\nbest iteration: {}{}\n", result.best_iteration,
                     result.best_iteration == 0 ? " (the initial skill)" : taken_out(result));
  out += budget_line(result);
  if (result.best_fresh_score && !result.reruns)
    out += fmt::format("validation:     {} in fresh rollouts; {} in those that it was kept by\n",
                       percent(*result.best_fresh_score), percent(result.best_score.value_or(0)));
  out += "package:        " + result.best_path + "\n";
  out += "stopped:        " + strip_control(result.stop_reason);
  out += result.idle ? " (finished at " + result.finished_at + "; nothing was run now)\n" : "\n";
  out += "next:           " + facts.next_command + "\n";
  return out;
}

std::string eval_summary(const optim::EvalSummary& summary, const EvalFacts& facts) {
  std::string out;
  if (facts.simulated) out += std::string(kSimulation) + "\n";
  out += fmt::format("skill      {}\nbenchmark  {}, split {}\nmodel      {}\n", facts.skill,
                     facts.benchmark, facts.split, facts.model);
  out += fmt::format("score      {} over {} of {} rollouts\n", score_text(summary), summary.graded,
                     summary.planned);
  out += fmt::format("all right  {}\n", summary.graded > 0 ? percent(summary.hard) : "none") +
         errors_line(summary) + category_lines(summary) + trouble_lines("went wrong ", summary);
  std::vector<std::string> statuses;
  for (const auto& [status, count] : summary.by_status)
    statuses.push_back(fmt::format("{} {}", count, name_of(status)));
  out += "status     " + join(statuses, ", ") + "\n";
  return out;
}

}  // namespace skillgrad::report
