// SPDX-License-Identifier: MIT
// The JSON log of Inspect (inspect_ai): EvalLog, version 2.
#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

#include "report/interchange/rollout_files.hpp"
#include "report/run/json_parts.hpp"

namespace skillgrad::report {
namespace {

constexpr int kLogVersion = 2;
constexpr const char* kScorer = "skillgrad";
constexpr std::size_t kIdDigits = 22;  // as many as the ids that Inspect makes

/// The same for the same run, another one for another run.
std::string id_of(const RolloutFiles& files, const std::string& what) {
  return sha256_hex(dump_json(files.config()) + "\n" + files.files().dir().string() + "\n" + what)
      .substr(0, kIdDigits);
}

/// Inspect counts what a cache gave beside the input.
Json usage_json(const CallSum& sum) {
  Json out = {{"input_tokens", std::max<std::int64_t>(0, sum.input - sum.cached - sum.written)},
              {"output_tokens", sum.output},
              {"total_tokens", sum.input + sum.output},
              {"input_tokens_cache_read", sum.cached}};
  if (sum.written > 0) out["input_tokens_cache_write"] = sum.written;
  if (sum.usd) out["total_cost"] = *sum.usd;
  return out;
}

Json usage_by_model(const std::map<std::string, CallSum>& by_model) {
  Json out = Json::object();
  for (const auto& [model, sum] : by_model) out[model] = usage_json(sum);
  return out;
}

Json error_json(const std::string& message) {
  return {{"message", message}, {"traceback", ""}, {"traceback_ansi", ""}};
}

Json assistant_message(const Utterance& said, const std::string& model) {
  Json out = {{"role", "assistant"}};
  if (said.reasoning.empty()) {
    out["content"] = said.text;
  } else {
    out["content"] = Json::array({{{"type", "reasoning"}, {"reasoning", said.reasoning}}});
    if (!said.text.empty()) out["content"].push_back({{"type", "text"}, {"text", said.text}});
  }
  out["source"] = "generate";
  out["model"] = model;
  if (said.calls.empty()) return out;
  out["tool_calls"] = Json::array();
  for (const ToolUse& use : said.calls) {
    Json call = {{"id", use.id},
                 {"function", use.name},
                 {"arguments", arguments_object(use)},
                 {"type", "function"}};
    if (const auto value = parse_json(use.arguments, "arguments"); !value || !value->is_object())
      call["parse_error"] = "the arguments are no JSON object";
    out["tool_calls"].push_back(std::move(call));
  }
  return out;
}

Json messages_of(const RolloutRecord& record, const std::string& model) {
  Json out = Json::array();
  for (const Utterance& said : record.conversation) {
    if (said.by == Speaker::system) out.push_back({{"role", "system"}, {"content", said.text}});
    if (said.by == Speaker::user)
      out.push_back({{"role", "user"}, {"content", said.text}, {"source", "input"}});
    // What the loop says to itself (an error that ended it) is in `error` of the sample.
    if (said.by != Speaker::agent) continue;
    out.push_back(assistant_message(said, model));
    for (const ToolUse& use : said.calls) {
      if (!use.output) continue;
      Json result = {{"role", "tool"},
                     {"content", *use.output},
                     {"tool_call_id", use.id},
                     {"function", use.name}};
      if (use.is_error) result["error"] = {{"type", "unknown"}, {"message", *use.output}};
      out.push_back(std::move(result));
    }
  }
  // Each needs an id of its own, by which the viewer tells them apart.
  for (std::size_t i = 0; i < out.size(); ++i) out[i]["id"] = fmt::format("m{}", i + 1);
  return out;
}

/// The limit that ended it, in the words of Inspect.
Json limit_json(const RolloutRecord& record, const Json& settings) {
  using enum agent::EndState;
  const auto limit = [&](const char* type, const char* key) -> Json {
    return {{"type", type}, {"limit", number_of(settings, key).value_or(0)}};
  };
  switch (record.loss.end_state.value_or(finished)) {
    case turn_limit:
      return limit("turn", "task_turns");
    case time_limit:
      return limit("time", "task_timeout_s");
    case token_limit:
      return limit("token", "task_tokens");
    default:
      return {};
  }
}

Json score_json(const RolloutRecord& record) {
  const optim::LossRecord& loss = record.loss;
  Json checks = Json::array();
  for (const bench::Check& check : loss.checks)
    checks.push_back({{"name", check.name},
                      {"weight", check.weight},
                      {"score", check.score},
                      {"message", check.message}});
  Json metadata = {{"status", name_of(loss.status)}, {"hard", loss.hard}};
  if (!checks.empty()) metadata["checks"] = std::move(checks);
  return {{"value", loss.score},
          {"answer", record.final_message},
          {"explanation", loss.feedback},
          {"metadata", std::move(metadata)}};
}

const char* stop_reason_of(const optim::LossRecord& loss) {
  using enum agent::EndState;
  switch (loss.end_state.value_or(infra_error)) {
    case finished:
      return "stop";
    case turn_limit:
      return "tool_calls";
    case token_limit:
      return "model_length";
    case refused:
      return "content_filter";
    default:
      return "unknown";
  }
}

class InspectLog {
 public:
  InspectLog(const RolloutFiles& files, const RunReport& report)
      : files_(files), report_(report), settings_(member(files.config(), "settings")) {}

  [[nodiscard]] std::string text() {
    Json samples = Json::array();
    for (const RolloutPlace& place : files_.of("eval", Arm::after))
      if (const auto record = files_.read(place)) samples.push_back(sample(*record, place));
    for (const auto& [name, sum] : files_.judges_of("eval")) by_model_[name].add(sum);
    Json log = {{"version", kLogVersion}, {"status", status()},   {"eval", spec()},
                {"plan", plan()},         {"results", results()}, {"stats", stats()}};
    if (report_.facts.condition == RunCondition::stopped)
      log["error"] = error_json(report_.facts.error);
    log["samples"] = std::move(samples);
    return dump_json(log, 1) + "\n";
  }

 private:
  [[nodiscard]] const char* status() const {
    if (report_.facts.condition == RunCondition::finished) return "success";
    if (report_.facts.condition != RunCondition::stopped) return "started";
    const Json result = files_.files().json("run.json");
    return text_of(member(result, "error"), "code") == "cancelled" ? "cancelled" : "error";
  }

  [[nodiscard]] Json spec() const {
    const RunFacts& facts = report_.facts;
    Json metadata = {{"skill", facts.skill.empty() ? Json() : Json(facts.skill)},
                     {"split", facts.split},
                     {"grading", facts.grading},
                     {"simulation", facts.simulation},
                     {"verdict", report_.verdict.line}};
    if (!facts.recalculation.empty()) metadata["recalculation"] = facts.recalculation;
    Json ids = Json::array();
    for (const TaskRow& task : report_.tasks) ids.push_back(task.id);
    Json out = {{"eval_id", id_of(files_, "eval")},
                {"run_id", id_of(files_, "run")},
                {"created", started_.empty() ? kNoTime : started_},
                {"task", facts.benchmark},
                {"task_id", id_of(files_, "task")},
                {"task_version", 0},
                {"solver", "skillgrad"},
                {"dataset",
                 {{"name", facts.benchmark},
                  {"samples", report_.tasks.size()},
                  {"sample_ids", ids},
                  {"shuffled", false}}},
                {"model", facts.model},
                {"config", {{"epochs", epochs_}}},
                {"packages", {{"skillgrad", facts.version}}},
                {"scorers", Json::array({{{"name", kScorer}}})},
                {"metadata", std::move(metadata)}};
    if (const std::string url = text_of(settings_, "base_url"); !url.empty())
      out["model_base_url"] = url;
    return out;
  }

  [[nodiscard]] Json plan() const {
    Json params = Json::object();
    if (!report_.facts.skill.empty()) params["skill"] = report_.facts.skill;
    return {{"name", "plan"},
            {"steps", Json::array({{{"solver", "skillgrad"}, {"params", std::move(params)}}})}};
  }

  [[nodiscard]] Json results() const {
    Json metrics = Json::object();
    const auto metric = [&](const char* name, double value) {
      metrics[name] = {{"name", name}, {"value", value}};
    };
    if (report_.test && report_.test->after) metric("mean", *report_.test->after);
    if (report_.test && report_.test->after95) {
      metric("ci95_low", report_.test->after95->low);
      metric("ci95_high", report_.test->after95->high);
    }
    return {{"total_samples", total_},
            {"completed_samples", graded_},
            {"scores", Json::array({{{"name", kScorer},
                                     {"scorer", kScorer},
                                     {"scored_samples", graded_},
                                     {"unscored_samples", total_ - graded_},
                                     {"metrics", std::move(metrics)}}})}};
  }

  [[nodiscard]] Json stats() const {
    return {{"started_at", started_},
            {"completed_at", report_.facts.finished_at},
            {"model_usage", usage_by_model(by_model_)}};
  }

  Json sample(const RolloutRecord& record, const RolloutPlace& place) {
    const optim::LossRecord& loss = record.loss;
    const std::string& model = report_.facts.model;
    ++total_;
    epochs_ = std::max(epochs_, loss.sample + 1);
    if (!record.started_at.empty() && (started_.empty() || record.started_at < started_))
      started_ = record.started_at;
    for (const auto& [name, sum] : record.by_model) by_model_[name].add(sum);
    Json messages = messages_of(record, model);
    Json out = {{"id", loss.task_id},
                {"epoch", loss.sample + 1},
                {"input", task_text(record.conversation)},
                {"target", ""}};
    out["output"] = output(record, messages);
    out["messages"] = std::move(messages);
    if (loss.graded()) {
      ++graded_;
      out["scores"] = {{kScorer, score_json(record)}};
    }
    out["metadata"] = {{"status", name_of(loss.status)}, {"folder", place.rollout->path}};
    out["model_usage"] = usage_by_model(record.by_model);
    if (!record.started_at.empty()) out["started_at"] = record.started_at;
    if (!record.ended_at.empty()) out["completed_at"] = record.ended_at;
    out["total_time"] = loss.seconds;
    out["uuid"] = id_of(files_, place.rollout->path);
    if (loss.failed()) out["error"] = error_json(loss.error);
    if (Json limit = limit_json(record, settings_); !limit.is_null()) out["limit"] = limit;
    return out;
  }

  [[nodiscard]] Json output(const RolloutRecord& record, const Json& messages) const {
    Json message = {{"role", "assistant"}, {"content", record.final_message}};
    for (const Json& said : messages)
      if (said["role"] == "assistant") message = said;
    CallSum sum;
    for (const llm::LedgerRow& call : record.calls) sum.add(call);
    Json out = {{"model", report_.facts.model},
                {"choices", Json::array({{{"message", std::move(message)},
                                          {"stop_reason", stop_reason_of(record.loss)}}})},
                {"completion", record.final_message}};
    if (!record.calls.empty()) out["usage"] = usage_json(sum);
    return out;
  }

  static constexpr const char* kNoTime = "1970-01-01T00:00:00.000Z";
  const RolloutFiles& files_;
  const RunReport& report_;
  const Json& settings_;
  std::string started_;
  std::map<std::string, CallSum> by_model_;  ///< of all samples and their judges
  int epochs_ = 1;
  std::size_t total_ = 0, graded_ = 0;
};

}  // namespace

std::string inspect_file_name(const RunReport& report) {
  std::string time = report.facts.finished_at.substr(0, 19);
  if (time.size() < 19) time = "1970-01-01T00:00:00";
  const std::string task = slugify(fs::path(report.facts.benchmark).filename().string());
  return fmt::format("{}-00-00_{}_{}.json", replace_all(time, ":", "-"),
                     task.empty() ? "task" : task,
                     sha256_hex(report.facts.run).substr(0, kIdDigits));
}

Result<std::string> inspect_log(const fs::path& dir, const RunReport& report, ExportNotes& notes) {
  if (report.facts.command != "eval")
    return fail(ErrorCode::usage,
                "is a run of " + report.facts.command + ", and a log of Inspect is of one score",
                dir.string(), "give a run of eval, or use --format atif");
  const RolloutFiles files(dir, report, notes);
  return InspectLog(files, report).text();
}

}  // namespace skillgrad::report
