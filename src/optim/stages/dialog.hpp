// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// Whether a hand-in that is refused can be corrected. The last one is taken with what the stage
/// can mend itself, so that a small fault does not cost the whole conversation.
enum class Tries { left, none };

/// One conversation of a model-driven stage (docs/stages.md): constant system prompt, one user
/// message with the facts, reading tools, and a tool that hands in the result.
struct DialogSetup {
  std::string stage;  ///< ledger column: diagnoser, momentum, patcher
  std::string scope;
  std::string system, user;
  std::vector<agent::Tool*> tools;  ///< without the one that hands in
  llm::ToolSpec hand_in;
  using Accept = std::function<Result<>(const Json& object, Tries tries)>;
  /// Reads the handed-in object; an error goes back to the model.
  Accept accept;
  /// The same for an object that came as text; empty: `accept`.
  Accept accept_text;
  int turns = 15;
};

/// Runs the conversation until a hand-in is accepted. Not thread-safe.
class Dialog {
 public:
  Dialog(llm::ChatModel& model, DialogSetup setup, const StageContext& context);
  Dialog(const Dialog&) = delete;
  Dialog& operator=(const Dialog&) = delete;
  /// Errors: malformed_reply (no hand-in, or a third one that does not fit), content_filter
  /// (refused: never read as a result), context_overflow, and those of the endpoint.
  [[nodiscard]] Result<> run();
  /// A further user message, after which a new hand-in is needed.
  [[nodiscard]] Result<> resume(std::string user, int turns);
  /// Tool calls and hand-ins that were answered with an error so far, in order.
  [[nodiscard]] const std::vector<RefusedCall>& refused() const { return refused_; }

 private:
  agent::ToolOutcome take_hand_in(const std::string& arguments);
  /// Nothing: accepted. Else what to tell the model, or an Error that ends the conversation.
  Result<std::string> take_text(const agent::LoopResult& result);
  Result<> round(int turns);
  [[nodiscard]] agent::LoopResult loop(int turns);
  [[nodiscard]] Error no_hand_in(const std::string& why) const;
  [[nodiscard]] Tries tries() const;
  void note_refused(const agent::Trajectory& trajectory);
  void say(std::string text);

  llm::ChatModel& model_;
  DialogSetup setup_;
  const StageContext& context_;
  std::unique_ptr<agent::Tool> hand_in_;
  std::vector<llm::Message> messages_;
  bool accepted_ = false;
  int corrections_ = 0;
  std::optional<int> cap_;  ///< output limit of a reply; raised after one that was cut
  std::string last_problem_;
  std::vector<RefusedCall> refused_;
};

/// {"turns":N} of a model-driven stage. Errors: config.
[[nodiscard]] Result<int> turns_option(const Json& options, const std::string& stage, int fallback);

/// "scope/part", or the part alone.
[[nodiscard]] std::string sub_scope(const StageContext& context, const std::string& part);

}  // namespace skillgrad::optim
