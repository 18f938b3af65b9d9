// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/scenario.hpp"
#include "sim/wire/conversation.hpp"

namespace skillgrad::sim {

class Player;

/// One element of the <diagnoses> array, as the momentum and patch agents read it.
struct ReadDiagnosis {
  std::string task_id, label, analysis;
  bool success = false;                  ///< kind "contrastive"
  std::optional<std::size_t> lesson;     ///< what it means, if the text says so
  bool says_nothing = false;             ///< vague, a slip, or luck: no rule follows from it
  std::vector<std::string> skills = {};  ///< that the run loaded, where there were several
};
[[nodiscard]] std::vector<ReadDiagnosis> read_diagnoses(const Scenario& scenario,
                                                        std::string_view user_text);

/// The same where the message holds the attempts themselves: what one look at all of them finds.
/// Less than a look at each: of a failure the first cause alone.
[[nodiscard]] std::vector<ReadDiagnosis> read_attempts(const Player& player,
                                                       std::string_view user_text);

}  // namespace skillgrad::sim
