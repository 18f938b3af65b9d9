// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/players/player.hpp"
#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {

/// One edit of the plan, as tool call, with what to try when the tool refuses it and what undoes
/// it.
struct PlannedEdit {
  ToolUse call;
  std::optional<ToolUse> fallback, undo;
  std::size_t lesson = 0;
  bool addresses = true;   ///< false: it only makes room
  std::string pattern;     ///< slug of the record, or the label of a diagnosis where it has none
  std::string section;     ///< heading it is about
  std::string skill = {};  ///< folder of the one it changes; "": there is one
  std::vector<std::string> tasks;  ///< whose diagnoses ask for it
};

/// The body of SKILL.md as the patch agent sees it while it plans.
class Draft {
 public:
  explicit Draft(std::string_view skill_md);

  /// H2 section by heading (case and white space do not count), or nullptr.
  [[nodiscard]] const TextSection* find(std::string_view heading) const;
  /// Some section does, and none says the opposite.
  [[nodiscard]] bool teaches(const Lesson& lesson) const;
  [[nodiscard]] bool contradicts(const Lesson& lesson) const;
  /// The first line that says the opposite of the lesson, as far as one line says it whole.
  struct Contradiction {
    std::string heading, line;
    std::string mark;  ///< what the line begins with, "- "
  };
  [[nodiscard]] std::optional<Contradiction> contradiction(const Lesson& lesson) const;
  /// Heading before which a new section goes: the pitfalls or a closing checklist; "" = the end.
  [[nodiscard]] std::string insertion_point() const;
  [[nodiscard]] const std::vector<TextSection>& sections() const { return sections_; }
  [[nodiscard]] std::size_t bytes() const;

  void replace(std::string_view heading, std::string text);
  void insert(std::string heading, std::string text);
  void remove(std::string_view heading);
  void change(const std::string& line, const std::string& now);

 private:
  std::vector<TextSection> sections_;
};

/// Decides what the simulated patch agent edits, from its first user message alone.
[[nodiscard]] std::vector<PlannedEdit> plan_patch(const Player& player, std::string_view user_text);

}  // namespace skillgrad::sim
