// SPDX-License-Identifier: MIT
// The writing half of SkillPackage: rules W1-W5 and W8 of one change at a time.
#include <algorithm>
#include <utility>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/package.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "skill/package/description_writer.hpp"
#include "skill/package/file_names.hpp"
#include "skill/package/front_matter.hpp"
#include "skill/package/newlines.hpp"
#include "skill/package/package_files.hpp"
#include "skill/package/package_path.hpp"

namespace skillgrad::skill {

namespace {

constexpr std::uint32_t kScriptMode = 0755;
constexpr std::uint32_t kFileMode = 0644;

[[nodiscard]] Result<> check_text(std::string_view text, const std::string& where) {
  if (!is_text(text)) {
    return fail(ErrorCode::input, "the text for " + where + " is not plain UTF-8 text", where,
                "write text files only, without NUL bytes");
  }
  return {};
}

/// The file's own newline style where it has one, and a newline at the end.
[[nodiscard]] std::string in_style_of(std::string_view model, std::string text) {
  const std::string_view newline = newline_of(model);
  if (has_only_newline(model, newline)) text = convert_newlines(text, newline);
  if (!text.empty() && !ends_with_newline(text)) text += newline;
  return text;
}

/// A path of a set is one of a file in one of its skills.
template <class Change>
[[nodiscard]] Result<> change_member(SkillPackage& set, const std::string& path,
                                     const Change& change) {
  const MemberPath place = member_path(path);
  SKILLGRAD_TRY(SkillPackage member, member_to_edit(set, place.skill));
  SKILLGRAD_CHECK(change(member, place.path));
  return put_member(set, member);
}

[[nodiscard]] tl::unexpected<Error> names_no_skill(const char* what) {
  return fail(ErrorCode::input, std::string("several skills have no ") + what + " together",
              "skill", "say which skill it is about in \"skill\"");
}

[[nodiscard]] std::uint32_t mode_for_new(const std::string& path, std::string_view text) {
  const bool script = path.starts_with("scripts/") || text.starts_with("#!");
  return script ? kScriptMode : kFileMode;
}

}  // namespace

Result<> SkillPackage::set_description(const std::string& text) {
  if (is_set(*this)) return names_no_skill("description");
  SKILLGRAD_TRY(std::string changed, with_description(skill_md_, text));
  return adopt(std::move(changed));
}

Result<> SkillPackage::set_body(std::string text) {
  if (is_set(*this)) return names_no_skill("body");
  SKILLGRAD_CHECK(check_text(text, "SKILL.md"));
  std::string head = front_matter();
  if (!ends_with_newline(head)) head += newline_of(head);
  text = in_style_of(skill_md_, std::move(text));
  if (head.size() + text.size() > kMaxSkillMd) {
    return fail(ErrorCode::input, "SKILL.md would be larger than 256 KiB", "SKILL.md",
                "move text to a file below references/");
  }
  SkillPackage changed = *this;
  SKILLGRAD_CHECK(changed.adopt(head + text));
  if (changed.body() != text || changed.description_ != description_) {
    return fail(ErrorCode::input, "the new body would change how the front matter is read",
                "SKILL.md", "leave out lines that are `---` alone, or fix the closing `---`");
  }
  *this = std::move(changed);
  return {};
}

Result<> SkillPackage::write_file(const std::string& path, std::string text) {
  if (is_set(*this))
    return change_member(*this, path, [&](SkillPackage& member, const std::string& inner) {
      return member.write_file(inner, std::move(text));
    });
  SKILLGRAD_CHECK(check_patch_path(*this, path));
  SKILLGRAD_CHECK(check_text(text, path));
  const auto old = files_.find(path);
  if (old == files_.end()) SKILLGRAD_CHECK(check_new_file_name(path));
  if (old != files_.end() && !is_text(old->second.bytes)) {
    return fail(ErrorCode::input, path + " is a binary file and cannot be changed", path,
                "write a new text file");
  }
  text = in_style_of(old != files_.end() ? old->second.bytes : "\n", std::move(text));
  if (text.size() > kMaxPatchFile) {
    return fail(ErrorCode::input,
                path + " would have " + std::to_string(text.size()) +
                    " bytes, at most 50,000 can be read back",
                path, "split it into files of one topic each");
  }
  auto files = files_;
  const std::uint32_t mode = old != files_.end() ? old->second.mode : mode_for_new(path, text);
  files[path] = {std::move(text), mode};
  const auto limits = check_limits(skill_md_, files);
  const bool was_within = check_limits(skill_md_, files_).empty();
  if (!limits.empty() && was_within) {
    return fail(ErrorCode::input, limits.front().message, path, "write less");
  }
  files_ = std::move(files);
  return {};
}

Result<> SkillPackage::delete_file(const std::string& path) {
  if (is_set(*this))
    return change_member(*this, path, [](SkillPackage& member, const std::string& inner) {
      return member.delete_file(inner);
    });
  SKILLGRAD_CHECK(check_patch_path(*this, path));
  if (files_.erase(path) == 0) {
    const auto near = nearest_match(path, files_for_agent());
    return fail(ErrorCode::input, "the package has no file " + path, path,
                near ? "did you mean " + *near + "?"
                     : "its files are: " + list_some(files_for_agent(), 20));
  }
  return {};
}

}  // namespace skillgrad::skill
