// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::skill {

/// One file of a package other than SKILL.md.
struct BundledFile {
  std::string bytes;
  std::uint32_t mode = 0644;
  bool operator==(const BundledFile&) const = default;
};

struct LayerSize {
  std::size_t bytes = 0, lines = 0, code_points = 0, tokens = 0;  ///< tokens: section 6 estimate
};
struct Sizes {
  LayerSize l1, l2, l3;
};

/// A heading of the body with the byte range it governs, from its own line to the next heading of
/// the same or a higher level (docs/rules-skill.md). Offsets are into `body()`.
struct Section {
  int level = 1;
  std::string title;
  std::string slug;
  std::size_t begin = 0, content = 0, end = 0;  ///< heading line, after it, end of the section
};

enum class Profile { spec, strict, lenient };
enum class Severity { error, warning, soft, judgement };

struct Finding {
  std::string rule;  ///< "F4", "L3-02", ...
  Severity severity = Severity::error;
  std::string message;  ///< ends with the mend
  std::string file;     ///< relative path, "SKILL.md" by default
  int line = 0;         ///< 1-based, 0 if none
  std::string anchor;   ///< what it is about, for "same finding as in the initial package"
};

/// A skill package S = (H, B, Q) held in memory, or a set of several (skill_set.hpp). Value type.
/// Hidden files, __pycache__ and node_modules are not part of it. `evals/` at the root is carried
/// along but is never shown to an executor (files_for_agent) and is read-only for patches.
class SkillPackage {
 public:
  /// `path`: a package folder, its SKILL.md, or a `.skill` archive. Loading is lenient. Errors:
  /// input (no such path, no SKILL.md, a folder holding several packages), invalid_skill (F0, F2,
  /// F3, D1, P1).
  [[nodiscard]] static Result<SkillPackage> load(const std::filesystem::path& path);
  /// From text in memory (tests, synth, demo resources); `files` excludes SKILL.md. Without a text,
  /// and with a SKILL.md in each folder of the files, it is a set.
  [[nodiscard]] static Result<SkillPackage> from_files(std::string folder_name,
                                                       std::string skill_md,
                                                       std::map<std::string, BundledFile> files);
  /// Writes the package into the empty or missing folder `dir` (fsynced, temp + rename).
  [[nodiscard]] Result<> save(const std::filesystem::path& dir) const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& description() const { return description_; }
  /// Name of the folder the package came from (rule N5), kept across copies.
  [[nodiscard]] const std::string& folder_name() const { return folder_name_; }
  [[nodiscard]] const std::string& skill_md() const { return skill_md_; }  ///< whole bytes
  [[nodiscard]] std::string front_matter() const;  ///< L1 with both delimiter lines
  [[nodiscard]] std::string body() const;          ///< L2
  [[nodiscard]] const std::map<std::string, BundledFile>& files() const { return files_; }
  /// files() without evals/.
  [[nodiscard]] std::vector<std::string> files_for_agent() const;
  [[nodiscard]] std::vector<Section> outline() const;
  [[nodiscard]] Sizes sizes() const;
  /// SHA-256 over SKILL.md and all files except evals/: path, mode's exec bit, bytes.
  [[nodiscard]] std::string hash() const;
  /// Lenient repairs that loading needed (F2, F3). What they are about is never rewritten, but for
  /// the value of a description that is set anew.
  [[nodiscard]] const std::vector<Finding>& repairs() const { return repairs_; }

  /// Replace parts; each checks the writer rules W1-W8 and leaves *this unchanged on error (input).
  [[nodiscard]] Result<> set_description(const std::string& text);
  [[nodiscard]] Result<> set_body(std::string body);
  [[nodiscard]] Result<> write_file(const std::string& path, std::string text);
  [[nodiscard]] Result<> delete_file(const std::string& path);

  bool operator==(const SkillPackage& other) const;

 private:
  [[nodiscard]] Result<> adopt(std::string skill_md);  ///< reads it; unchanged on error

  std::string folder_name_, name_, description_, skill_md_;
  std::uint32_t skill_mode_ = 0644;
  std::size_t body_begin_ = 0;
  std::map<std::string, BundledFile> files_;
  std::vector<Finding> repairs_;
};

/// Rules of section 1 in one profile, in the order of section 2; `path` as the user gave it.
/// Errors: usage (path does not exist).
[[nodiscard]] Result<std::vector<Finding>> validate(const std::filesystem::path& path,
                                                    Profile profile);
[[nodiscard]] std::vector<Finding> validate(const SkillPackage& package, Profile profile);

/// What lint needs to know besides the package.
class ForeignWords;

struct LintContext {
  bool procedure_profile = false;           ///< `paper` preset; else the `general` profile
  const SkillPackage* previous = nullptr;   ///< package before this patch (UPD rules), or null
  const SkillPackage* initial = nullptr;    ///< package the run started from (old findings pass)
  std::vector<std::string> task_literals;   ///< texts of the batch: L2-03
  std::vector<std::string> other_literals;  ///< of other train tasks: what many share may stand
  std::vector<std::string> answer_positions;
  std::vector<std::string> forbidden;  ///< secrets and run paths: UPD-05, never named
  std::vector<std::string> expected;   ///< golden answers and criteria of tasks seen: UPD-05
  std::vector<std::string> task_ids;   ///< of tasks seen: UPD-05
  std::vector<std::string> ignored;    ///< rules of lint_rules() that find nothing
  int patches_that_only_added = 0;     ///< UPD-03
  bool strict = false;                 ///< what only deserves a look blocks too: SAF-05, SAF-06
  /// What files and commands of the tasks said: SAF-06; null: nothing is known of it.
  std::shared_ptr<const ForeignWords> foreign;
};
struct LintReport {
  std::vector<Finding> findings;  ///< of section 7 alone; Severity::error = hard
  /// What blocks a candidate patch: hard findings and the blocking rules of section 1 (`spec`),
  /// less those that the initial package already had (same rule, same anchor).
  std::vector<Finding> blocking;
};
/// Ids of all rules of lint().
[[nodiscard]] const std::vector<std::string>& lint_rules();
[[nodiscard]] LintReport lint(const SkillPackage& package, const LintContext& context);

struct ChangedLines {
  std::size_t added = 0, removed = 0;
};
/// Lines that the unified diff adds and removes, over all text files.
[[nodiscard]] ChangedLines changed_lines(const SkillPackage& before, const SkillPackage& after);
/// Unified diff of all files, with a/ and b/ names, sorted by path; "" when equal.
[[nodiscard]] std::string unified_diff(const SkillPackage& before, const SkillPackage& after);

/// `<available_skills>` catalog of section 2; location = path shown to the agent.
[[nodiscard]] std::string catalog_entry(const SkillPackage& package, const std::string& location);

}  // namespace skillgrad::skill

namespace skillgrad {

template <>
struct EnumText<skill::Profile> {
  using enum skill::Profile;
  static constexpr EnumName<skill::Profile> kTable[] = {
      {spec, "spec"}, {strict, "strict"}, {lenient, "lenient"}};
};

template <>
struct EnumText<skill::Severity> {
  using enum skill::Severity;
  static constexpr EnumName<skill::Severity> kTable[] = {
      {error, "error"}, {warning, "warning"}, {soft, "soft"}, {judgement, "judgement"}};
};

}  // namespace skillgrad
