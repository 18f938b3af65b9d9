// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>

namespace skillgrad::sim {

/// A skill as the catalogue of a prompt lists it.
struct CatalogueEntry {
  std::string name, description;
};
/// In the order of the text; empty without a catalogue.
[[nodiscard]] std::vector<CatalogueEntry> read_catalogue(std::string_view system_text);

/// With which chance a prompt with this text gets a skill activated.
struct ChoiceRule {
  std::string match;               ///< text that the prompt contains
  std::string skill;               ///< which is then activated
  double chance = 0;               ///< in [0,1]
  std::vector<std::string> words;  ///< normalised; one of them in the skill's description makes it
  double chance_with_words = 0;    ///< this chance instead
};

/// How the simulated agent chooses among the skills of its catalogue.
struct Choosing {
  bool blind = false;  ///< it never looks at the catalogue: a measurement that is broken
  std::vector<ChoiceRule> rules;

  /// `json`: the scenario's "choosing". Errors: input.
  [[nodiscard]] static Result<Choosing> read(const Json& json, const std::string& where);
  /// The skill and the chance that it is chosen. A skill that the prompt names word for word is
  /// certain; of several rules that match the longest counts; "" where none fits.
  struct Choice {
    std::string skill;
    double chance = 0;
  };
  [[nodiscard]] Choice choice(std::string_view prompt,
                              const std::vector<CatalogueEntry>& catalogue) const;
};

}  // namespace skillgrad::sim
