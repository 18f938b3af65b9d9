// SPDX-License-Identifier: MIT
// The workspace of skill-creator (anthropics/skills): eval_metadata.json, grading.json,
// timing.json, benchmark.json and what its viewer shows, in the folders that its scripts look for.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "report/interchange/rollout_files.hpp"
#include "report/run/json_parts.hpp"

namespace skillgrad::report {
namespace {

constexpr std::size_t kEvidenceBytes = 4000;
constexpr std::size_t kTranscriptBytes = 20'000;  ///< of one text in it

/// A skill that was measured, as skill-creator names its side.
struct Configuration {
  std::string name, column;
  Arm arm = Arm::after;
};

/// The skill first, then what it is compared with: so the scripts take the difference.
std::vector<Configuration> configurations_of(const RunReport& report, const Json& config) {
  const bool none = report.facts.skill.empty();
  const std::string baseline = text_of(member(config, "extra"), "baseline");
  if (report.facts.command == "calibrate") return {{"with_skill", "base", Arm::before}};
  if (report.facts.command == "optimize") {
    if (report.best && report.best->iteration == 0) return {{"with_skill", "test", Arm::before}};
    return {{"new_skill", "test", Arm::after}, {"old_skill", "test", Arm::before}};
  }
  const char* skill = none                                     ? "without_skill"
                      : baseline.empty() || baseline == "none" ? "with_skill"
                                                               : "new_skill";
  std::vector<Configuration> out = {{skill, "eval", Arm::after}};
  if (!baseline.empty() && !(none && baseline == "none"))
    out.push_back({baseline == "none" ? "without_skill" : "old_skill", "eval", Arm::before});
  return out;
}

/// What was asked of an answer, and how it came out.
struct Expectation {
  std::string text, evidence;
  bool passed = false;
};

std::vector<Expectation> expectations_of(const optim::LossRecord& loss,
                                         const std::string& grading) {
  std::vector<Expectation> out;
  std::set<std::string> names;
  for (const bench::Check& check : loss.checks) {
    // The viewer tells them apart by their texts.
    std::string text = check.name;
    for (int i = 2; !names.insert(text).second; ++i) text = fmt::format("{} ({})", check.name, i);
    const bool passed = check.score >= 1;
    std::string evidence = truncate_middle(check.message, kEvidenceBytes);
    if (evidence.empty()) evidence = passed ? "fulfilled" : "not fulfilled";
    out.push_back({std::move(text), std::move(evidence), passed});
  }
  if (out.empty())
    out.push_back({"The answer is right" + (grading.empty() ? "" : " (" + grading + ")"),
                   truncate_middle(loss.feedback, kEvidenceBytes), loss.hard});
  return out;
}

/// A number of the format; it has no place for what is not finite.
struct Stats {
  double mean = 0, stddev = 0, min = 0, max = 0;
};

Stats stats_of(const std::vector<double>& values) {
  Stats out;
  if (values.empty()) return out;
  const auto n = static_cast<double>(values.size());
  for (const double value : values) out.mean += value / n;
  double squares = 0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  if (values.size() > 1) out.stddev = std::sqrt(squares / (n - 1));
  out.min = *std::min_element(values.begin(), values.end());
  out.max = *std::max_element(values.begin(), values.end());
  return out;
}

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

Json stats_json(const Stats& stats) {
  return {{"mean", rounded(stats.mean)},
          {"stddev", rounded(stats.stddev)},
          {"min", rounded(stats.min)},
          {"max", rounded(stats.max)}};
}

std::string transcript_of(const RolloutRecord& record) {
  std::string out = "## Eval Prompt\n\n" + task_text(record.conversation) + "\n";
  for (const Utterance& said : record.conversation) {
    if (said.by == Speaker::machinery) out += "\n## Error\n\n" + said.text + "\n";
    if (said.by != Speaker::agent) continue;
    out += fmt::format("\n## Turn {}\n", said.turn);
    if (!said.text.empty()) out += "\n" + truncate_middle(said.text, kTranscriptBytes) + "\n";
    for (const ToolUse& use : said.calls) {
      out += fmt::format("\n### {}\n\n{}\n", use.name,
                         truncate_middle(use.arguments, kTranscriptBytes));
      if (use.output)
        out += fmt::format("\n### Result of {}\n\n{}\n", use.name,
                           truncate_middle(*use.output, kTranscriptBytes));
    }
  }
  return out;
}

Json metrics_json(const RolloutRecord& record, const Json& sizes, std::size_t transcript) {
  Json tools = Json::object();
  std::size_t calls = 0, errors = 0, turns = 0;
  for (const Utterance& said : record.conversation) {
    turns += said.by == Speaker::agent ? 1U : 0U;
    for (const ToolUse& use : said.calls) {
      tools[use.name] = tools.value(use.name, 0) + 1;
      ++calls;
      errors += use.is_error ? 1U : 0U;
    }
  }
  std::size_t bytes = 0;
  for (const auto& [name, size] : sizes.items())
    if (name.starts_with("outputs/") && size.is_number_unsigned()) bytes += size.get<std::size_t>();
  return {{"tool_calls", std::move(tools)}, {"total_tool_calls", calls},
          {"total_steps", turns},           {"files_created", record.outputs},
          {"errors_encountered", errors},   {"output_chars", bytes},
          {"transcript_chars", transcript}};
}

Json timing_json(const RolloutRecord& record) {
  const optim::LossRecord& loss = record.loss;
  Json out = {{"total_tokens", loss.usage.input_tokens + loss.usage.output_tokens},
              {"duration_ms", std::llround(loss.seconds * 1000)},
              {"total_duration_seconds", loss.seconds}};
  if (!record.started_at.empty()) out["executor_start"] = record.started_at;
  if (!record.ended_at.empty()) out["executor_end"] = record.ended_at;
  out["executor_duration_seconds"] = loss.seconds;
  return out;
}

class Workspace {
 public:
  Workspace(const RolloutFiles& files, const RunReport& report, const NewFolder& folder)
      : files_(files), report_(report), folder_(folder) {
    number_tasks();
  }

  Result<> write() {
    for (const Configuration& side : configurations_of(report_, files_.config()))
      SKILLGRAD_CHECK(write_side(side));
    if (sides_.empty())
      return fail(ErrorCode::input, "no rollout was measured that this format has a place for",
                  files_.files().dir().string(),
                  "give a run of eval, or one of optimize that scored its test split");
    for (const auto& [id, metadata] : evals_)
      SKILLGRAD_CHECK(
          folder_.write(folder_of(id) + "/eval_metadata.json", dump_json(metadata, 1) + "\n"));
    return folder_.write("benchmark.json", dump_json(benchmark(), 1) + "\n");
  }

 private:
  struct Side {
    std::string name;
    std::vector<double> rates, seconds, tokens;
  };

  /// Ids are numbers there: those of the tasks where all of them are, else their places.
  void number_tasks() {
    std::map<std::string, int> own;
    std::set<int> seen;
    for (const TaskRow& task : report_.tasks) {
      int id = 0;
      const char* const end = task.id.data() + task.id.size();
      const auto [stop, error] = std::from_chars(task.id.data(), end, id);
      if (error == std::errc() && stop == end && id >= 0 && seen.insert(id).second)
        own[task.id] = id;
    }
    const bool numbered = own.size() == report_.tasks.size();
    for (std::size_t i = 0; i < report_.tasks.size(); ++i) {
      const std::string& id = report_.tasks[i].id;
      ids_[id] = numbered ? own[id] : static_cast<int>(i);
    }
  }

  static std::string folder_of(int id) { return fmt::format("eval-{}", id); }

  Result<> write_side(const Configuration& side) {
    Side sums{side.name, {}, {}, {}};
    std::size_t errors = 0, written = 0;
    for (const RolloutPlace& place : files_.of(side.column, side.arm)) {
      const auto record = files_.read(place);
      if (!record) continue;
      const std::string at = fmt::format("{}/{}/run-{}", folder_of(ids_[record->loss.task_id]),
                                         side.name, record->loss.sample + 1);
      SKILLGRAD_CHECK(write_run(*record, place, at));
      ++written;
      ended_ = std::max(ended_, record->ended_at);
      if (record->loss.graded()) {
        SKILLGRAD_CHECK(write_grading(*record, side, at, sums));
      } else {
        ++errors;
      }
    }
    if (written == 0) return {};
    if (errors > 0)
      summary_.push_back(
          fmt::format("{}: {} of {} runs ended as errors and were not graded; they "
                      "are in no figure here",
                      side.name, errors, written));
    sides_.push_back(std::move(sums));
    return {};
  }

  Result<> write_run(const RolloutRecord& record, const RolloutPlace& place,
                     const std::string& at) {
    const Json metadata = {{"eval_id", ids_[record.loss.task_id]},
                           {"eval_name", record.loss.task_id},
                           {"prompt", task_text(record.conversation)},
                           {"assertions", Json::array()}};
    evals_.try_emplace(ids_[record.loss.task_id], metadata);
    const std::string transcript = transcript_of(record);
    const Json loss = files_.files().json(place.rollout->path + "/loss.json");
    const fs::path outputs = files_.files().dir() / place.rollout->path / "outputs";
    if (!record.outputs.empty()) SKILLGRAD_CHECK(folder_.copy(outputs, at + "/outputs"));
    metrics_ = metrics_json(record, member(loss, "files"), count_code_points(transcript));
    SKILLGRAD_CHECK(folder_.write(at + "/outputs/metrics.json", dump_json(metrics_, 1) + "\n"));
    if (!record.final_message.empty())
      SKILLGRAD_CHECK(folder_.write(at + "/outputs/" + message_name(record), record.final_message));
    SKILLGRAD_CHECK(folder_.write(at + "/transcript.md", transcript));
    SKILLGRAD_CHECK(folder_.write(at + "/timing.json", dump_json(timing_json(record), 1) + "\n"));
    return folder_.write(at + "/eval_metadata.json", dump_json(metadata, 1) + "\n");
  }

  /// The viewer shows the files of outputs/; what the agent said last is one of them.
  static std::string message_name(const RolloutRecord& record) {
    std::string out = "final_message.md";
    while (std::find(record.outputs.begin(), record.outputs.end(), out) != record.outputs.end())
      out = "_" + out;
    return out;
  }

  Result<> write_grading(const RolloutRecord& record, const Configuration& side,
                         const std::string& at, Side& sums) {
    const optim::LossRecord& loss = record.loss;
    Json list = Json::array(), assertions = Json::array();
    std::size_t passed = 0;
    for (const Expectation& one : expectations_of(loss, report_.facts.grading)) {
      list.push_back({{"text", one.text}, {"passed", one.passed}, {"evidence", one.evidence}});
      assertions.push_back(one.text);
      passed += one.passed ? 1U : 0U;
    }
    const std::size_t total = list.size();
    const double rate = static_cast<double>(passed) / static_cast<double>(total);
    Json& metadata = evals_[ids_[loss.task_id]];
    if (metadata["assertions"].empty()) metadata["assertions"] = assertions;
    Json review = Json::array();
    if (loss.status != optim::LossStatus::pass && loss.status != optim::LossStatus::fail)
      review.push_back(
          fmt::format("ended as {} ({})", name_of(loss.status), name_of(loss.end_state)));
    const double tokens = static_cast<double>(loss.usage.input_tokens + loss.usage.output_tokens);
    // Without `timing`: with it the script that sums up takes no tokens from timing.json.
    const Json grading = {{"expectations", list},
                          {"summary",
                           {{"passed", passed},
                            {"failed", total - passed},
                            {"total", total},
                            {"pass_rate", rounded(rate)}}},
                          {"execution_metrics", metrics_},
                          {"user_notes_summary",
                           {{"uncertainties", Json::array()},
                            {"needs_review", review},
                            {"workarounds", Json::array()}}}};
    runs_.push_back({{"eval_id", ids_[loss.task_id]},
                     {"eval_name", loss.task_id},
                     {"configuration", side.name},
                     {"run_number", loss.sample + 1},
                     {"result",
                      {{"pass_rate", rounded(rate)},
                       {"passed", passed},
                       {"failed", total - passed},
                       {"total", total},
                       {"time_seconds", loss.seconds},
                       {"tokens", tokens},
                       {"tool_calls", metrics_["total_tool_calls"]},
                       {"errors", metrics_["errors_encountered"]}}},
                     {"expectations", list},
                     {"notes", review}});
    in_part_ = in_part_ || std::abs(loss.score - rate) > 1e-9;
    sums.rates.push_back(rate);
    sums.seconds.push_back(loss.seconds);
    sums.tokens.push_back(tokens);
    most_runs_ = std::max(most_runs_, loss.sample + 1);
    return folder_.write(at + "/grading.json", dump_json(grading, 1) + "\n");
  }

  [[nodiscard]] Json benchmark() const {
    const RunFacts& facts = report_.facts;
    Json evals = Json::array();
    for (const auto& [id, ignored] : evals_) evals.push_back(id);
    Json summary = Json::object();
    std::vector<std::array<double, 3>> means;
    for (const Side& side : sides_) {
      const Stats rates = stats_of(side.rates), seconds = stats_of(side.seconds),
                  tokens = stats_of(side.tokens);
      summary[side.name] = {{"pass_rate", stats_json(rates)},
                            {"time_seconds", stats_json(seconds)},
                            {"tokens", stats_json(tokens)}};
      means.push_back({rates.mean, seconds.mean, tokens.mean});
    }
    if (means.size() == 2)
      summary["delta"] = {{"pass_rate", fmt::format("{:+.2f}", means[0][0] - means[1][0])},
                          {"time_seconds", fmt::format("{:+.1f}", means[0][1] - means[1][1])},
                          {"tokens", fmt::format("{:+.0f}", means[0][2] - means[1][2])}};
    Json notes = summary_;
    notes.push_back(report_.verdict.line);
    if (in_part_)
      notes.push_back(
          "The run's score counts what is right in part, and weights; pass_rate is the "
          "share of expectations that are met");
    return {
        {"metadata",
         {{"skill_name", facts.skill.empty() ? "none" : fs::path(facts.skill).filename().string()},
          {"skill_path", facts.skill},
          {"executor_model", facts.model},
          {"analyzer_model", ""},
          {"timestamp", facts.finished_at.empty() ? ended_ : facts.finished_at},
          {"evals_run", std::move(evals)},
          {"runs_per_configuration", most_runs_}}},
        {"runs", runs_},
        {"run_summary", std::move(summary)},
        {"notes", std::move(notes)}};
  }

  const RolloutFiles& files_;
  const RunReport& report_;
  const NewFolder& folder_;
  std::map<std::string, int> ids_;
  std::map<int, Json> evals_;  ///< eval_metadata.json by id
  Json metrics_;               ///< of the rollout at hand
  Json runs_ = Json::array(), summary_ = Json::array();
  std::vector<Side> sides_;
  std::string ended_;  ///< when the last rollout did
  int most_runs_ = 1;
  bool in_part_ = false;  ///< a score that is no share of expectations
};

}  // namespace

Result<> write_skill_creator(const fs::path& dir, const RunReport& report, const fs::path& out,
                             ExportNotes& notes) {
  SKILLGRAD_TRY(auto folder, NewFolder::create(out));
  const RolloutFiles files(dir, report, notes);
  SKILLGRAD_CHECK(Workspace(files, report, folder).write());
  return folder.publish();
}

}  // namespace skillgrad::report
