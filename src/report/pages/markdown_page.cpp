// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/run_report.hpp>
#include <skillgrad/report/terminal.hpp>

#include "report/pages/visible.hpp"

namespace skillgrad::report {
namespace {

constexpr std::size_t kCellBytes = 300;

/// Text of others within a line: no mark of Markdown or HTML in it means anything.
std::string md_text(std::string_view text, std::size_t most = kCellBytes) {
  std::string out;
  for (const char c : visible(truncate_middle(text, most))) {
    if (c == '\n' || c == '\r' || c == '\t') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (std::string_view("\\`*_[]|#~>!").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string md_lines(const std::vector<std::string>& lines) {
  std::string body, fence = "```";
  for (const std::string& line : lines) body += visible(line) + "\n";
  while (body.find(fence) != std::string::npos) fence += '`';
  return fence + "diff\n" + body + fence + "\n";
}

std::string md_row(const std::vector<std::string>& cells) {
  return "| " + join(cells, " | ") + " |\n";
}

std::string md_head(const std::vector<std::string>& names) {
  return md_row(names) + md_row(std::vector<std::string>(names.size(), "---"));
}

std::string md_share(const std::optional<double>& share) { return share ? percent(*share) : "–"; }

std::string md_points(const std::optional<stats::Interval>& interval) {
  return interval ? fmt::format("[{:+.1f}, {:+.1f}]", 100 * interval->low, 100 * interval->high)
                  : "";
}

std::string md_usd(const std::optional<double>& usd) {
  return usd ? fmt::format("{:.4f}", *usd) : "unknown";
}

std::string md_names(const std::vector<std::string>& names, std::size_t most = 8) {
  return md_text(list_some(names, most));
}

std::string iteration_label(int iteration) {
  return iteration == 0 ? "initial" : std::to_string(iteration);
}

std::string md_top(const RunReport& report) {
  const RunFacts& facts = report.facts;
  std::string out = "# " + md_text(report.verdict.line, 1000) + "\n\n" +
                    md_text(report.verdict.explanation, 2000) + "\n\n";
  if (facts.simulation)
    out +=
        "**Simulation**: the replies came from a scenario file and say nothing about any "
        "model.\n\n";
  if (facts.condition != RunCondition::finished) {
    out += fmt::format("**This run is not finished** ({}).", name_of(facts.condition));
    if (!facts.error.empty()) out += " " + md_text(facts.error, 1000);
    if (!facts.mend.empty()) out += " " + md_text(facts.mend, 1000);
    out += "\n\n";
  }
  for (const std::string& sentence : report.missing)
    out += "- missing: " + md_text(sentence, 600) + "\n";
  if (!report.missing.empty()) out += "\n";
  out += md_head({"", ""});
  for (const auto& [name, value] : {std::pair<const char*, std::string>{"skill", facts.skill},
                                    {"benchmark", facts.benchmark},
                                    {"model", facts.model},
                                    {"grading", facts.grading},
                                    {"run", facts.run},
                                    {"finished", facts.finished_at},
                                    {"stopped", facts.stop_reason},
                                    {"skillgrad", facts.version}})
    if (!value.empty()) out += md_row({name, md_text(value)});
  return out + "\n";
}

std::string md_scores(const RunReport& report) {
  if (report.scores.empty()) return {};
  std::string out =
      "## Scores\n\nOptimistic scores chose what is shown, so they are too high.\n\n" +
      md_head({"score", "iteration", "value", "95 %", "n", ""});
  for (const ScorePoint& point : report.scores)
    out += md_row(
        {point.series, iteration_label(point.iteration), percent(point.score),
         point.interval ? percent(point.interval->low) + " – " + percent(point.interval->high) : "",
         std::to_string(point.n), point.optimistic ? "optimistic" : ""});
  const bool patched = !report.best || report.best->iteration > 0;
  if (report.test && report.test->difference && patched)
    out += fmt::format("\nAll scored test tasks: {:+.1f} points {}, {} fixed, {} broken, n = {}.\n",
                       100 * *report.test->difference, md_points(report.test->difference95),
                       report.test->fixed, report.test->broken, report.test->n);
  return out + "\n";
}

std::string chance_that_it_helps(const Step& step) {
  if (!step.gate || !step.gate->better) return "–";
  return fmt::format("{:.2f}", *step.gate->better);
}

std::string md_steps(const RunReport& report) {
  if (report.steps.empty()) return {};
  std::string out =
      "## Steps\n\n" + md_head({"iteration", "decision", "train", "gate before", "gate after",
                                "better", "body tokens", "USD", "patch", "reason"});
  for (const Step& step : report.steps) {
    const bool gated = step.gate && step.gate->n > 0;
    out +=
        md_row({std::to_string(step.iteration), md_text(step.decision), md_share(step.train_score),
                gated ? percent(step.gate->before) : "–", gated ? percent(step.gate->after) : "–",
                chance_that_it_helps(step), step.size ? std::to_string(step.size->l2) : "–",
                md_usd(step.cost_usd), md_text(step.summary), md_text(step.reason)});
  }
  return out + "\n";
}

std::string md_noise(const RunReport& report) {
  std::string out;
  if (report.noise) {
    const NoiseFacts& noise = *report.noise;
    out += fmt::format(
        "## Noise\n\nOf identical rollouts of a validation task {} differ; {} of the tasks always "
        "pass, {} never ({} tasks).",
        md_share(noise.flip_rate), md_share(noise.always_pass), md_share(noise.always_fail),
        noise.tasks);
    if (noise.smallest_shown)
      out +=
          fmt::format(" The test split shows {:.0f} points and more.", 100 * *noise.smallest_shown);
    out += "\n\n";
  }
  if (report.finalists.empty()) return out;
  out += "## Finalists\n\n" +
         md_head({"iteration", "fresh score", "optimistic score", "tasks", "chosen"});
  for (const FinalistRow& row : report.finalists)
    out += md_row({iteration_label(row.iteration), md_share(row.fresh_score),
                   md_share(row.optimistic_score), std::to_string(row.tasks),
                   row.chosen ? "yes" : ""});
  return out + "\n";
}

std::string md_models(const RunReport& report) {
  if (!report.models) return {};
  const auto score = [](const std::optional<double>& value,
                        const std::optional<stats::Interval>& interval) {
    return value && interval ? percent_ci(*value, *interval) : std::string("–");
  };
  std::string out =
      fmt::format(
          "## Models\n\nEach task was executed with each model; decided by --across {}.\n\n",
          md_text(report.models->rule)) +
      md_head(
          {"model", "base run", "test before", "test after", "difference", "p", "n", "verdict"});
  for (const ModelRow& row : report.models->rows)
    out += md_row(
        {md_text(row.model), score(row.train, row.train95), score(row.before, row.before95),
         score(row.after, row.after95),
         row.difference
             ? fmt::format("{:+.1f} points {}", 100 * *row.difference, md_points(row.interval))
             : "–",
         row.p ? fmt::format("{:.4f}", *row.p) : "–", std::to_string(row.n), md_text(row.verdict)});
  return out + "\n";
}

std::string md_multiple(const std::optional<double>& of_initial) {
  return of_initial ? fmt::format("{:.2f} x", *of_initial) : "–";
}

std::string md_tradeoffs(const RunReport& report) {
  if (!report.tradeoffs) return {};
  const TradeoffFacts& facts = *report.tradeoffs;
  std::string out =
      "## Trade-offs\n\nPackages that were decided on, on the validation tasks, beside the initial "
      "skill on the same tasks. Their scores chose, so they are optimistic. A package is dominated "
      "where another one is no worse in " +
      md_names(facts.objectives) + " and better in one of them.\n\n" +
      md_head({"package", "what", "score", "to the initial skill", "USD a rollout", "cost",
               "seconds", "time", "size", "violations", "tasks", ""});
  for (const TradeoffPoint& one : facts.points)
    out += md_row({iteration_label(one.iteration), md_text(one.what), md_share(one.score),
                   one.difference ? fmt::format("{:+.1f} points {}", 100 * *one.difference,
                                                md_points(one.interval))
                                  : "–",
                   md_usd(one.cost_usd), md_multiple(one.cost_of_initial),
                   one.seconds ? fmt::format("{:.1f}", *one.seconds) : "–",
                   md_multiple(one.time_of_initial), md_multiple(one.size_of_initial),
                   one.violations ? fmt::format("{:.0f}", *one.violations) : "–",
                   std::to_string(one.n), tradeoff_note(one)});
  for (const auto& [name, why] : facts.left_out)
    out += fmt::format("\n- not compared: {}: {}\n", md_text(name), md_text(why));
  return out + "\n";
}

std::string md_costs(const RunReport& report) {
  std::string out = "## Cost\n\n" + md_head({"stage", "calls", "input", "cached", "output", "USD"});
  const auto add = [&](const Spent& spent) {
    out += md_row({md_text(spent.name), std::to_string(spent.calls),
                   fmt::format("{:.0f}", spent.input_tokens),
                   fmt::format("{:.0f}", spent.cached_tokens),
                   fmt::format("{:.0f}", spent.output_tokens), md_usd(spent.cost_usd)});
  };
  for (const Spent& stage : report.stages) add(stage);
  add(report.spent);
  return out + "\n";
}

std::string md_reasons(const std::vector<Reason>& reasons) {
  std::string out;
  for (const Reason& reason : reasons) {
    out += fmt::format("- because of **{}** (iteration {}): {}", md_text(reason.pattern),
                       reason.iteration, md_text(reason.reason));
    if (!reason.tasks.empty()) out += "; tasks: " + md_names(reason.tasks);
    if (!reason.against.empty()) out += "; against it: " + md_names(reason.against);
    if (!reason.inferred.empty()) out += "; inferred: " + md_text(reason.inferred);
    out += "\n";
  }
  return out.empty() ? "- the patch does not say why\n" : out;
}

std::string md_changes(const RunReport& report) {
  if (report.facts.command != "optimize") return {};
  std::string out = "## What changed in the package\n\n";
  if (report.changes.empty()) return out + "Nothing.\n\n";
  constexpr const char* kLayers[] = {"", "Layer 1: front matter", "Layer 2: body",
                                     "Layer 3: other files"};
  for (int layer = 1; layer <= 3; ++layer) {
    bool first = true;
    for (const Change& change : report.changes) {
      if (change.layer != layer) continue;
      if (first) out += fmt::format("### {}\n\n", kLayers[layer]);
      first = false;
      out += fmt::format("**{}**, {}, line {}\n\n", md_text(change.file), md_text(change.anchor),
                         change.new_line);
      out += md_lines(change.lines) + "\n" + md_reasons(change.reasons) + "\n";
    }
  }
  return out;
}

std::string md_patterns(const RunReport& report) {
  if (report.patterns.empty()) return {};
  std::string out = "## Patterns\n\n" + md_head({"pattern", "what", "velocity by iteration",
                                                 "failed in", "right in", "remedies", "tasks"});
  for (const PatternHistory& known : report.patterns) {
    std::vector<std::string> velocity, remedies, failed, right;
    for (const auto& [iteration, value] : known.velocity)
      velocity.push_back(fmt::format("{}: {:.3f}", iteration, value));
    for (const auto& remedy : known.pattern.remedies)
      remedies.push_back(
          fmt::format("{} ({})", remedy.iteration, remedy.accepted ? "accepted" : "rejected"));
    for (const int i : known.pattern.failed_in) failed.push_back(std::to_string(i));
    for (const int i : known.pattern.succeeded_in) right.push_back(std::to_string(i));
    out += md_row({md_text(known.pattern.slug), md_text(known.pattern.line), join(velocity, ", "),
                   join(failed, ", "), join(right, ", "), join(remedies, ", "),
                   md_names(known.pattern.tasks, 4)});
  }
  out += "\n";
  for (const Contradiction& one : report.contradictions)
    out += fmt::format("- contradiction in iteration {}: {} against {}: {}\n", one.iteration,
                       md_text(one.task), md_text(one.pattern), md_text(one.text));
  return out + (report.contradictions.empty() ? "" : "\n");
}

std::string cell_mark(const Cell& cell) {
  if (cell.pass + cell.fail == 0) return "!";
  if (cell.fail == 0) return "✓";
  return cell.pass == 0 ? "✗" : "±";
}

std::string md_tasks(const RunReport& report) {
  if (report.tasks.empty()) return {};
  std::string out =
      "## Tasks\n\n✓ passed, ✗ failed, ± both, ! error, · not run; before → after.\n\n";
  std::vector<std::string> names = {"task", "split", "change"};
  for (const Column& column : report.columns) names.push_back(md_text(column.label));
  out += md_head(names);
  for (const TaskRow& task : report.tasks) {
    std::vector<std::string> before(report.columns.size()), after = before;
    for (const Cell& cell : task.cells) {
      if (cell.arm == Arm::before) before[cell.column] = cell_mark(cell);
      if (cell.arm == Arm::after) after[cell.column] = cell_mark(cell);
    }
    std::vector<std::string> row = {md_text(task.id), md_text(task.split), task.change};
    for (std::size_t c = 0; c < before.size(); ++c)
      row.push_back(before[c].empty() && after[c].empty() ? "·"
                    : after[c].empty()                    ? before[c]
                    : before[c].empty()                   ? "→ " + after[c]
                                                          : before[c] + " → " + after[c]);
    out += md_row(row);
  }
  return out + "\n";
}

/// The last graded rollout of each task that did not pass, as the grader told it.
std::string md_differences(const RunReport& report) {
  std::string out;
  for (const TaskRow& task : report.tasks) {
    const auto last = std::find_if(task.rollouts.rbegin(), task.rollouts.rend(),
                                   [](const Rollout& one) { return one.arm != Arm::other; });
    if (last == task.rollouts.rend() || last->differences.empty()) continue;
    for (const Difference& one : last->differences)
      out += md_row({md_text(task.id), md_text(one.place), md_text(one.expected), md_text(one.got),
                     md_text(last->path)});
  }
  if (out.empty()) return {};
  return "## Differences that are left\n\n" +
         md_head({"task", "place", "expected", "got", "rollout"}) + out + "\n";
}

std::string md_notes(const RunReport& report) {
  if (report.notes.empty()) return {};
  std::string out = "## Notes\n\n";
  for (const Note& note : report.notes)
    out += fmt::format("- {}{}\n", md_text(note.text, 1000),
                       note.count > 1 ? fmt::format(" ({} times)", note.count) : "");
  return out;
}

}  // namespace

std::string markdown_page(const RunReport& report) {
  return md_top(report) + md_scores(report) + md_models(report) + md_steps(report) +
         md_noise(report) + md_tradeoffs(report) + md_changes(report) + md_patterns(report) +
         md_tasks(report) + md_differences(report) + md_costs(report) + md_notes(report);
}

}  // namespace skillgrad::report
