// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include "report/run/json_parts.hpp"
#include "report/run/sections.hpp"

namespace skillgrad::report {
namespace {

/// Rows of the result, and those that came later than it: a run that was resumed has both.
std::map<int, Json> rows_of(const Json& result, const std::vector<Json>& events) {
  std::map<int, Json> out;
  for (const Json& event : events)
    if (text_of(event, "event") == "iteration") out[integer_of(event, "iteration")] = event;
  for (const Json& row : items(result, "iterations")) out[integer_of(row, "iteration")] = row;
  out.erase(0);
  return out;
}

std::optional<Size> size_of(const Json& row) {
  const Json& size = member(row, "size");
  if (!size.is_object()) return std::nullopt;
  return Size{count_of(size, "l1"), count_of(size, "l2"), count_of(size, "l3")};
}

void read_screen(const Json& gate, Step& step) {
  step.candidate = count_of(gate, "candidate");
  step.candidates = count_of(gate, "candidates");
  for (const Json& row : items(gate, "screen")) {
    Screened out;
    out.package = text_of(row, "package").substr(0, 12);
    out.better = number_of(row, "better");
    out.worse = number_of(row, "worse");
    out.fixes = number_of(row, "fixes");
    out.breaks = number_of(row, "breaks");
    out.rounds = count_of(row, "rounds");
    out.dropped = flag_of(row, "dropped");
    step.screened.push_back(std::move(out));
  }
}

Step step_of(const RunFiles& files, int iteration, const Json& row) {
  Step out;
  out.iteration = iteration;
  out.decision = text_of(row, "decision");
  out.reason = text_of(row, "reason");
  out.summary = text_of(row, "summary");
  out.train_n = count_of(row, "train_n");
  if (out.train_n > 0) out.train_score = number_of(row, "train_score");
  out.cost_usd = number_of(row, "cost_usd");
  out.size = size_of(row);
  if (const Json& gate = member(row, "gate"); gate.is_object()) {
    auto decision = optim::gate_from_json(gate);
    if (decision) out.gate = std::move(*decision);
  }
  if (const Json& approval = member(row, "approval"); approval.is_object()) {
    auto read = optim::approval_from_json(approval);
    if (read) out.approval = std::move(*read);
  }
  const std::string folder = iteration_folder(iteration);
  read_screen(files.json(folder + "/gate.json"), out);
  for (const Json& line : files.lines(folder + "/gradients.jsonl")) {
    auto diagnosis = optim::gradient_from_json(line);
    if (diagnosis) out.diagnoses.push_back(std::move(*diagnosis));
  }
  return out;
}

/// What is known of an iteration before its decision.
Json row_that_waits(const RunFiles& files, int iteration) {
  const std::string folder = iteration_folder(iteration);
  Json gate = files.json(folder + "/gate.json");
  if (gate.is_object())
    for (const char* key : {"candidate", "candidates", "screen", "scores"}) gate.erase(key);
  return {{"iteration", iteration},
          {"decision", ""},
          {"reason", text_of(gate, "reason")},
          {"summary", text_of(files.json(folder + "/patch.json"), "summary")},
          {"gate", std::move(gate)}};
}

/// What the curve shows of one step. Scores of the gate chose what is kept: those of an accepted
/// patch, and of a skill that was kept before, are too high.
void add_scores(const Step& step, bool current_was_chosen, RunReport& report) {
  if (step.train_score)
    report.scores.push_back(
        {"train", step.iteration, *step.train_score, std::nullopt, step.train_n, false});
  if (!step.gate || step.gate->n == 0) return;
  const auto& gate = *step.gate;
  report.scores.push_back(
      {"gate before", step.iteration, gate.before, std::nullopt, gate.n, current_was_chosen});
  report.scores.push_back({"gate after", step.iteration, gate.after, std::nullopt, gate.n,
                           step.decision == "accepted"});
}

}  // namespace

void read_steps(const RunFiles& files, const Json& result, const std::vector<Json>& events,
                std::optional<int> waiting, RunReport& report) {
  const Json batches = items(files.json("plan.json"), "batches");
  bool chosen = false;
  auto rows = rows_of(result, events);
  if (waiting && !rows.contains(*waiting)) rows[*waiting] = row_that_waits(files, *waiting);
  for (const auto& [iteration, row] : rows) {
    Step step = step_of(files, iteration, row);
    const auto at = static_cast<std::size_t>(iteration - 1);
    if (at < batches.size())
      for (const Json& id : batches[at])
        if (id.is_string()) step.batch.push_back(id.get<std::string>());
    add_scores(step, chosen, report);
    chosen = chosen || step.decision == "accepted";
    report.steps.push_back(std::move(step));
  }
  for (const Json& row : items(result, "pruned"))
    for (Step& step : report.steps)
      if (step.iteration == integer_of(row, "iteration"))
        step.pruned = text_of(row, "verdict") + ": " + text_of(row, "reason");
}

}  // namespace skillgrad::report
