// SPDX-License-Identifier: MIT
#include "cli/workbench/neighbours.hpp"

#include <algorithm>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/rollouts.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "cli/screen/notes.hpp"

namespace skillgrad::cli {
namespace {

constexpr std::size_t kMostNeighbours = 200;

/// The folders of skills that a path names.
Result<std::vector<fs::path>> skill_folders(const fs::path& path) {
  std::error_code problem;
  if (fs::exists(path / "SKILL.md", problem)) return std::vector<fs::path>{path};
  std::vector<fs::path> out;
  for (fs::directory_iterator entry(path, problem), end; !problem && entry != end;
       entry.increment(problem))
    if (fs::exists(entry->path() / "SKILL.md", problem)) out.push_back(entry->path());
  if (problem)
    return fail(ErrorCode::input, "the folder cannot be read: " + problem.message(), path.string(),
                "name a folder of skills with --with, or one skill");
  if (out.empty())
    return fail(ErrorCode::input, "there is no skill here: no SKILL.md, and none a folder below",
                path.string(), "name a folder of skills with --with, or one skill");
  if (out.size() > kMostNeighbours)
    return fail(ErrorCode::input,
                "got " + counted(out.size(), "skill") + ", expected at most " +
                    std::to_string(kMostNeighbours),
                path.string(), "name a folder of fewer with --with");
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

Result<std::vector<agent::Neighbour>> load_neighbours(const Settings& settings,
                                                      const skill::SkillPackage& own) {
  const std::string with = settings.get<"with">();
  std::vector<agent::Neighbour> out;
  if (with.empty()) return out;
  SKILLGRAD_TRY(const auto folders, skill_folders(with));
  std::vector<std::string> own_names;
  for (const std::string& name : skill::skill_names(own)) own_names.push_back(to_lower_ascii(name));
  for (const fs::path& folder : folders) {
    SKILLGRAD_TRY(auto package, skill::SkillPackage::load(folder));
    const std::string name = to_lower_ascii(package.name());
    // The skill itself is often one of the folder, perhaps in another version.
    if (std::find(own_names.begin(), own_names.end(), name) != own_names.end()) {
      if (!skill::is_set(own) && package.hash() != own.hash())
        notes().say("--with: " + folder.string() + " is another version of " + own.name() +
                    ", and is left out");
      continue;
    }
    const bool taken = std::any_of(out.begin(), out.end(), [&](const auto& other) {
      return name == to_lower_ascii(other.package.name());
    });
    if (taken)
      return fail(ErrorCode::input,
                  "two skills of the catalogue are called \"" + package.name() + "\"",
                  folder.string(), "rename it, or take it out of the folder of --with");
    out.push_back({std::move(package), {}});
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.package.name() < b.package.name(); });
  return out;
}

Result<std::vector<agent::Neighbour>> publish_neighbours(std::vector<agent::Neighbour> neighbours,
                                                         store::RunStore* store) {
  if (store == nullptr || neighbours.empty()) return neighbours;
  optim::RolloutRunner::Parts parts;
  parts.store = store;
  optim::RolloutRunner runner(parts);
  for (agent::Neighbour& neighbour : neighbours) {
    SKILLGRAD_TRY(neighbour.dir, runner.publish(neighbour.package));
  }
  return neighbours;
}

}  // namespace skillgrad::cli
