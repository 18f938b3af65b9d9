// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/skill/package.hpp>

/// Which runs of `optimize` produced the lines of a skill as it lies there.
namespace skillgrad::report {

/// What a line came from.
struct LineSource {
  std::size_t run = 0;                ///< index into SkillHistory::runs
  int iteration = 0;                  ///< 0: a person wrote it, in the review of that run
  std::vector<std::string> patterns;  ///< slugs of what that patch says it is about here
  bool operator==(const LineSource&) const = default;
};
struct HistoryLine {
  std::string text;                   ///< without its line end
  std::optional<std::size_t> source;  ///< index into SkillHistory::sources; nullopt: of no run
};
struct HistoryFile {
  std::string file;
  std::vector<HistoryLine> lines;
};
/// A run of which lines are in the skill.
struct HistoryRun {
  std::string run, finished_at, verdict;  ///< verdict: the sentence of the run
  bool simulation = false;
  bool written = false;       ///< `apply` or --in-place wrote it over a skill
  std::size_t produced = 0;   ///< lines that its best package has and its initial one has not
  std::size_t remaining = 0;  ///< of the skill that came from it
};
struct SkillHistory {
  std::string skill;
  std::vector<HistoryRun> runs;  ///< newest first
  std::vector<LineSource> sources;
  std::vector<HistoryFile> files;  ///< text files, SKILL.md first
  std::size_t lines = 0;
  std::vector<std::string> notes;  ///< runs that could not be read
};

/// Looks at all runs of `optimize` below `runs` (a run itself, or a folder of runs) whose skill has
/// the name of `skill`'s folder. A line belongs to the newest run that produced it, to one that was
/// written over a skill before one that was not. Takes no lock and writes nothing. Errors: those of
/// SkillPackage::load; input (no such folder of runs).
[[nodiscard]] Result<SkillHistory> read_history(const std::filesystem::path& skill,
                                                const std::filesystem::path& runs);

[[nodiscard]] std::string history_text(const SkillHistory& history);
/// `skillgrad.history/1`
[[nodiscard]] Json to_json(const SkillHistory& history);

}  // namespace skillgrad::report
