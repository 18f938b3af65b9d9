// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/skill/package.hpp>

/// What changed between two states of a package, in parts that can be taken or left one by one.
namespace skillgrad::skill {

/// `lines` of a text file; a file that is made, removed, of other bytes (not a text), or of another
/// mode.
enum class HunkKind { lines, create, remove, bytes, mode };

struct HunkLine {
  char mark = ' ';   ///< ' ' in both states, '-' before alone, '+' after alone
  std::string text;  ///< with its line end, where it has one
};

/// A change at one place of one file: of a section, of the front matter, of another file. All hunks
/// together make the state after of the state before, byte for byte.
struct Hunk {
  std::string id;  ///< "H3": by place, SKILL.md first
  HunkKind kind = HunkKind::lines;
  std::string file, anchor;  ///< anchor: slug of the section, "front matter", or the base name
  int layer = 2;             ///< 1 front matter, 2 body, 3 other files
  std::size_t old_line = 0, new_line = 0;  ///< of the first of `lines`, from 1; 0: no lines
  std::vector<HunkLine> lines;             ///< with what surrounds them
  std::size_t begin = 0, count = 0;        ///< lines of the file before that are replaced, from 0
  std::string old_text, new_text;          ///< exact bytes of what is replaced, and by what
  std::uint32_t mode = 0644;               ///< of the file after
  std::size_t group = 0;                   ///< of the unified diff of its file

  /// Another text may stand in its place.
  [[nodiscard]] bool editable() const;
  /// SHA-256 of place and bytes: equal hunks of equal packages have equal ones.
  [[nodiscard]] std::string fingerprint() const;
};

[[nodiscard]] std::vector<Hunk> hunks_between(const SkillPackage& before,
                                              const SkillPackage& after);

/// For each line of each text file of `after`, from 0: its line in `before`; nullopt where that has
/// it not; line ends do not count. A line that moved within its file, or to another one, counts as
/// new.
using LineOrigins = std::map<std::string, std::vector<std::optional<std::size_t>>>;
[[nodiscard]] LineOrigins line_origins(const SkillPackage& before, const SkillPackage& after);

/// Unified diff with exact bytes, which `patch -p1` and `git apply` read; "@@ ... @@ H1 H2" names
/// the hunks in each part. A file that is no text is named, its bytes are not there.
[[nodiscard]] std::string patch_text(const SkillPackage& before, const SkillPackage& after,
                                     const std::vector<Hunk>& hunks);

/// A hunk that is taken; `text`: what stands there instead of its own new text.
struct ChosenHunk {
  const Hunk* hunk = nullptr;
  std::optional<std::string> text;
};
/// Where a hunk meets what somebody else changed.
struct MergeConflict {
  std::string hunk, file;
  std::size_t line = 0;  ///< of the file as it is now, from 1; 0: the file as a whole
};
struct MergeOutcome {
  SkillPackage package;
  std::vector<MergeConflict> conflicts;  ///< of hunks that are not in `package`
  std::vector<std::string> present;      ///< hunks that were already there
};
/// Puts hunks of hunks_between(before, ...) into `now`, which is `before` or came from it by edits.
/// A hunk that overlaps or touches such an edit is a conflict and left out; every other byte of
/// `now` stays. Errors: those of SkillPackage::from_files.
[[nodiscard]] Result<MergeOutcome> merge_hunks(const SkillPackage& before, const SkillPackage& now,
                                               const std::vector<ChosenHunk>& chosen);

/// What a person should look at before a hunk is taken.
/// `agents`: orders to agents that have nothing to do with a task, and files that they obey.
/// `origin`: words of a task's files or commands; risks_of() cannot know of them.
enum class RiskKind {
  script,
  command,
  interpreter,
  url,
  credential,
  hidden,
  binary,
  agents,
  origin
};
struct Risk {
  RiskKind kind = RiskKind::command;
  std::string what;      ///< in words
  std::size_t line = 0;  ///< of the file after, from 1; 0: the file as a whole
  bool blocks = false;   ///< a patch of a model must not bring it (lint SAF); else only to look at
};
/// `text`: what stands there instead of the hunk's own new text.
[[nodiscard]] std::vector<Risk> risks_of(const Hunk& hunk,
                                         const std::optional<std::string>& text = std::nullopt);

}  // namespace skillgrad::skill

namespace skillgrad {

template <>
struct EnumText<skill::HunkKind> {
  using enum skill::HunkKind;
  static constexpr EnumName<skill::HunkKind> kTable[] = {
      {lines, "lines"}, {create, "create"}, {remove, "remove"}, {bytes, "bytes"}, {mode, "mode"}};
};
template <>
struct EnumText<skill::RiskKind> {
  using enum skill::RiskKind;
  static constexpr EnumName<skill::RiskKind> kTable[] = {
      {script, "script"}, {command, "command"},       {interpreter, "interpreter"},
      {url, "url"},       {credential, "credential"}, {hidden, "hidden"},
      {binary, "binary"}, {agents, "agents"},         {origin, "origin"}};
};

}  // namespace skillgrad
