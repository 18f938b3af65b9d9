// SPDX-License-Identifier: MIT
#include "skill/package/package_path.hpp"

#include <algorithm>
#include <system_error>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

#include "skill/package/file_names.hpp"
#include "skill/package/package_files.hpp"

namespace skillgrad::skill {

namespace {

constexpr std::size_t kMaxComponent = 200;

[[nodiscard]] tl::unexpected<Error> refuse(std::string_view path, std::string why,
                                           std::string mend) {
  return fail(ErrorCode::input, "the path \"" + sanitize_utf8(path) + "\" " + std::move(why),
              std::string{}, std::move(mend));
}

[[nodiscard]] bool is_license(std::string_view path) {
  return path.find('/') == std::string_view::npos && starts_with_icase(path, "LICENSE");
}

/// The folders of two paths that are one on some file system must be spelled alike.
[[nodiscard]] bool has_twin_folder(std::string_view path, std::string_view other) {
  for (std::size_t at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
    const std::string key = file_name_key(path.substr(0, at));
    for (std::size_t end = other.find('/'); end != std::string_view::npos;
         end = other.find('/', end + 1)) {
      const std::string_view folder = other.substr(0, end);
      if (folder != path.substr(0, at) && file_name_key(folder) == key) return true;
    }
  }
  return false;
}

[[nodiscard]] Result<> check_against(std::string_view path, const std::string& key,
                                     const std::string& other) {
  const std::string other_key = file_name_key(other);
  if (other == path) return {};
  if (other_key == key || has_twin_folder(path, other)) {
    return refuse(path, "differs only by letter case or by the form of a letter from " + other,
                  "spell it like " + other);
  }
  if (other_key.starts_with(key + "/") || key.starts_with(other_key + "/")) {
    return refuse(path, "collides with " + other + ", one would be a file and a folder",
                  "choose another name");
  }
  return {};
}

}  // namespace

Result<fs::path> package_folder(const fs::path& path) {
  std::error_code code;
  const auto status = fs::status(path, code);
  if (!fs::exists(status)) {
    return fail(ErrorCode::input, "Path does not exist: " + path.string(), path.string(),
                "give a package folder or its SKILL.md");
  }
  if (fs::is_directory(status)) return path;
  const std::string name = path.filename().string();
  if (name == "SKILL.md" || name == "skill.md") {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
  }
  return fail(ErrorCode::input, "Not a directory: " + path.string(), path.string(),
              "give a package folder or its SKILL.md");
}

std::string folder_name_of(const fs::path& dir) {
  fs::path absolute = fs::absolute(dir).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  return absolute.filename().string();
}

Result<> check_package_path(std::string_view path) {
  const std::string mend = "use a relative path such as references/topic.md";
  if (path.empty()) return refuse(path, "is empty", mend);
  if (first_invalid_utf8(path)) return refuse(path, "is not valid UTF-8", mend);
  if (path.front() == '/') return refuse(path, "is absolute", mend);
  if (path.find('\\') != std::string_view::npos) return refuse(path, "holds a backslash", mend);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(path.begin(), path.end(), control)) {
    return refuse(path, "holds a control character", mend);
  }
  const auto components = split(path, '/');
  if (components.size() > kMaxLevels) return refuse(path, "is deeper than 6 levels", mend);
  for (const std::string& component : components) {
    if (component.empty()) return refuse(path, "has an empty component", mend);
    if (component == "..") return refuse(path, "leads out of the package", mend);
    if (is_ignored_component(component)) {
      return refuse(path, "has a hidden or ignored component (" + component + ")", mend);
    }
    if (component.size() > kMaxComponent) return refuse(path, "has an overlong component", mend);
  }
  return {};
}

Result<> check_patch_path(const SkillPackage& package, std::string_view path) {
  SKILLGRAD_CHECK(check_package_path(path));
  const std::string key = file_name_key(path);
  if (key == "skill.md") {
    return refuse(path, "is the skill itself and cannot be written or deleted as a file",
                  "edit SKILL.md with replace_section, insert_section, edit_text or "
                  "set_description");
  }
  if (key == kConfigFile)
    return refuse(path, "is the user's configuration, which is no part of the skill",
                  "write below references/ or scripts/");
  if (is_below_evals(key)) {
    return refuse(path, "lies in evals/, which is read-only",
                  "write below references/ or scripts/");
  }
  if (is_license(key)) {
    return refuse(path, "is a licence file, which is read-only", "leave it as it is");
  }
  for (const auto& [other, file] : package.files()) {
    SKILLGRAD_CHECK(check_against(path, key, other));
  }
  return {};
}

}  // namespace skillgrad::skill
