// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/skill/package.hpp>

#include "skill/yaml/yaml_subset.hpp"

namespace skillgrad::skill {

/// Where the front matter of a SKILL.md lies. All offsets are into the whole file.
struct Cut {
  std::size_t yaml_begin = 0;  ///< behind the opening ---
  std::size_t yaml_end = 0;    ///< the closing ---
  std::size_t body_begin = 0;  ///< behind the closing delimiter line
  bool lines_alone = false;    ///< both delimiters stand alone on their lines (F5)
  int closing_line = 0;
};

/// The reference's rule: up to the next `---` anywhere.
[[nodiscard]] std::optional<Cut> cut_at_next_dashes(std::string_view file);
/// Up to the first line that is `---` and nothing else; a BOM and white space may precede.
[[nodiscard]] std::optional<Cut> cut_at_line(std::string_view file);

/// What reading a SKILL.md in one profile gave: the front matter, or the error that stopped it.
struct Reading {
  std::vector<Finding> errors;   ///< F0, F2, F3: at most one
  std::vector<Finding> repairs;  ///< lenient only, warnings
  Cut cut;
  yaml::Node root;  ///< a mapping when `errors` is empty; offsets into the file

  [[nodiscard]] bool ok() const { return errors.empty(); }
  [[nodiscard]] const yaml::Entry* find(std::string_view key) const;
};

[[nodiscard]] Reading read_front_matter(std::string_view file, Profile profile);

/// 1-based line of a byte; LF, CRLF and CR end lines.
[[nodiscard]] int line_of(std::string_view text, std::size_t offset);
/// Offset of the first code point that front matter must not hold, in [begin, end).
[[nodiscard]] std::optional<std::size_t> first_control(std::string_view text, std::size_t begin,
                                                       std::size_t end);

}  // namespace skillgrad::skill
