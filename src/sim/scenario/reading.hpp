// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/lesson.hpp"

/// How the simulated model reads text: data between tags, the sections of a skill, what they teach.
namespace skillgrad::sim {

/// What stands between `<tag>` and `</tag>` on lines of their own, with `<\/` turned back into
/// `</`; nullopt: no such tag.
[[nodiscard]] std::optional<std::string> tagged(std::string_view text, const std::string& tag);

/// Of each such pair of tags.
[[nodiscard]] std::vector<std::string> all_tagged(std::string_view text, const std::string& tag);

/// ASCII lower case, runs of white space as one blank, trimmed.
[[nodiscard]] std::string normalised(std::string_view text);

/// A part of a Markdown text from an H1 or H2 to the next one; the first may have no heading.
struct TextSection {
  int level = 0;        ///< 1 or 2; 0 for text before the first heading
  std::string heading;  ///< without '#'
  std::string text;     ///< whole bytes, heading line included
};
[[nodiscard]] std::vector<TextSection> text_sections(std::string_view markdown);

/// Of `<skill>` where there are several: the folder that its first line names; "": there is one.
[[nodiscard]] std::string folder_of_skill(std::string_view text);

/// True when one of the normalised sections holds a phrase of every group.
[[nodiscard]] bool teaches(const std::string& normalised_section, const Lesson& lesson);

/// True when the text holds a phrase of every group of what says the opposite.
[[nodiscard]] bool contradicts(const std::string& normalised_text, const Lesson& lesson);

/// Text that a conversation loaded, ready to be asked what it teaches.
class LoadedText {
 public:
  void add(std::string_view markdown);         ///< section by section
  void add_whole(std::string_view reference);  ///< a reference file is one piece
  /// Files one below the other, each under a heading that is its path.
  void add_files(std::string_view listing);
  /// A section does, and none says the opposite.
  [[nodiscard]] bool teaches(const Lesson& lesson) const;
  [[nodiscard]] bool contradicts(const Lesson& lesson) const;
  [[nodiscard]] bool empty() const { return sections_.empty(); }
  /// Everything, normalised: changes exactly when the text changes.
  [[nodiscard]] const std::vector<std::string>& sections() const { return sections_; }

 private:
  std::vector<std::string> sections_;
};

/// A place where a skill's text names a bundled reference.
struct Pointer {
  std::string path;
  std::string sentence;  ///< the line that names it
};
[[nodiscard]] std::vector<Pointer> pointers(std::string_view markdown);
/// Whether the pointer's trigger ("read ... when ...", up to "skip when ...") shares a word with
/// the task text. A pointer without a trigger always fits.
[[nodiscard]] bool pointer_fits(const Pointer& pointer, std::string_view task_text);

}  // namespace skillgrad::sim
