// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/review.hpp>

#include "report/pages/visible.hpp"

namespace skillgrad::report {
namespace {

constexpr std::size_t kMostEvidence = 8, kSentenceBytes = 600, kSubject = 72;

std::string percent_text(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string with_interval(double share, const std::optional<stats::Interval>& interval) {
  if (!interval) return percent_text(share);
  return fmt::format("{} [{:.1f}, {:.1f}]", percent_text(share), 100 * interval->low,
                     100 * interval->high);
}

/// Text of others, on one line of bounded length.
std::string review_line(const std::string& text) {
  std::string out = visible(text);
  std::replace(out.begin(), out.end(), '\n', ' ');
  return truncate_middle(trim(out), kSentenceBytes);
}

/// Of the tasks that the score beside them is about.
std::vector<std::string> tasks_that(const RunReport& report, const char* change) {
  std::vector<std::string> out;
  for (const TaskRow& task : report.tasks)
    if (task.change == change && (!report.test || task.split == "test"))
      out.push_back(visible(task.id));
  return out;
}

std::string test_line(const RunReport& report) {
  if (!report.test || !report.test->before || !report.test->after) return {};
  const Comparison& test = *report.test;
  return fmt::format("{} -> {} on {} test task{}, {} fixed, {} broken",
                     with_interval(*test.before, test.before95),
                     with_interval(*test.after, test.after95), test.n, test.n == 1 ? "" : "s",
                     test.fixed, test.broken);
}

std::string price_line(const RunReport& report) {
  return fmt::format(
      "{}, {} calls, {:.0f} tokens",
      report.spent.cost_usd ? fmt::format("${:.4f}", *report.spent.cost_usd) : "unknown price",
      report.spent.calls, report.spent.input_tokens + report.spent.output_tokens);
}

std::string package_words(const RunReport& report, const Proposal& proposal) {
  if (proposal.source != "best") return proposal.source;
  return report.best ? fmt::format("best (iteration {})", report.best->iteration) : "best";
}

/// What the grader said of the first rollout of the skill before that did not pass.
std::string grader_said(const TaskRow& task) {
  for (const Rollout& rollout : task.rollouts) {
    if (rollout.arm != Arm::before || rollout.status == "pass") continue;
    std::string out = rollout.message;
    if (!rollout.differences.empty()) {
      const Difference& first = rollout.differences.front();
      out += fmt::format("{}{}: expected {}, got {}", out.empty() ? "" : "; ", first.place,
                         first.expected, first.got);
    }
    return out.empty() ? rollout.status : out;
  }
  return {};
}

struct Named {
  std::string id;
  bool against = false;
};

std::vector<std::string> evidence_of(const RunReport& report, const Change& change) {
  std::vector<Named> named;
  const auto add = [&](const std::string& id, bool against) {
    if (std::none_of(named.begin(), named.end(), [&](const Named& one) { return one.id == id; }))
      named.push_back({id, against});
  };
  for (const Reason& reason : change.reasons) {
    for (const std::string& id : reason.against) add(id, true);
    for (const std::string& id : reason.tasks) add(id, false);
  }
  const auto row_of = [&](const std::string& id) -> const TaskRow* {
    const auto found = std::find_if(report.tasks.begin(), report.tasks.end(),
                                    [&](const TaskRow& task) { return task.id == id; });
    return found == report.tasks.end() ? nullptr : &*found;
  };
  const auto is_broken = [&](const Named& one) {
    const TaskRow* const row = row_of(one.id);
    return row != nullptr && row->change == "broken";
  };
  std::stable_partition(named.begin(), named.end(), is_broken);
  std::vector<std::string> out;
  for (const Named& one : named) {
    if (out.size() == kMostEvidence) {
      out.push_back(fmt::format("and {} more tasks", named.size() - kMostEvidence));
      break;
    }
    const TaskRow* const row = row_of(one.id);
    const std::string said = row == nullptr ? "" : grader_said(*row);
    out.push_back(review_line(fmt::format("{}{}{}{}{}", one.id, is_broken(one) ? " (broken)" : "",
                                          one.against ? " contradicts it" : "",
                                          said.empty() ? "" : ": ", said)));
  }
  return out;
}

std::vector<std::string> why_of(const RunReport& report, const Change& change) {
  std::vector<std::string> out;
  for (const Reason& reason : change.reasons) {
    out.push_back(review_line(fmt::format("{} (iteration {}): {}", reason.pattern, reason.iteration,
                                          reason.line.empty() ? reason.reason : reason.line)));
    if (!reason.inferred.empty())
      out.push_back(review_line("inferred, shown by no task: " + reason.inferred));
    for (const Step& step : report.steps) {
      if (step.iteration != reason.iteration) continue;
      for (const optim::Gradient& one : step.diagnoses) {
        if (std::find(reason.tasks.begin(), reason.tasks.end(), one.task_id) == reason.tasks.end())
          continue;
        for (const auto& cause : one.causes)
          if (one.causes.size() == 1 || cause.known == reason.pattern || cause.label == reason.line)
            out.push_back(review_line(fmt::format("{}: {}", one.task_id, cause.analysis)));
      }
    }
  }
  if (out.empty()) out.emplace_back("the patch does not say why");
  return out;
}

const Change* change_for(const RunReport& report, const skill::Hunk& hunk) {
  const auto found = std::find_if(report.changes.begin(), report.changes.end(),
                                  [&](const Change& one) { return one.id == hunk.id; });
  return found == report.changes.end() ? nullptr : &*found;
}

/// Words of a line in lines of at most `width`; what follows the first is indented.
std::string wrapped_words(const std::string& text, std::size_t width, const std::string& indent) {
  std::string out, line;
  for (const std::string& word : split(text, ' ')) {
    if (word.empty()) continue;
    if (!line.empty() && count_code_points(line) + 1 + count_code_points(word) > width) {
      out += line + "\n";
      line = indent;
    }
    line += (trim(line).empty() ? "" : " ") + word;
  }
  return out + line + "\n";
}

std::string taken_words(const Proposal& proposal, const std::vector<skill::ChosenHunk>& taken) {
  std::vector<std::string> names;
  for (const skill::ChosenHunk& one : taken)
    names.push_back(one.hunk->id + (one.text ? " (edited)" : ""));
  return fmt::format("{} of {}: {}", taken.size(), proposal.hunks.size(), join(names, ", "));
}

/// "records:evals": a commit is no place for the folders of one machine.
std::string benchmark_name(const std::string& benchmark) {
  const std::size_t kind = benchmark.find(':') + 1;  // 0: none
  const std::size_t last = benchmark.rfind('/') + 1;
  return last <= kind ? benchmark : benchmark.substr(0, kind) + benchmark.substr(last);
}

/// All hunks as the run measured them: only of that its verdict speaks.
bool is_as_measured(const Proposal& proposal, const std::vector<skill::ChosenHunk>& taken) {
  return proposal.source == "best" && taken.size() == proposal.hunks.size() &&
         std::none_of(taken.begin(), taken.end(),
                      [](const skill::ChosenHunk& one) { return one.text.has_value(); });
}

std::string subject_of(const RunReport& report, const Proposal& proposal, bool as_measured) {
  const Verdict& verdict = report.verdict;
  if (proposal.undo > 0) {
    const std::string head = "Take back a step of " + review_line(proposal.initial.name());
    const std::string tail = fmt::format(": iteration {}", proposal.undo);
    return head.size() + tail.size() <= kSubject ? head + tail : "Take back a step" + tail;
  }
  std::string figures;
  if (proposal.source == "best" && verdict.difference)
    figures = fmt::format(", {:+.1f} points on {} test task{}", 100 * *verdict.difference,
                          verdict.n, verdict.n == 1 ? "" : "s");
  const std::string tail = proposal.source != "best" ? ": " + proposal.source
                           : as_measured             ? ": " + verdict.name + figures
                                                     : ": in part, not measured as it is";
  const std::string head = "Patch the skill " + review_line(proposal.initial.name());
  return head.size() + tail.size() <= kSubject ? head + tail : "Patch the skill" + tail;
}

}  // namespace

std::string review_head(const RunReport& report, const Proposal& proposal) {
  std::string out = visible(report.verdict.line) + "\n";
  if (!report.verdict.explanation.empty())
    out += "  " + review_line(report.verdict.explanation) + "\n";
  if (proposal.source != "best")
    out +=
        "  the verdict is about the best package; this review is about " + proposal.source + "\n";
  if (const std::string test = test_line(report); !test.empty()) out += "score: " + test + "\n";
  if (const auto broken = tasks_that(report, "broken"); !broken.empty())
    out += "broken: " + list_some(broken, 12) + "\n";
  if (const auto fixed = tasks_that(report, "fixed"); !fixed.empty())
    out += "fixed: " + list_some(fixed, 12) + "\n";
  out += "price: " + price_line(report) + "\n";
  return out + "package: " + package_words(report, proposal) + "\n" + stat_text(proposal);
}

std::string waiting_head(const RunReport& report, const Proposal& proposal,
                         const std::string& reason) {
  const int iteration = std::stoi(proposal.source.substr(5));
  std::string out =
      fmt::format("iteration {}: the gate took this patch, and the run waits for you\n", iteration);
  for (const Step& step : report.steps) {
    if (step.iteration != iteration) continue;
    if (!step.summary.empty()) out += "patch: " + review_line(step.summary) + "\n";
    if (step.gate && step.gate->n > 0)
      out += fmt::format("score (it chose, so it is too high): {} -> {} on {} validation task{}\n",
                         percent_text(step.gate->before), percent_text(step.gate->after),
                         step.gate->n, step.gate->n == 1 ? "" : "s");
  }
  return out + "gate: " + review_line(reason) + "\n";
}

HunkText hunk_text(const RunReport& report, const Proposal& proposal, std::size_t at) {
  const skill::Hunk& hunk = proposal.hunks[at];
  HunkText out;
  out.title = fmt::format("{} of {}: {}, {}, {}", hunk.id, proposal.hunks.size(),
                          visible(hunk.file), layer_name(hunk.layer), visible(hunk.anchor));
  if (hunk.new_line > 0) out.title += fmt::format(", line {}", hunk.new_line);
  for (const skill::HunkLine& line : hunk.lines) {
    std::string_view text = line.text;
    if (text.ends_with('\n')) text.remove_suffix(1);
    out.lines.push_back(std::string(1, line.mark) + visible(text));
  }
  for (const skill::Risk& risk : risks_in(proposal, hunk))
    out.risks.push_back(risk.line > 0 ? fmt::format("{} (line {})", risk.what, risk.line)
                                      : risk.what);
  const Change* const change = change_for(report, hunk);
  if (change == nullptr) return out;
  if (out.lines.empty())
    for (const std::string& line : change->lines) out.lines.push_back(visible(line));
  out.why = why_of(report, *change);
  out.evidence = evidence_of(report, *change);
  return out;
}

std::string commit_message(const RunReport& report, const Proposal& proposal,
                           const std::vector<skill::ChosenHunk>& taken) {
  const auto row = [](const std::string& name, const std::string& text) {
    return text.empty() ? "" : wrapped_words(name + ": " + text, kSubject, "  ");
  };
  const bool as_measured = is_as_measured(proposal, taken);
  std::string out = subject_of(report, proposal, as_measured) + "\n\n";
  if (proposal.undo > 0)
    out += row("Not measured", "the run measured this skill with the step, or before it");
  else if (!as_measured)
    out += row("Not measured", "the run's verdict is about its whole best package");
  out += row(as_measured ? "Verdict" : "Verdict of the best package",
             review_line(report.verdict.line));
  out += row("Test", test_line(report));
  out += row("Model", review_line(report.facts.model));
  out += row("Benchmark", review_line(benchmark_name(report.facts.benchmark)));
  out += row("Price", price_line(report));
  out += row("Package", package_words(report, proposal) + " of run " +
                            review_line(proposal.run.filename().string()));
  out += row("Hunks", taken_words(proposal, taken));
  std::vector<std::string> patterns;
  for (const skill::ChosenHunk& one : taken)
    if (const Change* const change = proposal.undo > 0 ? nullptr : change_for(report, *one.hunk))
      for (const Reason& reason : change->reasons) {
        std::string line = review_line(reason.pattern);
        const std::string words = review_line(reason.line.empty() ? reason.reason : reason.line);
        if (!words.empty() && words != line) line += ": " + words;
        if (std::find(patterns.begin(), patterns.end(), line) == patterns.end())
          patterns.push_back(std::move(line));
      }
  if (!patterns.empty()) out += "\nPatterns:\n";
  for (const std::string& pattern : patterns) out += wrapped_words("- " + pattern, kSubject, "  ");
  return out;
}

}  // namespace skillgrad::report
