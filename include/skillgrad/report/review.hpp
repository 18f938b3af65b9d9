// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/report/run_report.hpp>
#include <skillgrad/skill/hunks.hpp>

/// What a run proposes for its skill, and what a person decided about it.
namespace skillgrad::report {

/// A line of a patch whose words a file or a command of a task said first (lint SAF-06).
struct ForeignLine {
  std::string file, text;
  std::string what;  ///< the finding: where the words stand
};
/// Of all patches of a run, kept or not.
[[nodiscard]] std::vector<ForeignLine> foreign_lines(const std::filesystem::path& run);

/// The packages before and after, and what lies between them.
struct Proposal {
  std::filesystem::path run;
  std::string source;  ///< "best" or "iter_003": where in the run the package lies; "undo of …"
  int undo = 0;        ///< the accepted iteration that is taken back; 0: none
  std::string skill_path;                 ///< folder of the skill when the run began
  skill::SkillPackage initial, proposed;  ///< both named after the skill's own folder
  std::vector<std::string> ignored;       ///< lint rules that the run was told to ignore
  std::vector<skill::Hunk> hunks;
  std::vector<ForeignLine> foreign;  ///< of all patches of the run
};
/// What a person should look at before the hunk is taken: skill::risks_of(), and lines in a
/// stranger's words. `text`: what stands there instead of the hunk's own new text.
[[nodiscard]] std::vector<skill::Risk> risks_in(
    const Proposal& proposal, const skill::Hunk& hunk,
    const std::optional<std::string>& text = std::nullopt);
/// `iteration`: the package that this one tried instead of the best. Errors: input (not a run of
/// `optimize`, no such iteration, a package that is missing or damaged).
[[nodiscard]] Result<Proposal> read_proposal(const std::filesystem::path& run,
                                             std::optional<int> iteration);
/// What takes an accepted iteration back: `initial` is the package that it made, `proposed` the one
/// that it was made from. Later changes are none of it; merge_hunks() goes around them. Errors: as
/// read_proposal(); input (the iteration was not accepted, with those that were).
[[nodiscard]] Result<Proposal> read_undo(const std::filesystem::path& run, int iteration);

/// Of a patch that waits for a person: from the current skill to the one that the patch made.
struct WaitingPatch {
  std::filesystem::path run;
  int iteration = 0;
  const skill::SkillPackage* current = nullptr;
  const skill::SkillPackage* proposed = nullptr;
  std::vector<std::string> ignored;  ///< lint rules
};
[[nodiscard]] Proposal waiting_proposal(const WaitingPatch& patch);
/// What a person sees above its hunks: a sentence, then a line "NAME: TEXT" each for what speaks
/// for it; `reason` is the gate's.
[[nodiscard]] std::string waiting_head(const RunReport& report, const Proposal& proposal,
                                       const std::string& reason);

/// What keeps a package from being written: broken rules that the initial one did not break.
[[nodiscard]] std::vector<skill::Finding> new_findings(const Proposal& proposal,
                                                       const skill::SkillPackage& package,
                                                       const skill::SkillPackage& before);
/// As an error (invalid_skill) where there are any.
[[nodiscard]] Result<> check_package(const Proposal& proposal, const skill::SkillPackage& package,
                                     const skill::SkillPackage& before);

enum class HunkDecision { open, accept, reject, edit };
struct HunkReview {
  HunkDecision decision = HunkDecision::open;
  std::optional<std::string> text;  ///< of an edit: what stands there instead
  std::string comment;
};
/// `skillgrad.review/1`: a decision for each hunk of a proposal, in the same order.
struct Review {
  std::vector<HunkReview> hunks;
  std::string comment;  ///< about the whole
};
[[nodiscard]] Review open_review(const Proposal& proposal);
/// Names of hunks without a decision.
[[nodiscard]] std::vector<std::string> undecided(const Proposal& proposal, const Review& review);
/// The hunks that are accepted or edited.
[[nodiscard]] std::vector<skill::ChosenHunk> taken(const Proposal& proposal, const Review& review);

[[nodiscard]] Json to_json(const Proposal& proposal, const Review& review);
/// Errors: input: damaged; of another package, or of a run that has gone on since.
[[nodiscard]] Result<Review> read_review(const std::filesystem::path& file,
                                         const Proposal& proposal);

/// Decides about one hunk; a text of its own makes it an edit, unless it is the hunk's. Errors:
/// input (a hunk that cannot be edited; an edit after which the package breaks a rule).
[[nodiscard]] Result<> decide(const Proposal& proposal, Review& review, std::size_t hunk,
                              HunkReview decision);
/// Place of "H3" among the hunks. Errors: usage, with the names that there are.
[[nodiscard]] Result<std::size_t> find_hunk(const Proposal& proposal, const std::string& id);

/// Changed lines and hunks of one file in one layer.
struct LayerStat {
  int layer = 2;
  std::string file;
  std::size_t hunks = 0, added = 0, removed = 0;
};
[[nodiscard]] std::vector<LayerStat> layer_stats(const Proposal& proposal);
/// "body (layer 2)"
[[nodiscard]] std::string layer_name(int layer);
/// By layer and file, with the sizes before and after.
[[nodiscard]] std::string stat_text(const Proposal& proposal);
/// `skillgrad.diff/1`
[[nodiscard]] Json diff_json(const Proposal& proposal);

/// What a reviewer sees beside the hunks: verdict, scores, fixed and broken tasks, price.
[[nodiscard]] std::string review_head(const RunReport& report, const Proposal& proposal);
/// A hunk with its lines, risks, reasons, diagnoses and evidence, broken tasks first.
struct HunkText {
  std::string title;               ///< "H2 of 5: SKILL.md, body (layer 2), read-dates, line 12"
  std::vector<std::string> lines;  ///< as in Change::lines, whole
  std::vector<std::string> risks, why, evidence;  ///< a sentence each
};
[[nodiscard]] HunkText hunk_text(const RunReport& report, const Proposal& proposal,
                                 std::size_t hunk);
/// What the page of a review needs beside the report: decisions, exact texts, risks.
[[nodiscard]] Json review_block(const Proposal& proposal, const Review& review);

/// A commit's message: verdict, numbers, patterns, which hunks. `taken` of merge_hunks().
[[nodiscard]] std::string commit_message(const RunReport& report, const Proposal& proposal,
                                         const std::vector<skill::ChosenHunk>& taken);

}  // namespace skillgrad::report

namespace skillgrad {

template <>
struct EnumText<report::HunkDecision> {
  using enum report::HunkDecision;
  static constexpr EnumName<report::HunkDecision> kTable[] = {
      {open, "open"}, {accept, "accept"}, {reject, "reject"}, {edit, "edit"}};
};

}  // namespace skillgrad
