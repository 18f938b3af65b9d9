// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/run_report.hpp>

#include "report/pages/visible.hpp"

namespace skillgrad::report {
namespace {

/// RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it.
class CsvWriter {
 public:
  CsvWriter& text(std::string_view value) {
    std::string field = visible(value);
    if (!field.empty() && std::string_view("=+-@\t\r").find(field[0]) != std::string_view::npos)
      field.insert(0, 1, '\'');
    const bool quote = field.find_first_of(",\"\n\r") != std::string::npos;
    return put(quote ? '"' + replace_all(std::move(field), "\"", "\"\"") + '"' : field);
  }
  CsvWriter& number(double value) { return put(format_double(value)); }
  CsvWriter& number(const std::optional<double>& value) {
    return put(value ? format_double(*value) : "");
  }
  CsvWriter& count(std::size_t value) { return put(std::to_string(value)); }
  void end() {
    out_ += "\r\n";
    first_ = true;
  }
  void header(std::initializer_list<const char*> names) {
    for (const char* name : names) put(name);
    end();
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  CsvWriter& put(const std::string& field) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += field;
    return *this;
  }
  std::string out_;
  bool first_ = true;
};

std::optional<double> low_of(const std::optional<stats::Interval>& interval) {
  return interval ? std::optional(interval->low) : std::nullopt;
}
std::optional<double> high_of(const std::optional<stats::Interval>& interval) {
  return interval ? std::optional(interval->high) : std::nullopt;
}

void rollouts_table(const RunReport& report, CsvWriter& csv) {
  csv.header({"task_id", "split", "stage", "iteration", "arm", "trial", "status", "score",
              "cost_usd", "seconds", "package", "message", "differences", "path"});
  for (const TaskRow& task : report.tasks)
    for (const Rollout& rollout : task.rollouts) {
      const Column& column = report.columns[rollout.column];
      std::vector<std::string> differences;
      for (const Difference& one : rollout.differences)
        differences.push_back(one.place + ": expected " + one.expected + ", got " + one.got);
      csv.text(task.id).text(task.split).text(column.key);
      csv.count(static_cast<std::size_t>(column.iteration)).text(name_of(rollout.arm));
      csv.count(static_cast<std::size_t>(rollout.trial)).text(rollout.status);
      csv.number(rollout.score).number(rollout.cost_usd).number(rollout.seconds);
      csv.text(rollout.package).text(rollout.message).text(join(differences, "\n"));
      csv.text(rollout.path).end();
    }
}

void steps_table(const RunReport& report, CsvWriter& csv) {
  csv.header({"iteration", "decision", "train_score", "train_n", "gate_before", "gate_after",
              "gate_n", "better", "p", "fixed", "broken", "l1", "l2", "l3", "cost_usd", "summary",
              "reason"});
  for (const Step& step : report.steps) {
    const bool gated = step.gate && step.gate->n > 0;
    const auto of_gate = [&](double value) { return gated ? std::optional(value) : std::nullopt; };
    const optim::GateDecision gate = step.gate.value_or(optim::GateDecision{});
    const Size size = step.size.value_or(Size{});
    csv.count(static_cast<std::size_t>(step.iteration)).text(step.decision);
    csv.number(step.train_score).count(step.train_n);
    csv.number(of_gate(gate.before)).number(of_gate(gate.after)).count(gate.n);
    csv.number(gate.better).number(gated ? gate.p : std::nullopt);
    csv.count(gate.fixed).count(gate.broken).count(size.l1).count(size.l2).count(size.l3);
    csv.number(step.cost_usd).text(step.summary).text(step.reason).end();
  }
}

void scores_table(const RunReport& report, CsvWriter& csv) {
  csv.header({"series", "iteration", "score", "low", "high", "n", "optimistic"});
  for (const ScorePoint& point : report.scores) {
    csv.text(point.series).count(static_cast<std::size_t>(point.iteration)).number(point.score);
    csv.number(low_of(point.interval)).number(high_of(point.interval)).count(point.n);
    csv.text(point.optimistic ? "true" : "false").end();
  }
}

void costs_table(const RunReport& report, CsvWriter& csv) {
  csv.header(
      {"kind", "name", "calls", "input_tokens", "cached_tokens", "output_tokens", "cost_usd"});
  const auto add = [&](const char* kind, const Spent& spent) {
    csv.text(kind).text(spent.name).count(spent.calls).number(spent.input_tokens);
    csv.number(spent.cached_tokens).number(spent.output_tokens).number(spent.cost_usd).end();
  };
  for (const Spent& stage : report.stages) add("stage", stage);
  for (const Spent& part : report.parts) add("part", part);
  add("all", report.spent);
}

void patterns_table(const RunReport& report, CsvWriter& csv) {
  csv.header({"pattern", "kind", "line", "iteration", "velocity", "tasks", "remedies"});
  for (const PatternHistory& known : report.patterns)
    for (const auto& [iteration, velocity] : known.velocity) {
      csv.text(known.pattern.slug).text(known.pattern.kind_text()).text(known.pattern.line);
      csv.count(static_cast<std::size_t>(iteration)).number(velocity);
      csv.text(join(known.pattern.tasks, " ")).count(known.pattern.remedies.size()).end();
    }
}

}  // namespace

std::string csv_page(const RunReport& report, CsvTable table) {
  CsvWriter csv;
  switch (table) {
    case CsvTable::rollouts:
      rollouts_table(report, csv);
      break;
    case CsvTable::steps:
      steps_table(report, csv);
      break;
    case CsvTable::scores:
      scores_table(report, csv);
      break;
    case CsvTable::costs:
      costs_table(report, csv);
      break;
    case CsvTable::patterns:
      patterns_table(report, csv);
      break;
  }
  return csv.take();
}

}  // namespace skillgrad::report
