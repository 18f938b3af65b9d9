// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

/// The one choice of a reply that counts. Several are never asked for.
struct ChosenChoice {
  Json choice;          ///< null: there is none
  std::string note;     ///< not empty: further choices were not used
  std::string problem;  ///< not empty: which choice is the turn cannot be told
};
/// The choice with index 0, wherever it stands. Where only another one holds tool calls, a gateway
/// has cut one turn into two, and they are put together.
[[nodiscard]] ChosenChoice choose(const Json& body);

}  // namespace skillgrad::llm
