// SPDX-License-Identifier: MIT
#include "report/run/run_files.hpp"

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/skill_set.hpp>

namespace skillgrad::report {

bool RunFiles::has(const std::string& name) const {
  std::error_code ignored;
  return fs::exists(dir_ / name, ignored);
}

Json RunFiles::json(const std::string& name) const {
  if (!has(name)) return {};
  auto value = read_json(dir_ / name);
  if (value) return std::move(*value);
  miss(fmt::format("{} cannot be read: {}", name, value.error().message));
  return {};
}

std::vector<Json> RunFiles::lines(const std::string& name) const {
  std::string text = this->text(name);
  text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  std::vector<Json> out;
  std::size_t damaged = 0;
  for (const std::string& line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    auto value = parse_json(line, name);
    if (value)
      out.push_back(std::move(*value));
    else
      ++damaged;
  }
  if (damaged > 0)
    miss(fmt::format("{}: {} of {} lines cannot be read and are left out", name, damaged,
                     damaged + out.size()));
  return out;
}

std::string RunFiles::text(const std::string& name) const {
  if (!has(name)) return {};
  auto text = read_file(dir_ / name);
  if (text) return sanitize_utf8(*text);
  miss(fmt::format("{} cannot be read: {}", name, text.error().message));
  return {};
}

std::optional<skill::SkillPackage> RunFiles::package(const std::string& name) const {
  if (!has(name)) return std::nullopt;
  auto loaded = skill::load_skills(dir_ / name);
  if (loaded) return std::move(*loaded);
  miss(fmt::format("the package in {} cannot be read: {}", name, loaded.error().message));
  return std::nullopt;
}

std::string iteration_folder(int iteration) { return fmt::format("iter_{:03d}", iteration); }

std::string patch_folder(const fs::path& run, int iteration) {
  const std::string folder = iteration_folder(iteration), approved = folder + "/approved";
  std::error_code ignored;
  return fs::exists(run / approved / "patch.json", ignored) ? approved : folder;
}

}  // namespace skillgrad::report
