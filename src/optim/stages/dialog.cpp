// SPDX-License-Identifier: MIT
#include "optim/stages/dialog.hpp"

#include <algorithm>
#include <utility>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/plan.hpp>

#include "optim/stages/stage_options.hpp"

namespace skillgrad::optim {
namespace {

/// How often a hand-in that does not fit goes back to the model.
constexpr int kCorrections = 2;
constexpr std::size_t kRefusedBytes = 1'000;
/// An answer that was cut is asked for again with at least this output limit.
constexpr std::int64_t kLeastRaisedCap = 2048, kMostRaisedCap = 1 << 20;

std::string problem_text(const Error& error) {
  std::string out = error.message;
  if (!error.where.empty()) out = error.where + ": " + out;
  for (const std::string& context : error.context) out = context + ": " + out;
  if (!error.mend.empty()) out += " (" + error.mend + ")";
  return out;
}

class HandInTool final : public agent::Tool {
 public:
  using Take = std::function<agent::ToolOutcome(const std::string& arguments)>;
  HandInTool(llm::ToolSpec spec, Take take) : spec_(std::move(spec)), take_(std::move(take)) {}
  [[nodiscard]] llm::ToolSpec spec() const override { return spec_; }
  [[nodiscard]] bool hands_in() const override { return true; }
  [[nodiscard]] agent::ToolOutcome call(const std::string& arguments, std::stop_token) override {
    return take_(arguments);
  }

 private:
  llm::ToolSpec spec_;
  Take take_;
};

}  // namespace

Result<int> turns_option(const Json& options, const std::string& stage, int fallback) {
  StrictReader reader(options, "options of stage " + stage);
  reader.ignore("name");
  const std::int64_t turns = reader.integer("turns", fallback, 1, 1000);
  SKILLGRAD_CHECK(finish_options(reader));
  return static_cast<int>(turns);
}

std::string sub_scope(const StageContext& context, const std::string& part) {
  return context.scope.empty() ? part : context.scope + "/" + part;
}

Dialog::Dialog(llm::ChatModel& model, DialogSetup setup, const StageContext& context)
    : model_(model), setup_(std::move(setup)), context_(context) {
  if (!setup_.accept_text) setup_.accept_text = setup_.accept;
  hand_in_ = std::make_unique<HandInTool>(
      setup_.hand_in, [this](const std::string& arguments) { return take_hand_in(arguments); });
  setup_.tools.push_back(hand_in_.get());
  llm::Message system;
  system.role = llm::Role::system;
  system.content = std::string(trim(setup_.system)) + "\n";
  messages_.push_back(std::move(system));
  say(std::move(setup_.user));
}

Tries Dialog::tries() const { return corrections_ < kCorrections ? Tries::left : Tries::none; }

void Dialog::say(std::string text) {
  llm::Message message;
  message.role = llm::Role::user;
  message.content = std::move(text);
  messages_.push_back(std::move(message));
}

Result<> Dialog::run() { return round(setup_.turns); }

Result<> Dialog::resume(std::string user, int turns) {
  say(std::move(user));
  accepted_ = false;
  corrections_ = 0;
  return round(turns);
}

agent::ToolOutcome Dialog::take_hand_in(const std::string& arguments) {
  agent::ToolOutcome outcome;
  const auto json = parse_json(arguments, setup_.hand_in.name);
  Result<> taken = json ? setup_.accept(*json, tries()) : Result<>(tl::unexpected(json.error()));
  if (taken) {
    accepted_ = true;
    outcome.ends_loop = true;
    outcome.text = "handed in";
    return outcome;
  }
  last_problem_ = problem_text(taken.error());
  outcome.is_error = true;
  outcome.text =
      "not accepted: " + last_problem_ + "\nCorrect it and call " + setup_.hand_in.name + " again.";
  outcome.ends_loop = ++corrections_ > kCorrections;
  return outcome;
}

Result<std::string> Dialog::take_text(const agent::LoopResult& result) {
  Result<> taken = fail(ErrorCode::malformed_reply,
                        "the answer was cut at the output limit, so it was not used");
  if (result.truncated) {
    // The loop's turns together wrote more than the one that was cut.
    const std::int64_t met =
        std::max<std::int64_t>(cap_.value_or(model_.output_cap()), result.usage.output_tokens);
    cap_ = static_cast<int>(std::clamp(2 * met, kLeastRaisedCap, kMostRaisedCap));
  } else {
    const auto json = object_in_text(result.final_message);
    taken = json ? setup_.accept_text(*json, tries()) : Result<>(tl::unexpected(json.error()));
  }
  if (taken) {
    accepted_ = true;
    return std::string{};
  }
  last_problem_ = problem_text(taken.error());
  refused_.push_back({setup_.hand_in.name, truncate_middle(result.final_message, kRefusedBytes),
                      truncate_middle(last_problem_, kRefusedBytes)});
  if (++corrections_ > kCorrections) {
    return tl::unexpected(no_hand_in("what it handed in did not fit: " + last_problem_));
  }
  return "That was not accepted: " + last_problem_ + "\nHand in with the tool " +
         setup_.hand_in.name +
         ", or answer with its arguments as one JSON object and nothing else.";
}

void Dialog::note_refused(const agent::Trajectory& trajectory) {
  using Kind = agent::TraceEvent::Kind;
  const auto& events = trajectory.events;
  for (std::size_t i = 0; i + 1 < events.size(); ++i) {
    const bool refused = events[i].kind == Kind::tool_call &&
                         events[i + 1].kind == Kind::tool_output && events[i + 1].is_error;
    if (refused)
      refused_.push_back({events[i].name, truncate_middle(events[i].text, kRefusedBytes),
                          truncate_middle(events[i + 1].text, kRefusedBytes)});
  }
}

agent::LoopResult Dialog::loop(int turns) {
  agent::LoopRequest request;
  request.stage = setup_.stage;
  request.scope = setup_.scope;
  request.messages = messages_;
  request.tools = setup_.tools;
  request.limits.turns = turns;
  request.max_output_tokens = cap_;
  return agent::run_tool_loop(model_, request, *context_.clock, context_.call);
}

Error Dialog::no_hand_in(const std::string& why) const {
  Error error;
  error.code = ErrorCode::malformed_reply;
  error.message = "the " + setup_.stage + " handed in no usable result: " + why;
  const bool told = !last_problem_.empty() && why.find(last_problem_) != std::string::npos;
  if (!refused_.empty() && !told) {
    const std::string& problem = refused_.back().problem;
    error.message += "; " + std::to_string(refused_.size()) + " refused calls, the last of " +
                     refused_.back().tool + ": " + problem.substr(0, problem.find('\n'));
  }
  error.where = setup_.scope;
  error.mend =
      "use a model that follows tool schemas, or allow this stage more turns, as in --set "
      "'stages." +
      setup_.stage + "={\"name\":\"llm\",\"turns\":24}'";
  return error;
}

Result<> Dialog::round(int turns) {
  bool reminded = false;
  while (true) {
    agent::LoopResult result = loop(turns);
    messages_ = result.messages;
    note_refused(result.trajectory);
    turns = std::max(1, turns - result.turns);
    if (accepted_) return {};
    if (result.error) {
      return tl::unexpected(std::move(*result.error).with_context("stage " + setup_.stage));
    }
    switch (result.end) {
      case agent::EndState::finished: {
        if (corrections_ > kCorrections) {
          return tl::unexpected(no_hand_in("what it handed in did not fit: " + last_problem_));
        }
        SKILLGRAD_TRY(std::string reply, take_text(result));
        if (accepted_) return {};
        say(std::move(reply));
        break;
      }
      case agent::EndState::turn_limit:
        if (reminded) return tl::unexpected(no_hand_in("its turns are used up"));
        reminded = true;
        say("Your turns are used up. Hand in now with the tool " + setup_.hand_in.name + ".");
        turns = kExtraStageTurns;
        break;
      case agent::EndState::token_limit:
        return fail(ErrorCode::context_overflow,
                    "the conversation of the " + setup_.stage + " outgrew the model's context",
                    setup_.scope, "use a model with a longer context");
      default:
        return tl::unexpected(no_hand_in(name_of(result.end)));
    }
  }
}

}  // namespace skillgrad::optim
