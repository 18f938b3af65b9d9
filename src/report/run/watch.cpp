// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/growing_file.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/watch.hpp>
#include <skillgrad/store/at_work.hpp>

#include "report/rows.hpp"
#include "report/run/json_parts.hpp"
#include "report/run/run_files.hpp"

namespace skillgrad::report {
namespace {

/// Each change of a run reaches one of these.
constexpr std::array kWatched = {"config.json", "plan.json",    "events.jsonl",
                                 "state.json",  "ledger.jsonl", "run.json"};

std::string stamp(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) return "-";
  const auto time = fs::last_write_time(file, error);
  if (error) return "-";
  return fmt::format("{}.{}", size, time.time_since_epoch().count());
}

/// 3 of "iteration 3: gate"; 0 where it is no such stage.
int iteration_of(const std::string& stage) {
  constexpr std::string_view kWord = "iteration ";
  if (!stage.starts_with(kWord)) return 0;
  int out = 0;
  std::from_chars(stage.data() + kWord.size(), stage.data() + stage.size(), out);
  return out;
}

/// Place among the parts of optimize.
std::size_t part_of(const std::string& stage) {
  if (stage.empty() || stage == "base run") return 0;
  if (stage == "calibration" || stage.starts_with("validation")) return 1;
  if (stage == "finalists" || stage.starts_with("prune")) return 3;
  if (stage == "test split") return 4;
  return 2;
}

constexpr std::array<const char*, 5> kParts = {"base run", "validation", "iterations", "choice",
                                               "release test"};

std::string now_words(std::size_t part) {
  constexpr std::array<const char*, 5> kWords = {
      "base run: the train tasks with the initial skill",
      "validation: the validation tasks with the initial skill", "",
      "choice among the checkpoints with fresh rollouts",
      "release test: tasks that nothing else scored, before and after"};
  return kWords.at(part);
}

}  // namespace

struct RunWatch::State {
  explicit State(const fs::path& run) : dir(run), events(run / "events.jsonl") {}

  fs::path dir;
  GrowingFile events;
  std::string version;
  /// Stamps of the files below, when they were read.
  std::string config_stamp, plan_stamp, result_stamp;
  Json settings, error;
  std::string command, stop_reason;
  std::size_t iterations = 0;

  std::string stage;
  Tally tally;
  std::size_t rollouts = 0;
  int iteration = 0, finished = 0, asks = 0;
  bool failed_early = false;

  Json read(const char* name) const {
    auto value = read_json(dir / name);
    return value ? std::move(*value) : Json();  // not there yet, or half written: the next look
  }

  template <class Use>
  void renew(const char* name, std::string& seen, const Use& use) const {
    const std::string now = stamp(dir / name);
    if (now == seen) return;
    seen = now;
    use(read(name));
  }

  void enter(const std::string& name) {
    if (name == stage) return;
    stage = name;
    tally = {};
    if (const int number = iteration_of(name); number > 0) iteration = number;
  }

  void take(std::string_view line) {
    const Json event = Json::parse(line, nullptr, false);
    if (!event.is_object()) return;
    const std::string kind = text_of(event, "event");
    failed_early = kind == "error";
    if (kind != "approval" && kind != "notice") asks = 0;
    if (kind == "rollout") {
      enter(text_of(event, "stage"));
      const std::string status = text_of(event, "status");
      if (status == "pass" || status == "fail")
        tally.add(status == "pass", number_of(event, "score").value_or(0));
      else if (status != "skipped")
        ++tally.error;
      ++rollouts;
    } else if (kind == "approval") {
      asks = text_of(event, "state") == "asked" ? integer_of(event, "iteration") : 0;
    } else if (kind == "iteration") {
      finished = iteration = std::max(integer_of(event, "iteration"), 1);
      enter(fmt::format("iteration {}: done", finished));
    }
  }

  [[nodiscard]] RunCondition condition() const {
    if (store::is_at_work(dir)) return RunCondition::working;
    if (result_stamp == "-" || result_stamp.empty())
      return failed_early ? RunCondition::stopped : RunCondition::interrupted;
    return error.is_null() ? RunCondition::finished : RunCondition::stopped;
  }

  [[nodiscard]] bool staged() const {
    const std::string gate = text_of(settings, "gate");
    return member(settings, "stages.gate").is_null() &&
           (gate == "loose" || gate == "balanced" || gate == "strict");
  }
  [[nodiscard]] bool has_part(std::size_t part) const {
    if (part == 1)
      return text_of(settings, "gate") != "none" || !member(settings, "stages.gate").is_null();
    if (part == 3) return staged() && text_of(settings, "optimizer") != "rerun";
    return part != 4 || !settings.contains("score_test") || flag_of(settings, "score_test");
  }

  [[nodiscard]] std::string part_after(std::size_t part) const {
    constexpr std::array<const char*, 5> kNext = {
        "", "the validation tasks with the initial skill", "the first iteration",
        "the choice among the checkpoints", "the release test"};
    for (std::size_t i = part + 1; i < kParts.size(); ++i)
      if (has_part(i)) return kNext.at(i);
    return "the result";
  }

  [[nodiscard]] bool has(const std::string& file) const {
    std::error_code ignored;
    return fs::exists(dir / iteration_folder(iteration) / file, ignored);
  }

  /// Diagnoses and patches make no rollouts: their files tell.
  void describe_iteration(Standing& out) const {
    const std::string of = iterations > 0 ? fmt::format(" of {}", iterations) : "";
    const std::string phase = stage.substr(std::min(stage.size(), stage.find(':') + 2));
    const bool last = iterations > 0 && static_cast<std::size_t>(iteration) >= iterations;
    const std::string after = last ? part_after(2) : fmt::format("iteration {}", iteration + 1);
    std::string now = phase;
    if (asks > 0) {
      now = "a person is asked about the patch that the gate took";
      out.next = after;
    } else if (phase == "done") {
      now = "decided";
      out.next = after;
    } else if (phase == "gate") {
      now =
          has("gate.json") ? "lessons of the decision" : "gate: validation tasks with both skills";
      out.next = has("gate.json") ? after : "the decision, then " + after;
    } else if (phase == "screen" || phase == "batch") {
      now = "screen: the patches on the tasks that they were made from";
      out.next = "the gate on validation tasks";
    } else if (has("losses.jsonl")) {
      now = has("gradients.jsonl") ? "patches are written" : "failures are diagnosed";
      out.next = has("gradients.jsonl") ? "the screen" : "patches";
    } else if (phase == "execute") {
      now = "batch: the train tasks with the current skill";
      out.next = "diagnoses of what failed, then patches";
    }
    out.stage = fmt::format("iteration {}{}{} {}", iteration, of,
                            now.find(':') == std::string::npos ? ":" : ",", now);
  }

  void describe_optimize(Standing& out) const {
    const std::size_t part = part_of(stage);
    const bool over = out.condition == RunCondition::finished;
    for (std::size_t i = 0; i < kParts.size(); ++i)
      if (has_part(i) || i == part)
        out.parts.push_back({kParts.at(i), over || i < part ? RunPart::State::done
                                           : i == part      ? RunPart::State::now
                                                            : RunPart::State::ahead});
    if (part == 2) return describe_iteration(out);
    out.stage = now_words(part);
    out.next = part_after(part);
  }

  Standing look() {
    std::string now;
    for (const char* name : kWatched)
      now += stamp(dir / (name == std::string_view("ledger.jsonl") ? "calls" : "") / name) + "/";
    renew("config.json", config_stamp, [this](const Json& config) {
      command = text_of(config, "command");
      settings = member(config, "settings");
    });
    renew("plan.json", plan_stamp,
          [this](const Json& plan) { iterations = items(plan, "batches").size(); });
    renew("run.json", result_stamp, [this](const Json& result) {
      error = member(result, "error");
      stop_reason = text_of(result, "stop_reason");
    });
    events.read([this](std::string_view line) { take(line); });
    Standing out;
    out.condition = condition();
    version = now + name_of(out.condition);
    out.command = command;
    out.stage = stage;
    if (command == "optimize") describe_optimize(out);
    out.tally = tally.count() > 0 ? tally.text() + tally.mean_text() : "";
    out.rollouts = rollouts;
    out.iteration = iteration;
    out.asks = out.condition == RunCondition::working ? asks : 0;
    out.iterations = iterations;
    out.iterations_done = static_cast<std::size_t>(finished);
    if (out.condition != RunCondition::working) {
      out.ended = error.is_object() ? text_of(error, "message") : stop_reason;
      out.next.clear();
    }
    return out;
  }
};

RunWatch::RunWatch(const std::filesystem::path& run) : state_(std::make_unique<State>(run)) {}
RunWatch::~RunWatch() = default;

Standing RunWatch::look() { return state_->look(); }

const std::string& RunWatch::version() const { return state_->version; }

Json to_json(const Standing& standing) {
  const auto known = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  Json parts = Json::array();
  for (const RunPart& part : standing.parts)
    parts.push_back({{"name", part.name}, {"state", name_of(part.state)}});
  return {{"condition", name_of(standing.condition)},
          {"of", known(standing.command)},
          {"stage", known(standing.stage)},
          {"next", known(standing.next)},
          {"tally", known(standing.tally)},
          {"rollouts", standing.rollouts},
          {"iteration", standing.iteration > 0 ? Json(standing.iteration) : Json()},
          {"iterations", standing.iterations > 0 ? Json(standing.iterations) : Json()},
          {"iterations_done", standing.iterations_done},
          {"parts", std::move(parts)},
          {"asks", standing.asks > 0 ? Json(standing.asks) : Json()},
          {"ended", known(standing.ended)}};
}

}  // namespace skillgrad::report
