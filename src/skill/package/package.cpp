// SPDX-License-Identifier: MIT
#include <algorithm>
#include <system_error>
#include <utility>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/archive.hpp>
#include <skillgrad/skill/package.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "skill/package/archive.hpp"
#include "skill/package/front_matter.hpp"
#include "skill/package/outline.hpp"
#include "skill/package/package_files.hpp"
#include "skill/package/package_path.hpp"
#include "skill/package/set_files.hpp"

namespace skillgrad::skill {

namespace {

constexpr const char* kMendSkill = "`skillgrad validate SKILL` lists all findings";

[[nodiscard]] tl::unexpected<Error> invalid(const Finding& finding) {
  std::string where = finding.file;
  if (finding.line > 0) where += ":" + std::to_string(finding.line);
  return fail(ErrorCode::invalid_skill, finding.message, std::move(where), kMendSkill);
}

[[nodiscard]] std::string scalar_or_empty(const Reading& reading, std::string_view key) {
  const yaml::Entry* entry = reading.find(key);
  return entry != nullptr && entry->value.kind == yaml::Kind::scalar ? entry->value.value
                                                                     : std::string{};
}

[[nodiscard]] tl::unexpected<Error> no_skill_md(const fs::path& dir) {
  const auto packages = skill_folders(dir);
  if (packages.empty()) {
    return fail(ErrorCode::input, "Missing required file: SKILL.md", dir.string(),
                "give a folder that holds SKILL.md");
  }
  return fail(ErrorCode::input,
              "the folder holds " + std::to_string(packages.size()) +
                  " packages, one is expected: " + list_some(packages, 20),
              dir.string(), "name one of them, e.g. " + (dir / packages.front()).string());
}

[[nodiscard]] LayerSize size_of(std::string_view text) {
  LayerSize out;
  out.bytes = text.size();
  out.code_points = count_code_points(text);
  out.lines = split_lines(text).size();
  std::size_t dense = 0;
  for (std::size_t at = 0; at < text.size();) dense += is_dense_script(next_code_point(text, at));
  out.tokens = dense + (out.code_points - dense + 3) / 4;
  return out;
}

void add_size(LayerSize& sum, const LayerSize& part) {
  sum.bytes += part.bytes;
  sum.lines += part.lines;
  sum.code_points += part.code_points;
  sum.tokens += part.tokens;
}

[[nodiscard]] std::string escape_markup(std::string text) {
  text = replace_all(std::move(text), "&", "&amp;");
  text = replace_all(std::move(text), "<", "&lt;");
  text = replace_all(std::move(text), ">", "&gt;");
  text = replace_all(std::move(text), "\"", "&quot;");
  return replace_all(std::move(text), "'", "&#x27;");
}

/// A skill does not bring the tasks that judge it.
[[nodiscard]] bool is_shown(const SkillPackage& package, const std::string& path) {
  return is_set(package) ? !is_task_of_set(path) : !is_below_evals(path);
}

}  // namespace

Result<> SkillPackage::adopt(std::string skill_md) {
  Reading reading = read_front_matter(skill_md, Profile::lenient);
  if (!reading.ok()) return invalid(reading.errors.front());
  const std::string description = scalar_or_empty(reading, "description");
  if (trim_white_space_utf8(description).empty()) {
    const bool there = reading.find("description") != nullptr;
    return invalid({"D1", Severity::error,
                    there ? "Field 'description' must be a non-empty string"
                          : "Missing required field in frontmatter: description",
                    "SKILL.md", 1, "description"});
  }
  const std::string name = scalar_or_empty(reading, "name");
  name_ = nfkc(trim_white_space_utf8(name));
  if (name_.empty()) name_ = folder_name_;
  description_ = description;
  body_begin_ = reading.cut.body_begin;
  repairs_ = std::move(reading.repairs);
  skill_md_ = std::move(skill_md);
  return {};
}

Result<SkillPackage> SkillPackage::from_files(std::string folder_name, std::string skill_md,
                                              std::map<std::string, BundledFile> files) {
  for (const auto& [path, file] : files) {
    if (path == "SKILL.md") {
      return fail(ErrorCode::input, "SKILL.md is given twice", path, "pass it once, as text");
    }
    SKILLGRAD_CHECK(check_package_path(path));
  }
  if (skill_md.empty()) {
    SKILLGRAD_TRY(const auto members, packages_of_set(files));
    if (!members.empty()) {
      SkillPackage set;
      set.folder_name_ = std::move(folder_name);
      set.name_ = set.folder_name_;
      set.files_ = std::move(files);
      for (const SkillPackage& member : members)
        for (Finding repair : member.repairs()) {
          repair.file = member.folder_name() + "/" + repair.file;
          set.repairs_.push_back(std::move(repair));
        }
      return set;
    }
  }
  const auto limits = check_limits(skill_md, files);
  if (!limits.empty()) return invalid(limits.front());
  SkillPackage out;
  out.folder_name_ = std::move(folder_name);
  out.files_ = std::move(files);
  SKILLGRAD_CHECK(out.adopt(std::move(skill_md)));
  return out;
}

Result<SkillPackage> SkillPackage::load(const fs::path& path) {
  if (is_archive(path)) return read_archive(path);
  SKILLGRAD_TRY(const fs::path dir, package_folder(path));
  SKILLGRAD_TRY(PackageFiles read, read_package_files(dir));
  if (read.skill_file.empty()) return no_skill_md(dir);
  const auto context = [&](Error error) {
    if (error.code == ErrorCode::invalid_skill) error.where = (dir / error.where).string();
    return std::move(error).with_context("cannot load the skill");
  };
  if (!read.limits.empty()) {
    return tl::unexpected(context(std::move(invalid(read.limits.front()).value())));
  }
  SkillPackage out;
  out.folder_name_ = folder_name_of(dir);
  out.skill_mode_ = read.skill_mode;
  out.files_ = std::move(read.files);
  if (auto adopted = out.adopt(std::move(read.skill_md)); !adopted) {
    return tl::unexpected(context(std::move(adopted).error()));
  }
  return out;
}

Result<> SkillPackage::save(const fs::path& dir) const {
  std::error_code code;
  if (fs::exists(dir, code) && !(fs::is_directory(dir, code) && fs::is_empty(dir, code))) {
    return fail(ErrorCode::input, "the folder for the package is not empty", dir.string(),
                "name an empty or missing folder");
  }
  const fs::path parent = fs::absolute(dir).lexically_normal().parent_path();
  SKILLGRAD_CHECK(make_directories(parent));
  SKILLGRAD_TRY(const TempDir temporary, TempDir::create(".skillgrad-save-", parent));
  const fs::path fresh = temporary.path() / "package";
  if (!is_set(*this))
    SKILLGRAD_CHECK(write_file_atomic(fresh / "SKILL.md", skill_md_, skill_mode_));
  for (const auto& [path, file] : files_) {
    SKILLGRAD_CHECK(write_file_atomic(fresh / path, file.bytes, file.mode));
  }
  fs::rename(fresh, dir, code);
  if (code) return tl::unexpected(errno_error(code.value(), "cannot put in place", dir.string()));
  return {};
}

std::string SkillPackage::front_matter() const { return skill_md_.substr(0, body_begin_); }

std::string SkillPackage::body() const { return skill_md_.substr(body_begin_); }

std::vector<std::string> SkillPackage::files_for_agent() const {
  std::vector<std::string> out;
  for (const auto& [path, file] : files_) {
    if (is_shown(*this, path)) out.push_back(path);
  }
  return out;
}

std::vector<Section> SkillPackage::outline() const {
  if (is_set(*this)) return {};
  const std::string text = body();
  return sections_of(text, markdown_blocks(text));
}

Sizes SkillPackage::sizes() const {
  Sizes out;
  if (is_set(*this)) {
    for (const SkillPackage& member : members_of(*this)) {
      const Sizes part = member.sizes();
      add_size(out.l1, part.l1);
      add_size(out.l2, part.l2);
      add_size(out.l3, part.l3);
    }
    return out;
  }
  out.l1 = size_of(front_matter());
  out.l1.tokens = size_of(name_ + " " + std::string(trim_white_space_utf8(description_))).tokens;
  out.l2 = size_of(body());
  for (const auto& [path, file] : files_) {
    if (!is_below_evals(path)) add_size(out.l3, size_of(sanitize_utf8(file.bytes)));
  }
  return out;
}

std::string SkillPackage::hash() const {
  PartHasher hasher;
  const auto add = [&](std::string_view path, std::uint32_t mode, std::string_view bytes) {
    hasher.add(path).add((mode & 0100U) != 0 ? "x" : "-").add(bytes);
  };
  // File systems without modes mark every file executable, a SKILL.md as well.
  if (!is_set(*this)) add("SKILL.md", 0644, skill_md_);
  for (const auto& [path, file] : files_) {
    const bool main = is_set(*this) && member_path(path).path == "SKILL.md";
    if (is_shown(*this, path)) add(path, main ? 0644 : file.mode, file.bytes);
  }
  return hasher.finish();
}

bool SkillPackage::operator==(const SkillPackage& other) const {
  return folder_name_ == other.folder_name_ && skill_md_ == other.skill_md_ &&
         files_ == other.files_;
}

std::string catalog_entry(const SkillPackage& package, const std::string& location) {
  return "<available_skills>\n<skill>\n<name>\n" +
         escape_markup(std::string(trim_white_space_utf8(package.name()))) +
         "\n</name>\n<description>\n" +
         escape_markup(std::string(trim_white_space_utf8(package.description()))) +
         "\n</description>\n<location>\n" + location + "\n</location>\n</skill>\n" +
         "</available_skills>";
}

}  // namespace skillgrad::skill
