// SPDX-License-Identifier: MIT
#include "cli/workbench/run_package.hpp"

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/skill/skill_set.hpp>

namespace skillgrad::cli {

bool is_run_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path / "config.json", ignored) && fs::is_directory(path / "initial", ignored);
}

std::string folder_in_run(const fs::path& path) {
  fs::path dir = fs::absolute(path).lexically_normal();
  if (dir.filename().empty() || dir.filename() == "SKILL.md") dir = dir.parent_path();
  const auto name = dir.filename();
  if (name != "best" && name != "skill") return {};
  for (const fs::path& run : {dir.parent_path(), dir.parent_path().parent_path()}) {
    std::error_code ignored;
    if (!fs::exists(run / "config.json", ignored)) continue;
    const auto config = read_json(run / "config.json");
    if (config && config->is_object() && config->contains("skill_folder") &&
        config->at("skill_folder").is_string())
      return config->at("skill_folder").get<std::string>();
  }
  return {};
}

namespace {

Result<skill::SkillPackage> named_as_in_run(skill::SkillPackage package, const fs::path& path) {
  const std::string folder = folder_in_run(path);
  if (folder.empty()) return package;
  return skill::SkillPackage::from_files(folder, package.skill_md(), package.files());
}

}  // namespace

Result<skill::SkillPackage> load_package(const fs::path& path) {
  SKILLGRAD_TRY(auto package, skill::SkillPackage::load(path));
  return named_as_in_run(std::move(package), path);
}

Result<skill::SkillPackage> load_packages(const fs::path& path) {
  // Of a run's own folder some folders are packages, and it is no set of them.
  if (is_run_folder(path))
    return fail(ErrorCode::input, "is the folder of a run, and no skill", path.string(),
                "give the package that it made: " + (path / "best").string());
  SKILLGRAD_TRY(auto package, skill::load_skills(path));
  return named_as_in_run(std::move(package), path);
}

}  // namespace skillgrad::cli
