// SPDX-License-Identifier: MIT
#include <skillgrad/report/run_report.hpp>

namespace skillgrad::report {
namespace {

template <class T>
Json json_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json json_or_null(const std::optional<stats::Interval>& value) {
  return value ? Json({value->low, value->high}) : Json();
}

template <class T, class Write>
Json json_list(const std::vector<T>& values, const Write& write) {
  Json out = Json::array();
  for (const T& value : values) out.push_back(write(value));
  return out;
}

Json facts_json(const RunFacts& facts) {
  return {{"run", facts.run},
          {"of", facts.command},
          {"condition", name_of(facts.condition)},
          {"skill", facts.skill},
          {"benchmark", facts.benchmark},
          {"split", facts.split},
          {"model", facts.model},
          {"simulation", facts.simulation},
          {"grading", facts.grading},
          {"recalculation", facts.recalculation},
          {"version", facts.version},
          {"finished_at", facts.finished_at},
          {"seconds", json_or_null(facts.seconds)},
          {"stop_reason", facts.stop_reason},
          {"error", facts.error},
          {"mend", facts.mend}};
}

Json verdict_json(const Verdict& verdict) {
  return {{"verdict", verdict.name},
          {"line", verdict.line},
          {"explanation", verdict.explanation},
          {"before", json_or_null(verdict.before)},
          {"after", json_or_null(verdict.after)},
          {"difference", json_or_null(verdict.difference)},
          {"interval", json_or_null(verdict.interval)},
          {"p", json_or_null(verdict.p)},
          {"n", verdict.n},
          {"missing", verdict.missing},
          {"planned", verdict.planned},
          {"could_show", json_or_null(verdict.could_show)}};
}

Json comparison_json(const std::optional<Comparison>& test) {
  if (!test) return {};
  return {{"before", json_or_null(test->before)},
          {"after", json_or_null(test->after)},
          {"before_ci95", json_or_null(test->before95)},
          {"after_ci95", json_or_null(test->after95)},
          {"difference", json_or_null(test->difference)},
          {"difference_ci95", json_or_null(test->difference95)},
          {"p", json_or_null(test->p)},
          {"n", test->n},
          {"fixed", test->fixed},
          {"broken", test->broken}};
}

Json score_point_json(const ScorePoint& point) {
  return {{"series", point.series}, {"iteration", point.iteration},
          {"score", point.score},   {"interval", json_or_null(point.interval)},
          {"n", point.n},           {"optimistic", point.optimistic}};
}

Json screened_json(const Screened& row) {
  return {{"package", row.package},
          {"better", json_or_null(row.better)},
          {"worse", json_or_null(row.worse)},
          {"fixes", json_or_null(row.fixes)},
          {"breaks", json_or_null(row.breaks)},
          {"rounds", row.rounds},
          {"dropped", row.dropped}};
}

Json reason_json(const Reason& reason) {
  return {{"iteration", reason.iteration}, {"pattern", reason.pattern},
          {"line", reason.line},           {"anchor", reason.anchor},
          {"reason", reason.reason},       {"inferred", reason.inferred},
          {"tasks", reason.tasks},         {"against", reason.against}};
}

Json change_json(const Change& change) {
  return {{"id", change.id},
          {"file", change.file},
          {"anchor", change.anchor},
          {"layer", change.layer},
          {"old_line", change.old_line},
          {"new_line", change.new_line},
          {"lines", change.lines},
          {"reasons", json_list(change.reasons, reason_json)}};
}

Json size_json(const Size& size) { return {{"l1", size.l1}, {"l2", size.l2}, {"l3", size.l3}}; }

Json step_json(const Step& step) {
  return {{"iteration", step.iteration},
          {"decision", step.decision},
          {"reason", step.reason},
          {"summary", step.summary},
          {"train_score", json_or_null(step.train_score)},
          {"train_n", step.train_n},
          {"gate", step.gate ? to_json(*step.gate) : Json()},
          {"screen", json_list(step.screened, screened_json)},
          {"candidate", step.candidate},
          {"candidates", step.candidates},
          {"size", step.size ? size_json(*step.size) : Json()},
          {"cost_usd", json_or_null(step.cost_usd)},
          {"approval", step.approval ? optim::to_json(*step.approval) : Json()},
          {"batch", step.batch},
          {"diagnoses",
           json_list(step.diagnoses, [](const optim::Gradient& one) { return to_json(one); })},
          {"changes", json_list(step.changes, change_json)},
          {"pruned", step.pruned.empty() ? Json() : Json(step.pruned)}};
}

Json noise_json(const std::optional<NoiseFacts>& noise) {
  if (!noise) return {};
  const auto price = [](const NoiseFacts::Price& one) {
    return Json{{"difference", one.difference},
                {"tasks", json_or_null(one.tasks)},
                {"rollouts", json_or_null(one.rollouts)},
                {"shown_by_plan", one.shown_by_plan}};
  };
  return {{"tasks", noise->tasks},
          {"missing", noise->missing},
          {"flip_rate", json_or_null(noise->flip_rate)},
          {"variance_within", json_or_null(noise->variance_within)},
          {"always_pass", json_or_null(noise->always_pass)},
          {"always_fail", json_or_null(noise->always_fail)},
          {"smallest_shown", json_or_null(noise->smallest_shown)},
          {"prices", json_list(noise->prices, price)}};
}

Json finalist_json(const FinalistRow& row) {
  return {{"iteration", row.iteration},
          {"better", json_or_null(row.better)},
          {"fresh_score", json_or_null(row.fresh_score)},
          {"optimistic_score", json_or_null(row.optimistic_score)},
          {"tasks", row.tasks},
          {"chosen", row.chosen}};
}

Json models_json(const std::optional<ModelsFacts>& models) {
  if (!models) return {};
  const auto row = [](const ModelRow& model) {
    return Json{{"model", model.model},
                {"verdict", model.verdict},
                {"train", json_or_null(model.train)},
                {"train_ci95", json_or_null(model.train95)},
                {"before", json_or_null(model.before)},
                {"before_ci95", json_or_null(model.before95)},
                {"after", json_or_null(model.after)},
                {"after_ci95", json_or_null(model.after95)},
                {"difference", json_or_null(model.difference)},
                {"interval", json_or_null(model.interval)},
                {"p", json_or_null(model.p)},
                {"n", model.n}};
  };
  return {{"rule", models->rule},
          {"harmed", models->harmed.empty() ? Json() : Json(models->harmed)},
          {"optimizer_model", models->optimizer_model},
          {"models", json_list(models->rows, row)}};
}

Json tradeoffs_json(const std::optional<TradeoffFacts>& facts) {
  if (!facts) return {};
  const auto point = [](const TradeoffPoint& one) {
    return Json{
        {"iteration", one.iteration},
        {"what", one.what},
        {"chosen", one.chosen},
        {"n", one.n},
        {"score", json_or_null(one.score)},
        {"difference", json_or_null(one.difference)},
        {"difference_ci95", json_or_null(one.interval)},
        {"cost_usd", json_or_null(one.cost_usd)},
        {"cost_of_initial", json_or_null(one.cost_of_initial)},
        {"seconds",
         {{"mean", json_or_null(one.seconds)}, {"of_initial", json_or_null(one.time_of_initial)}}},
        {"size_of_initial", json_or_null(one.size_of_initial)},
        {"violations", json_or_null(one.violations)},
        {"value_gain", json_or_null(one.value_gain)},
        {"dominated", json_or_null(one.dominated)}};
  };
  Json weights = Json::object(), left_out = Json::object();
  for (const auto& [name, weight] : facts->weights) weights[name] = weight;
  for (const auto& [name, why] : facts->left_out) left_out[name] = why;
  return {{"weights", std::move(weights)},
          {"objectives", facts->objectives},
          {"left_out", std::move(left_out)},
          {"packages", json_list(facts->points, point)}};
}

Json spent_row_json(const Spent& spent) {
  return {{"name", spent.name},
          {"calls", spent.calls},
          {"input_tokens", spent.input_tokens},
          {"cached_tokens", spent.cached_tokens},
          {"output_tokens", spent.output_tokens},
          {"cost_usd", json_or_null(spent.cost_usd)}};
}

Json pattern_history_json(const PatternHistory& known) {
  // The memory of one pattern, as its message writes it.
  optim::MomentumMemory memory;
  memory.patterns = {known.pattern};
  Json out = to_json(memory)["patterns"][0];
  out["history"] = json_list(known.velocity, [](const auto& point) {
    return Json{{"iteration", point.first}, {"velocity", point.second}};
  });
  return out;
}

Json rollout_json(const Rollout& rollout) {
  Json out = {{"column", rollout.column},
              {"arm", name_of(rollout.arm)},
              {"trial", rollout.trial},
              {"status", rollout.status},
              {"score", json_or_null(rollout.score)},
              {"cost_usd", json_or_null(rollout.cost_usd)},
              {"seconds", json_or_null(rollout.seconds)},
              {"package", rollout.package},
              {"path", rollout.path},
              {"message", rollout.message}};
  if (rollout.differences.empty()) return out;
  out["differences"] = json_list(rollout.differences, [](const Difference& one) {
    return Json{
        {"place", one.place}, {"expected", one.expected}, {"got", one.got}, {"cell", one.cell}};
  });
  return out;
}

Json trace_json(const std::optional<Trace>& trace) {
  if (!trace) return {};
  const auto step = [](const TraceStep& one) {
    Json out = {{"kind", one.kind}, {"name", one.name}, {"turn", one.turn}, {"text", one.text}};
    if (one.is_error) out["is_error"] = true;
    return out;
  };
  return {{"path", trace->path},
          {"label", trace->label},
          {"status", trace->status},
          {"steps", json_list(trace->steps, step)}};
}

Json task_json(const TaskRow& task) {
  const auto cell = [](const Cell& one) {
    return Json{{"column", one.column}, {"arm", name_of(one.arm)},
                {"pass", one.pass},     {"fail", one.fail},
                {"error", one.error},   {"score", json_or_null(one.score)}};
  };
  return {{"task_id", task.id},
          {"split", task.split},
          {"change", task.change.empty() ? Json() : Json(task.change)},
          {"cells", json_list(task.cells, cell)},
          {"rollouts", json_list(task.rollouts, rollout_json)},
          {"before", trace_json(task.before)},
          {"after", trace_json(task.after)}};
}

}  // namespace

Json to_json(const RunReport& report) {
  Json out = {{"schema", "skillgrad.report/1"}, {"command", "report"}};
  out.update(facts_json(report.facts));
  out["missing"] = report.missing;
  out["notes"] = json_list(report.notes, [](const Note& note) {
    return Json{{"text", note.text}, {"count", note.count}};
  });
  out["verdict"] = verdict_json(report.verdict);
  out["test"] = comparison_json(report.test);
  out["best"] = !report.best ? Json()
                             : Json{{"iteration", report.best->iteration},
                                    {"score", json_or_null(report.best->score)},
                                    {"fresh_score", json_or_null(report.best->fresh_score)},
                                    {"path", report.best->path}};
  out["scores"] = json_list(report.scores, score_point_json);
  out["steps"] = json_list(report.steps, step_json);
  out["calibration"] = noise_json(report.noise);
  out["finalists"] = json_list(report.finalists, finalist_json);
  out["across"] = models_json(report.models);
  out["tradeoffs"] = tradeoffs_json(report.tradeoffs);
  out["spent"] = spent_row_json(report.spent);
  out["stages"] = json_list(report.stages, spent_row_json);
  out["parts"] = json_list(report.parts, spent_row_json);
  out["attempts"] = json_or_null(report.attempts);
  out["retries"] = json_or_null(report.retries);
  out["cached_calls"] = json_or_null(report.cached_calls);
  out["went_wrong"] = json_list(report.went_wrong, [](const Trouble& row) {
    return Json{{"what", row.what}, {"count", row.count}, {"of", row.of}, {"tasks", row.tasks}};
  });
  out["patterns"] = json_list(report.patterns, pattern_history_json);
  out["contradictions"] = json_list(report.contradictions, [](const Contradiction& one) {
    return Json{{"iteration", one.iteration},
                {"task_id", one.task},
                {"pattern", one.pattern},
                {"text", one.text}};
  });
  out["sizes"] = json_list(report.sizes, size_json);
  out["changes"] = json_list(report.changes, change_json);
  out["columns"] = json_list(report.columns, [](const Column& column) {
    return Json{{"key", column.key}, {"label", column.label}, {"iteration", column.iteration}};
  });
  out["tasks"] = json_list(report.tasks, task_json);
  out["traces"] = {{"texts", report.traces.texts}, {"left_out", report.traces.left_out}};
  return out;
}

}  // namespace skillgrad::report
