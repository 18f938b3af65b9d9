// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

/// A place of a package that an anchor names.
struct Place {
  std::string anchor;  ///< slug of the heading, or base name of the file
  std::string text;    ///< of the section with its heading, or of the file
};

/// The place meant by a heading as written ("## Fill a column", "Work / Fill a column"), its slug,
/// or a file's path, base name or stem ("references/dates.md", "dates.md", "dates"). "SKILL.md" is
/// the whole body and "description" the description, where no heading has that name. Of a set it
/// begins with the skill, as the anchors do ("pdf/fill-a-column"); without it, it must be a place
/// of one skill alone.
[[nodiscard]] std::optional<Place> find_place(const SkillPackage& package, const std::string& name);

/// Anchors of all places, headings first, in the order of the package.
[[nodiscard]] std::vector<std::string> anchors_of(const SkillPackage& package);

/// What changed between two texts: counts, and the first line of text that is new.
struct TextChange {
  std::size_t added = 0, removed = 0;  ///< lines
  std::string first_added;             ///< without Markdown marks around it; "" if none
};
[[nodiscard]] TextChange text_change(const std::string& before, const std::string& after);

}  // namespace skillgrad::skill
