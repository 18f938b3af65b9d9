// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "skill/package/package_files.hpp"
#include "skill/package/package_path.hpp"
#include "skill/package/set_files.hpp"

namespace skillgrad::skill {

namespace {

constexpr const char* kSkillMd = "SKILL.md";
constexpr const char* kEvals = "evals";

[[nodiscard]] std::vector<std::string> folders_of(const std::vector<SkillPackage>& members) {
  std::vector<std::string> out;
  for (const SkillPackage& member : members) out.push_back(member.folder_name());
  return out;
}

[[nodiscard]] Result<> check_names(const std::vector<SkillPackage>& members) {
  for (std::size_t i = 0; i < members.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (to_lower_ascii(members[i].name()) == to_lower_ascii(members[k].name()))
        return fail(ErrorCode::input, "two skills are called \"" + members[i].name() + "\"",
                    members[k].folder_name() + " and " + members[i].folder_name(),
                    "give one of them another name in its SKILL.md, or take it out of the folder");
  return {};
}

[[nodiscard]] Result<> check_number(std::size_t skills, const std::string& where) {
  if (skills <= kMostSkills) return {};
  return fail(
      ErrorCode::input,
      "got " + counted(skills, "skill") + ", expected at most " + std::to_string(kMostSkills),
      where, "name a folder that holds fewer of them");
}

/// The files of a set that stand in one folder.
struct FolderFiles {
  std::optional<BundledFile> skill_md;
  std::map<std::string, BundledFile> others;
};

[[nodiscard]] std::map<std::string, FolderFiles> by_folder(
    const std::map<std::string, BundledFile>& files) {
  std::map<std::string, FolderFiles> out;
  for (const auto& [path, file] : files) {
    const MemberPath place = member_path(path);
    FolderFiles& folder = out[place.skill];
    if (place.path == kSkillMd)
      folder.skill_md = file;
    else
      folder.others[place.path] = file;
  }
  return out;
}

[[nodiscard]] tl::unexpected<Error> in_folder(Error error, const std::string& folder) {
  error.where = folder + "/" + (error.where.empty() ? kSkillMd : error.where);
  return tl::unexpected(std::move(error));
}

[[nodiscard]] Result<PackageFiles> read_within_limits(const fs::path& dir) {
  SKILLGRAD_TRY(PackageFiles read, read_package_files(dir));
  if (read.limits.empty()) return read;
  const Finding& first = read.limits.front();
  return fail(ErrorCode::invalid_skill, first.message, (dir / first.file).string(),
              "`skillgrad validate SKILL` lists all findings");
}

/// The tasks that are of no skill alone.
[[nodiscard]] Result<> add_tasks(const fs::path& dir, std::map<std::string, BundledFile>& out) {
  std::error_code code;
  if (!fs::is_directory(dir / kEvals, code) || fs::exists(dir / kEvals / kSkillMd, code)) return {};
  SKILLGRAD_TRY(PackageFiles read, read_within_limits(dir / kEvals));
  for (auto& [path, file] : read.files) out[kEvals + ("/" + path)] = std::move(file);
  return {};
}

/// The files of one skill of a folder of them, under their paths in the set.
[[nodiscard]] Result<> add_files(const fs::path& dir, const std::string& folder,
                                 std::map<std::string, BundledFile>& out) {
  SKILLGRAD_CHECK(check_package_path(folder));
  SKILLGRAD_TRY(PackageFiles read, read_within_limits(dir / folder));
  if (read.skill_file != kSkillMd)
    return fail(ErrorCode::invalid_skill, "the file of the skill is not called SKILL.md",
                (dir / folder).string(), "rename it to SKILL.md");
  const std::string prefix = folder + "/";
  out[prefix + kSkillMd] = {std::move(read.skill_md), read.skill_mode};
  for (auto& [path, file] : read.files) out[prefix + path] = std::move(file);
  return {};
}

}  // namespace

MemberPath member_path(const std::string& path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

bool is_task_of_set(const std::string& path) {
  const MemberPath place = member_path(path);
  return place.skill == kEvals || is_below_evals(place.path);
}

bool is_set(const SkillPackage& package) {
  return package.skill_md().empty() && !package.files().empty();
}

Result<std::vector<SkillPackage>> packages_of_set(const std::map<std::string, BundledFile>& files) {
  auto folders = by_folder(files);
  const bool any = std::any_of(folders.begin(), folders.end(), [](const auto& folder) {
    return !folder.first.empty() && folder.second.skill_md.has_value();
  });
  std::vector<SkillPackage> out;
  if (!any) return out;
  if (const auto tasks = folders.find(kEvals); tasks != folders.end() && !tasks->second.skill_md)
    folders.erase(tasks);
  SKILLGRAD_CHECK(check_number(folders.size(), ""));
  for (auto& [folder, of] : folders) {
    if (folder.empty() || !of.skill_md) {
      const std::string file = (folder.empty() ? "" : folder + "/") + of.others.begin()->first;
      return fail(ErrorCode::input,
                  "the file is in none of the skills: there is no " +
                      (folder.empty() ? "folder" : folder + "/SKILL.md"),
                  file, "put it into the folder of a skill, or take it out");
    }
    // Without it, it would be read as a set of its own.
    if (of.skill_md->bytes.empty())
      return fail(ErrorCode::invalid_skill, "SKILL.md is empty", folder + "/" + kSkillMd,
                  "write its front matter, or take the folder out");
    auto member =
        SkillPackage::from_files(folder, std::move(of.skill_md->bytes), std::move(of.others));
    if (!member) return in_folder(std::move(member).error(), folder);
    out.push_back(std::move(*member));
  }
  SKILLGRAD_CHECK(check_names(out));
  return out;
}

std::vector<SkillPackage> members_of(const SkillPackage& package) {
  if (!is_set(package)) return {package};
  // A set was read in the same way when it was made.
  return packages_of_set(package.files()).value_or(std::vector<SkillPackage>());
}

std::optional<SkillPackage> find_member(const SkillPackage& set, const std::string& name) {
  auto members = members_of(set);
  const std::string wanted = to_lower_ascii(trim(name));
  for (SkillPackage& member : members)
    if (member.folder_name() == trim(name)) return std::move(member);
  for (SkillPackage& member : members)
    if (to_lower_ascii(trim(member.name())) == wanted) return std::move(member);
  return std::nullopt;
}

Result<SkillPackage> member_to_edit(const SkillPackage& set, const std::string& name) {
  if (auto found = find_member(set, name)) return std::move(*found);
  const auto folders = folders_of(members_of(set));
  const std::string known = "the skills are: " + list_some(folders, 20);
  if (trim(name).empty())
    return fail(ErrorCode::input, "it names no skill", "skill",
                "say which one it is about in \"skill\"; " + known);
  const auto near = nearest_match(name, folders);
  return fail(ErrorCode::input,
              "there is no skill \"" + truncate_middle(name, 100) +
                  "\", and none is made or removed here: which skills there are is for a person "
                  "to decide",
              "skill", near ? "did you mean " + *near + "?" : known);
}

Result<> put_member(SkillPackage& set, const SkillPackage& member) {
  const std::string prefix = member.folder_name() + "/";
  auto files = set.files();
  const auto old = files.find(prefix + kSkillMd);
  if (!is_set(set) || old == files.end())
    return fail(ErrorCode::input, "there is no skill \"" + member.folder_name() + "\"", "skill",
                "which skills there are is for a person to decide");
  const std::uint32_t mode = old->second.mode;
  std::erase_if(files, [&](const auto& file) { return file.first.starts_with(prefix); });
  files[prefix + kSkillMd] = {member.skill_md(), mode};
  for (const auto& [path, file] : member.files()) files[prefix + path] = file;
  SKILLGRAD_TRY(set, SkillPackage::from_files(set.folder_name(), "", std::move(files)));
  return {};
}

std::string member_prefix(const SkillPackage& package, const SkillPackage& member) {
  return is_set(package) ? member.folder_name() + "/" : std::string();
}

std::vector<std::string> skill_names(const SkillPackage& package) {
  std::vector<std::string> out;
  for_each_member(package, [&](const SkillPackage& member) { out.push_back(member.name()); });
  return out;
}

std::vector<std::string> skill_folders(const fs::path& dir) {
  std::vector<std::string> out;
  std::error_code code;
  for (fs::directory_iterator it(dir, code); !code && it != fs::directory_iterator();
       it.increment(code)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;
    if (!is_ignored_component(name) && fs::exists(it->path() / kSkillMd, ignored))
      out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool holds_skills(const fs::path& dir) {
  std::error_code ignored;
  return fs::exists(dir / kSkillMd, ignored) || !skill_folders(dir).empty();
}

Result<SkillPackage> load_skills(const fs::path& path) {
  std::error_code code;
  const bool folder = fs::is_directory(path, code);
  if (!folder || fs::exists(path / kSkillMd, code) || fs::exists(path / "skill.md", code))
    return SkillPackage::load(path);
  const auto names = skill_folders(path);
  if (names.empty()) return SkillPackage::load(path);  // which says what is missing
  SKILLGRAD_CHECK(check_number(names.size(), path.string()));
  std::map<std::string, BundledFile> files;
  SKILLGRAD_CHECK(add_tasks(path, files));
  for (const std::string& name : names) SKILLGRAD_CHECK(add_files(path, name, files));
  auto out = SkillPackage::from_files(folder_name_of(path), "", std::move(files));
  if (out) return out;
  Error error = std::move(out).error();
  error.where = (path / error.where).string();
  return tl::unexpected(std::move(error).with_context("cannot load the skills"));
}

}  // namespace skillgrad::skill
