// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/evaluate.hpp>
#include <skillgrad/optim/troubles.hpp>

namespace skillgrad::optim {
namespace {

/// Of what a grader says about one rollout; loss.json has all of it.
constexpr std::size_t kMessageBytes = 1'000;

struct TaskMean {
  double score = 0, hard = 0;
  std::size_t n = 0;
};

std::map<std::string, TaskMean> means_by_task(const std::vector<LossRecord>& records) {
  std::map<std::string, TaskMean> out;
  for (const auto& record : records) {
    if (!record.graded()) continue;
    TaskMean& mean = out[record.task_id];
    mean.score += record.score;
    mean.hard += record.hard ? 1 : 0;
    ++mean.n;
  }
  for (auto& [id, mean] : out) {
    mean.score /= static_cast<double>(mean.n);
    mean.hard /= static_cast<double>(mean.n);
  }
  return out;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

/// Nothing where nothing was run: 0 would be a score.
std::optional<double> errors_as_failures(const std::vector<LossRecord>& records) {
  std::vector<double> scores;
  for (const auto& record : records)
    if (record.status != LossStatus::skipped) scores.push_back(record.graded() ? record.score : 0);
  if (scores.empty()) return std::nullopt;
  return mean_of(scores);
}

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

CategoryScore category_score(const std::vector<LossRecord>& records) {
  CategoryScore out;
  out.planned = records.size();
  out.score_errors_fail = errors_as_failures(records);
  for (const auto& record : records) out.graded += record.graded() ? 1U : 0U;
  std::vector<double> scores, hards;
  for (const auto& [id, mean] : means_by_task(records)) {
    scores.push_back(mean.score);
    hards.push_back(mean.hard);
  }
  out.score = mean_of(scores);
  out.hard = mean_of(hards);
  return out;
}

std::map<std::string, CategoryScore> score_categories(const std::vector<LossRecord>& records,
                                                      const bench::Benchmark& benchmark) {
  std::map<std::string, std::vector<LossRecord>> parts;
  for (const auto& record : records) {
    const bench::Task* task = benchmark.find(record.task_id);
    parts[task != nullptr ? task->category : ""].push_back(record);
  }
  std::map<std::string, CategoryScore> out;
  if (parts.size() == 1 && parts.contains("")) return out;
  for (const auto& [name, part] : parts) out[name] = category_score(part);
  return out;
}

Json task_row(const LossRecord& record) {
  Json row = {
      {"task_id", record.task_id}, {"trial", record.sample}, {"status", name_of(record.status)}};
  row["score"] = record.graded() ? Json(record.score) : Json();
  row["hard"] = record.graded() ? Json(record.hard ? 1 : 0) : Json();
  row["end_state"] = record.end_state ? Json(name_of(*record.end_state)) : Json();
  const auto reason = reason_of(record);
  row["reason"] = reason ? Json(name_of(*reason)) : Json();
  const std::string& message = record.failed() ? record.error : record.feedback;
  row["message"] = truncate_middle(message, kMessageBytes);
  const auto slash = record.trace.rfind('/');
  row["path"] = slash == std::string::npos ? Json() : Json(record.trace.substr(0, slash));
  if (!record.error.empty()) row["error"] = record.error;
  return row;
}

}  // namespace

std::size_t EvalSummary::count(LossStatus status) const {
  const auto found = by_status.find(status);
  return found == by_status.end() ? 0 : found->second;
}

double EvalSummary::error_rate() const {
  const std::size_t run = planned - skipped();
  return run == 0 ? 0 : static_cast<double>(errors()) / static_cast<double>(run);
}

std::map<std::string, double> task_scores(const std::vector<LossRecord>& records) {
  std::map<std::string, double> out;
  for (const auto& [id, mean] : means_by_task(records)) out[id] = mean.score;
  return out;
}

stats::PairedResult compare_tasks(const std::vector<std::string>& ids, const EvalSummary& before,
                                  const EvalSummary& after) {
  const auto old_scores = task_scores(before.records), new_scores = task_scores(after.records);
  std::vector<double> b, a;
  for (const auto& id : ids) {
    const auto x = old_scores.find(id), y = new_scores.find(id);
    if (x == old_scores.end() || y == new_scores.end()) continue;
    b.push_back(x->second);
    a.push_back(y->second);
  }
  return stats::compare_paired(b, a);
}

EvalSummary summarize(std::vector<LossRecord> records, int trials,
                      const bench::Benchmark* benchmark) {
  EvalSummary out;
  out.trials = trials;
  out.planned = records.size();
  std::vector<double> scores, hards;
  bool binary = trials == 1;
  for (const auto& [id, mean] : means_by_task(records)) {
    scores.push_back(mean.score);
    hards.push_back(mean.hard);
    binary = binary && (mean.score == 0 || mean.score == 1);
  }
  out.score = mean_of(scores);
  out.hard = mean_of(hards);
  for (const auto& record : records) {
    ++out.by_status[record.status];
    out.graded += record.graded() ? 1U : 0U;
  }
  out.score_errors_fail = errors_as_failures(records);
  if (benchmark != nullptr) out.by_category = score_categories(records, *benchmark);
  double successes = 0;
  for (const double score : scores) successes += score;
  out.score_ci95 =
      binary ? stats::wilson95(successes, scores.size()) : stats::bootstrap_mean95(scores);
  out.records = std::move(records);
  return out;
}

Json by_category_json(const EvalSummary& value) {
  Json out = Json::object();
  for (const auto& [name, part] : value.by_category) {
    const bool any = part.graded > 0;
    out[name] = {{"score", any ? Json(part.score) : Json()},
                 {"hard", any ? Json(part.hard) : Json()},
                 {"score_errors_as_failures", number_or_null(part.score_errors_fail)},
                 {"n_planned", part.planned},
                 {"n_graded", part.graded}};
  }
  return out;
}

Json to_json(const EvalSummary& value) {
  Json by_status = Json::object();
  for (const auto& [status, count] : value.by_status) by_status[name_of(status)] = count;
  Json tasks = Json::array();
  for (const auto& record : value.records) tasks.push_back(task_row(record));
  const bool any = value.graded > 0;
  return {{"score", any ? Json(value.score) : Json()},
          {"score_ci95", any ? Json({value.score_ci95.low, value.score_ci95.high}) : Json()},
          {"hard", any ? Json(value.hard) : Json()},
          {"score_errors_as_failures", number_or_null(value.score_errors_fail)},
          {"n_planned", value.planned},
          {"n_graded", value.graded},
          {"by_status", by_status},
          {"by_category", by_category_json(value)},
          {"trials", value.trials},
          {"went_wrong", to_json(troubles(value.records))},
          {"tasks", tasks}};
}

}  // namespace skillgrad::optim
