// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>

#include "report/run/sections.hpp"

namespace skillgrad::report {
namespace {

/// Of one step; the standing instructions of the agent are the same for every task.
constexpr std::size_t kStepBytes = 2400, kSystemBytes = 600;
/// A step beside its text.
constexpr std::size_t kStepOverhead = 60;

const Rollout* last_of(const TaskRow& task, const RunReport& report, const std::string& column,
                       Arm arm) {
  const Rollout* out = nullptr;
  for (const Rollout& rollout : task.rollouts)
    if (rollout.arm == arm && report.columns[rollout.column].key == column) out = &rollout;
  return out;
}

/// Of the columns in the order of the run, the last (or first) rollout of an arm.
const Rollout* found_in(const TaskRow& task, const RunReport& report,
                        std::initializer_list<std::string> columns, Arm arm) {
  for (const auto& column : columns)
    if (const Rollout* found = last_of(task, report, column, arm)) return found;
  return nullptr;
}

const Rollout* before_of(const TaskRow& task, const RunReport& report) {
  return found_in(task, report, {"test", "eval", "base", "finalists"}, Arm::before);
}

const Rollout* after_of(const TaskRow& task, const RunReport& report) {
  if (const Rollout* found = found_in(task, report, {"test", "eval", "finalists"}, Arm::after))
    return found;
  const Rollout* out = nullptr;  // what was tried last in an iteration
  for (const Rollout& rollout : task.rollouts)
    if (report.columns[rollout.column].iteration > 0 && rollout.arm != Arm::other &&
        (out == nullptr || rollout.column > out->column ||
         (rollout.column == out->column && rollout.arm == Arm::after)))
      out = &rollout;
  return out;
}

std::string label_of(const Rollout& rollout, const RunReport& report) {
  const Column& column = report.columns[rollout.column];
  if (column.key == "base") return "initial skill";
  if (column.key == "eval") return rollout.arm == Arm::before ? "baseline" : "skill";
  const std::string stage = column.iteration > 0 ? "iteration " + column.label : column.key;
  switch (rollout.arm) {
    case Arm::before:
      return stage + ", skill before";
    case Arm::after:
      return stage + ", patched";
    case Arm::other:
      return stage + ", other candidate";
  }
  return stage;
}

/// Keeps texts once, and knows how much they came to.
class TextTable {
 public:
  TextTable(std::vector<std::string>& texts, std::size_t most) : texts_(texts), most_(most) {}
  [[nodiscard]] bool full() const { return used_ >= most_; }
  std::size_t add(std::string text) {
    const auto [found, fresh] = index_.try_emplace(text, texts_.size());
    if (fresh) {
      used_ += text.size();
      texts_.push_back(std::move(text));
    }
    used_ += kStepOverhead;
    return found->second;
  }

 private:
  std::vector<std::string>& texts_;
  std::map<std::string, std::size_t> index_;
  std::size_t most_, used_ = 0;
};

/// A call of a tool by its only argument, where that is a text: a command as it was run.
std::string shown_text(const agent::TraceEvent& event) {
  if (event.kind != agent::TraceEvent::Kind::tool_call) return event.text;
  const auto arguments = parse_json(event.text, "arguments");
  if (!arguments || !arguments->is_object() || arguments->size() != 1) return event.text;
  const Json& only = arguments->begin().value();
  return only.is_string() ? only.get<std::string>() : event.text;
}

std::optional<Trace> trace_of(const RunFiles& files, const Rollout& rollout,
                              const RunReport& report, TextTable& texts) {
  const std::string path = rollout.path + "/trajectory.jsonl";
  const std::string text = files.text(path);
  if (text.empty()) return std::nullopt;
  const auto trajectory = agent::Trajectory::from_json_lines(text);
  if (!trajectory) {
    files.miss(path + " cannot be read: " + trajectory.error().to_line());
    return std::nullopt;
  }
  Trace out{rollout.path, label_of(rollout, report), rollout.status, {}};
  for (const auto& event : trajectory->events) {
    const bool standing = event.role == "system";
    const std::string name = event.name.empty() ? event.role : event.name;
    out.steps.push_back(
        {name_of(event.kind), name, event.turn,
         texts.add(truncate_middle(shown_text(event), standing ? kSystemBytes : kStepBytes)),
         event.is_error});
  }
  return out;
}

/// What a reader looks for first: broken, fixed, never right, the rest.
int rank_of(const TaskRow& task, const Rollout* before, const Rollout* after) {
  if (task.change == "broken") return 0;
  if (task.change == "fixed") return 1;
  if (before != nullptr && after != nullptr && before->status != after->status) return 2;
  return after != nullptr && after->status == "pass" ? 4 : 3;
}

}  // namespace

void read_traces(const RunFiles& files, std::size_t most_bytes, RunReport& report) {
  struct Pair {
    TaskRow* task;
    const Rollout *before, *after;
    int rank;
  };
  std::vector<Pair> pairs;
  for (auto& task : report.tasks) {
    Pair pair{&task, before_of(task, report), after_of(task, report), 0};
    if (pair.before == nullptr && pair.after == nullptr) continue;
    pair.rank = rank_of(task, pair.before, pair.after);
    pairs.push_back(pair);
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.rank < b.rank; });
  TextTable texts(report.traces.texts, most_bytes);
  for (const Pair& pair : pairs) {
    if (texts.full()) {
      ++report.traces.left_out;
      continue;
    }
    if (pair.before != nullptr) pair.task->before = trace_of(files, *pair.before, report, texts);
    if (pair.after != nullptr && pair.after != pair.before)
      pair.task->after = trace_of(files, *pair.after, report, texts);
  }
}

}  // namespace skillgrad::report
