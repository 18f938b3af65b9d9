// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/scenario.hpp"
#include "sim/wire/conversation.hpp"

namespace skillgrad::sim {

/// Plays an imperfect model from the conversation alone. Thread-safe: no state but the scenario,
/// the noise and the seed, so the same conversation always gets the same reply.
class Player {
 public:
  Player(const Scenario& scenario, Noise noise, std::uint64_t seed)
      : scenario_(scenario), noise_(noise), seed_(seed) {}

  [[nodiscard]] Reply reply(const Conversation& conversation) const;
  /// What a request is about, for the log: tasks of the scenario, and the lessons that the skill's
  /// text teaches as far as the request shows it.
  struct About {
    std::vector<std::string> tasks, teaches;
    std::size_t turn = 0;  ///< replies that it holds already: 0 begins a conversation
  };
  [[nodiscard]] About about(const Conversation& conversation) const;

  [[nodiscard]] const Scenario& scenario() const { return scenario_; }
  [[nodiscard]] const Noise& noise() const { return noise_; }
  /// Uniform in [0,1), decided by the seed and the parts.
  [[nodiscard]] double draw(std::initializer_list<std::string_view> parts) const;

 private:
  const Scenario& scenario_;
  Noise noise_;
  std::uint64_t seed_;
};

/// The roles; each reads the conversation from its start and says what comes next.
[[nodiscard]] Reply play_executor(const Player& player, const Conversation& conversation);
[[nodiscard]] Reply play_diagnoser(const Player& player, const Conversation& conversation);
[[nodiscard]] Reply play_momentum(const Player& player, const Conversation& conversation);
[[nodiscard]] Reply play_patcher(const Player& player, const Conversation& conversation);
/// A patcher that may change the description alone: it puts the words of the rules for choosing
/// into it that requests which activated nothing ask for.
[[nodiscard]] Reply play_describer(const Player& player, const Conversation& conversation);
[[nodiscard]] Reply play_synthesizer(const Player& player, const Conversation& conversation);
[[nodiscard]] Reply play_judge(const Player& player, const Conversation& conversation);
/// An agent of another program, known by a tool that runs commands: it opens the skill and its
/// references with commands and runs the task's script.
[[nodiscard]] bool is_foreign_agent(const Conversation& conversation);
[[nodiscard]] Reply play_foreign(const Player& player, const Conversation& conversation);
/// A judge is offered no tools; it is known by the tags of its message.
[[nodiscard]] bool is_for_judge(const Conversation& conversation);

/// Hands in by the tool if it was offered, else as JSON text.
[[nodiscard]] Reply hand_in(const Conversation& conversation, const std::string& tool,
                            std::string arguments);
/// True when the conversation already tried this hand-in and got an error back.
[[nodiscard]] bool was_refused(const Conversation& conversation, std::string_view tool);

/// The simulation's words for an analysis that shows nothing; the momentum agent reads them so.
inline constexpr std::string_view kVagueLabel = "result differs from expectation";
inline constexpr std::string_view kVagueAnalysis =
    "The result does not match what was expected. The steps look reasonable, and the trace does "
    "not "
    "show which of them led to the difference.";
inline constexpr std::string_view kSlipLabel = "known rule not followed";
inline constexpr std::string_view kSlipAnalysis =
    "The loaded text covers what this task needs, but the run did not follow it. Nothing is "
    "missing "
    "from the instructions.";
inline constexpr std::string_view kLuckLabel = "success without a rule";
inline constexpr std::string_view kLuckAnalysis =
    "This run passed, but nothing in the loaded text explains why; it may be luck.";
/// Written into a pattern's description once a run succeeded with its rule; read by the patcher.
inline constexpr std::string_view kSeenWorking = "Runs that had this rule loaded succeeded.";

}  // namespace skillgrad::sim
