// SPDX-License-Identifier: MIT
#include <cstdint>

#include <fmt/format.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/follow.hpp>
#include <skillgrad/report/terminal.hpp>

#include "report/rows.hpp"

namespace skillgrad::report {
namespace {

std::string text_at(const Json& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_string() ? strip_control(found->get<std::string>()) : "";
}

double number_at(const Json& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_number() ? found->get<double>() : 0;
}

std::string share_at(const Json& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_number() ? percent(found->get<double>()) : "-";
}

optim::IterationRow row_of(const Json& event) {
  optim::IterationRow out;
  out.iteration = static_cast<int>(number_at(event, "iteration"));
  out.decision =
      named<optim::Decision>(text_at(event, "decision")).value_or(optim::Decision::undecided);
  out.reason = text_at(event, "reason");
  out.train_score = number_at(event, "train_score");
  out.train_n = static_cast<std::size_t>(std::max(0.0, number_at(event, "train_n")));
  const auto gate = event.find("gate");
  if (gate != event.end() && gate->is_object()) {
    out.gate.emplace();
    out.gate->before = number_at(*gate, "before");
    out.gate->after = number_at(*gate, "after");
    out.gate->n = static_cast<std::size_t>(std::max(0.0, number_at(*gate, "n")));
  }
  return out;
}

}  // namespace

struct RunFollower::State {
  bool colour = false;
  std::string stage;
  Tally tally;
  std::size_t rollouts = 0;
  double cost_usd = 0;
  bool ended = false, succeeded = false;

  /// What the stage before came to; iterations have a row of their own.
  std::string next_stage(const std::string& name) {
    std::string out;
    if (tally.count() > 0 && !stage.starts_with("iteration "))
      out = stage + ": " + tally.text() + tally.mean_text() + "\n";
    stage = name;
    tally = {};
    return out;
  }

  std::string rollout(const Json& event) {
    std::string out;
    if (const std::string name = text_at(event, "stage"); name != stage) out = next_stage(name);
    const std::string status = text_at(event, "status");
    if (status == "pass" || status == "fail")
      tally.add(status == "pass", number_at(event, "score"));
    else if (status != "skipped")
      ++tally.error;
    ++rollouts;
    cost_usd += number_at(event, "cost_usd");
    return out;
  }

  std::string result(const Json& event) {
    const auto error = event.find("error");
    ended = true;
    succeeded = error == event.end() || error->is_null();
    std::string out = next_stage("");
    if (const std::string verdict = text_at(event, "verdict"); !verdict.empty())
      out += "result: " + verdict + "\n";
    if (!succeeded && error->is_object())
      out += "stopped: " + text_at(*error, "message") + "\n";
    else if (const std::string why = text_at(event, "stop_reason"); !why.empty())
      out += "ended: " + why + "\n";
    return out;
  }

  std::string take(const Json& event) {
    const std::string kind = text_at(event, "event");
    ended = false;
    if (kind == "rollout") return rollout(event);
    if (kind == "iteration") return next_stage("") + iteration_line(row_of(event), 0, colour);
    if (kind == "notice") return "note: " + one_line(text_at(event, "text"), 500) + "\n";
    if (kind == "calibration")
      return next_stage("") +
             fmt::format("noise: {} of identical rollouts differ\n", share_at(event, "flip_rate"));
    if (kind == "release")
      return next_stage("") + fmt::format("release test: {}, {} -> {} on {} tasks\n",
                                          text_at(event, "verdict"), share_at(event, "before"),
                                          share_at(event, "after"),
                                          static_cast<std::int64_t>(number_at(event, "n")));
    if (kind == "result") return result(event);
    if (kind == "error") {
      ended = true;
      succeeded = false;
      const auto error = event.find("error");
      return next_stage("") + "error: " +
             text_at(error != event.end() && error->is_object() ? *error : event, "message") + "\n";
    }
    return {};
  }
};

RunFollower::RunFollower(bool colour) : state_(std::make_unique<State>()) {
  state_->colour = colour;
}
RunFollower::~RunFollower() = default;
RunFollower::RunFollower(RunFollower&&) noexcept = default;
RunFollower& RunFollower::operator=(RunFollower&&) noexcept = default;

std::string RunFollower::take(std::string_view line) {
  if (trim(line).empty()) return {};
  const Json event = Json::parse(line, nullptr, false);
  if (!event.is_object()) return "note: a line of events.jsonl is no event\n";
  return state_->take(event);
}

std::string RunFollower::status() const {
  const State& state = *state_;
  std::string out = state.stage.empty() ? "between stages" : state.stage;
  if (state.tally.count() > 0) out += " | " + state.tally.text();
  out += fmt::format(" | {} rollouts, {} for their agents", state.rollouts, money(state.cost_usd));
  return strip_control(out);
}

bool RunFollower::ended() const { return state_->ended; }
bool RunFollower::succeeded() const { return state_->succeeded; }

}  // namespace skillgrad::report
