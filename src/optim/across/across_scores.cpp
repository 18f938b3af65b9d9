// SPDX-License-Identifier: MIT
#include "optim/across/across_scores.hpp"

#include <map>

namespace skillgrad::optim {
namespace {

/// Mean over the models of each task that has a score with all of them.
std::map<std::string, double> scores_of_tasks(const std::vector<LossRecord>& records,
                                              const Across& across) {
  std::map<std::string, std::vector<double>> by_task;
  for (const auto& [cell, score] : task_scores(records))
    by_task[across.of(cell).task].push_back(score);
  std::map<std::string, double> out;
  for (const auto& [task, scores] : by_task)
    if (scores.size() == across.models().size()) out[task] = stats::mean_of(scores).value;
  return out;
}

Json score_or_null(const std::optional<ModelScore>& value) {
  if (!value) return {};
  return {{"score", value->score},
          {"score_ci95", {value->interval.low, value->interval.high}},
          {"n", value->n}};
}

}  // namespace

void count_tasks(EvalSummary& summary, const Across* across) {
  if (across == nullptr) return;
  std::vector<double> scores;
  for (const auto& [task, score] : scores_of_tasks(summary.records, *across))
    scores.push_back(score);
  // Without a task that every model was graded on, the mean over all that was graded is left.
  if (scores.empty()) return;
  summary.score = stats::mean_of(scores).value;
  summary.score_ci95 = stats::bootstrap_mean95(scores);
}

stats::PairedResult compare_cells(const std::vector<std::string>& cells, const EvalSummary& before,
                                  const EvalSummary& after, const Across* across) {
  if (across == nullptr) return compare_tasks(cells, before, after);
  const auto old_scores = scores_of_tasks(before.records, *across);
  const auto new_scores = scores_of_tasks(after.records, *across);
  std::vector<double> b, a;
  for (const std::string& task : across->tasks(cells)) {
    const auto x = old_scores.find(task), y = new_scores.find(task);
    if (x == old_scores.end() || y == new_scores.end()) continue;
    b.push_back(x->second);
    a.push_back(y->second);
  }
  return stats::compare_paired(b, a);
}

std::optional<ModelScore> score_of_model(const EvalSummary& summary, const Across& across,
                                         std::size_t model) {
  std::vector<LossRecord> own;
  for (const LossRecord& record : summary.records)
    if (across.of(record.task_id).model == model) own.push_back(record);
  const EvalSummary part = summarize(std::move(own), summary.trials);
  if (part.graded == 0) return std::nullopt;
  return ModelScore{part.score, part.score_ci95, task_scores(part.records).size()};
}

AcrossResult across_result(const OptimizeResult& result, const Across& across) {
  AcrossResult out;
  out.rule = across.rule();
  for (std::size_t i = 0; i < across.models().size(); ++i) {
    AcrossModel model;
    model.name = across.models()[i];
    if (result.base_train) model.base = score_of_model(*result.base_train, across, i);
    if (result.base_val) model.validation = score_of_model(*result.base_val, across, i);
    if (result.test) {
      model.before = score_of_model(result.test->before, across, i);
      model.after = score_of_model(result.test->after, across, i);
    }
    if (i < result.release.models.size()) model.release = result.release.models[i];
    model.release.model = model.name;
    out.models.push_back(std::move(model));
  }
  return out;
}

Json to_json(const AcrossResult& value) {
  Json models = Json::array();
  for (const AcrossModel& model : value.models)
    models.push_back({{"model", model.name},
                      {"train", score_or_null(model.base)},
                      {"validation", score_or_null(model.validation)},
                      {"test_before", score_or_null(model.before)},
                      {"test_after", score_or_null(model.after)},
                      {"verdict", name_of(model.release.verdict)}});
  return {{"rule", name_of(value.rule)}, {"models", std::move(models)}};
}

}  // namespace skillgrad::optim
