// SPDX-License-Identifier: MIT
#include "cli/ci/changed_skills.hpp"

#include <algorithm>
#include <set>

#include <skillgrad/core/files.hpp>

namespace skillgrad::cli {
namespace {

constexpr const char* kSkillFile = "SKILL.md";

/// The folder of a path, "" for the top.
std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

bool is_below(const std::string& path, const std::string& folder) {
  return folder.empty() || path.starts_with(folder + "/");
}

/// What no package holds: hidden files and what programs leave behind (SkillPackage).
bool is_no_part(const std::string& path, const std::string& folder) {
  for (const auto& part : fs::path(folder.empty() ? path : path.substr(folder.size() + 1)))
    if (part.string().starts_with('.') || part == "__pycache__" || part == "node_modules")
      return true;
  return false;
}

class Folders {
 public:
  Folders(const std::vector<std::string>& files, const std::string& cache) {
    for (const auto& file : files) {
      if (fs::path(file).filename() != kSkillFile) continue;
      const fs::path folder = parent_of(file);
      const bool of_runs = std::any_of(folder.begin(), folder.end(), [](const fs::path& part) {
        return part == "skillgrad-runs" || part == ".skillgrad-cache";
      });
      if (!of_runs && (cache.empty() || !is_below(file, cache))) all_.insert(folder.string());
    }
  }
  [[nodiscard]] const std::set<std::string>& all() const { return all_; }
  [[nodiscard]] bool has(const std::string& folder) const { return all_.contains(folder); }
  /// The folder of the skill that a file belongs to.
  [[nodiscard]] const std::string* owner(const std::string& file) const {
    for (std::string at = parent_of(file);; at = parent_of(at)) {
      if (const auto found = all_.find(at); found != all_.end())
        return is_no_part(file, at) ? nullptr : &*found;
      if (at.empty()) return nullptr;
    }
  }

 private:
  std::set<std::string> all_;
};

std::string shown(const std::string& folder) { return folder.empty() ? "." : folder; }

/// New folder -> the one whose files its own are most like. git says where each file came from, and
/// of files that are much alike, such as two SKILL.md, it may name the wrong one.
std::map<std::string, std::string> moved_folders(const std::vector<Git::Change>& changes,
                                                 const Folders& before, const Folders& now) {
  std::map<std::pair<std::string, std::string>, int> alike;
  std::set<std::string> with_skill_file;
  for (const auto& change : changes) {
    if (change.kind != 'R') continue;
    const auto* from = before.owner(change.before);
    const auto* to = now.owner(change.after);
    if (from == nullptr || to == nullptr || now.has(*from) || before.has(*to)) continue;
    alike[{*from, *to}] += change.alike;
    if (fs::path(change.after).filename() == kSkillFile) with_skill_file.insert(*to);
  }
  std::vector<std::pair<int, std::pair<std::string, std::string>>> pairs;
  for (const auto& [pair, sum] : alike)
    if (with_skill_file.contains(pair.second)) pairs.emplace_back(sum, pair);
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& one, const auto& other) { return one.first > other.first; });
  std::map<std::string, std::string> out;
  std::set<std::string> taken;
  for (const auto& [sum, pair] : pairs)
    if (!out.contains(pair.second) && taken.insert(pair.first).second)
      out.emplace(pair.second, pair.first);
  return out;
}

}  // namespace

Result<SkillChanges> changed_skills(const Git& git, const std::string& commit,
                                    const std::string& dir, const std::string& cache) {
  SKILLGRAD_TRY(const auto files, git.files(dir));
  SKILLGRAD_TRY(const auto files_before, git.files_at(commit, dir));
  SKILLGRAD_TRY(const auto changes, git.changes(commit, dir));
  const Folders now(files, cache), before(files_before, cache);
  std::set<std::string> touched;
  for (const auto& change : changes)
    for (const auto* file : {&change.before, &change.after})
      if (const auto* folder = file->empty() ? nullptr : now.owner(*file)) touched.insert(*folder);
  const auto moved = moved_folders(changes, before, now);
  SkillChanges out;
  std::set<std::string> gone = before.all();
  for (const auto& folder : now.all()) {
    gone.erase(folder);
    if (!touched.contains(folder)) {
      ++out.unchanged;
      continue;
    }
    ChangedSkill skill{SkillChange::added, shown(folder), ""};
    const auto from = moved.find(folder);
    if (before.has(folder)) {
      skill.change = SkillChange::changed;
      skill.before = skill.folder;
    } else if (from != moved.end()) {
      skill.change = SkillChange::renamed;
      skill.before = shown(from->second);
      gone.erase(from->second);
    }
    out.changed.push_back(std::move(skill));
  }
  for (const auto& folder : gone)
    out.changed.push_back({SkillChange::removed, shown(folder), shown(folder)});
  std::sort(out.changed.begin(), out.changed.end(),
            [](const auto& one, const auto& other) { return one.folder < other.folder; });
  return out;
}

Result<fs::path> check_out_skill(const Git& git, const std::string& commit,
                                 const ChangedSkill& skill, const fs::path& to) {
  const std::string folder = skill.before == "." ? "" : skill.before;
  SKILLGRAD_TRY(const auto files, git.files_at(commit, folder));
  // Below a folder named as the work tree is, which names the package where that is its top.
  const fs::path tree = to / git.top().filename();
  SKILLGRAD_CHECK(make_directories(to));
  SKILLGRAD_CHECK(git.check_out(commit, files, tree));
  return folder.empty() ? tree : tree / folder;
}

}  // namespace skillgrad::cli
