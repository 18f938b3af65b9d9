// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::cli {

/// How packages are validated.
struct ValidateOptions {
  skill::Profile profile = skill::Profile::spec;
  std::vector<std::string> ignored = {};  ///< lint rules
};

/// One package: what the rules and lint find.
struct Validated {
  std::string path;
  std::vector<skill::Finding> rules, lint;
  [[nodiscard]] bool valid() const;
};

/// Errors: usage, naming the profiles.
[[nodiscard]] Result<skill::Profile> parse_profile(const std::string& text);
/// Errors: usage (no such path).
[[nodiscard]] Result<Validated> validate_one(const std::string& path,
                                             const ValidateOptions& options);
/// Rules first, then lint, which never decides validity, under severities of its own.
[[nodiscard]] Json findings_json(const Validated& value);
/// Text of a package in one line: names of files may hold line breaks and marks of direction, which
/// would forge lines.
[[nodiscard]] std::string one_line(const std::string& text);
/// The message of a workflow command of GitHub's, which reads %25, %0D and %0A in it.
[[nodiscard]] std::string github_text(const std::string& text);
/// A property of such a command, as the path of a file is one: it ends at a comma or a colon.
[[nodiscard]] std::string github_property(const std::string& text);
/// Annotations of the rules' findings for GitHub, one a line; the lint stays advice.
[[nodiscard]] std::string github_lines(const Validated& value);

}  // namespace skillgrad::cli
