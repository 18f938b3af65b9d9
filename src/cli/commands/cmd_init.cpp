// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/commands/commands.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

const std::string kTemplates = "configs/templates/";

struct Starter {
  const char* resource;  ///< below configs/templates/
  fs::path path;
};

/// The folder of the work tree that holds `dir`, where forges look for workflows; `dir` itself
/// outside of one.
fs::path work_tree(const fs::path& dir) {
  std::error_code ignored;
  for (fs::path at = dir;; at = at.parent_path()) {
    if (fs::exists(at / ".git", ignored)) return at;
    if (!at.has_relative_path()) return dir;
  }
}

Result<std::vector<Starter>> starters(const fs::path& dir, const std::string& forge) {
  const fs::path top = work_tree(dir);
  // The workflow runs at the top, and a configuration is read where a command runs.
  std::vector<Starter> out = {{"skillgrad.json", (forge.empty() ? dir : top) / "skillgrad.json"},
                              {"tasks.jsonl", dir / "evals/tasks.jsonl"}};
  if (forge == "github") {
    out.push_back({"github.yml", top / ".github/workflows/skillgrad.yml"});
  } else if (forge == "gitlab") {
    out.push_back({"gitlab.yml", top / ".gitlab/skillgrad.yml"});
    out.push_back({"gitlab-include.yml", top / ".gitlab-ci.yml"});
  } else if (!forge.empty()) {
    return fail(ErrorCode::usage, "got --ci " + forge + ", expected github or gitlab", "--ci",
                "for example --ci github");
  }
  return out;
}

/// A link that leads nowhere is somebody's, too.
bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

std::string next_steps(const fs::path& dir, const std::string& forge,
                       const std::vector<std::string>& kept) {
  std::error_code ignored;
  const std::string skill =
      fs::exists(dir / "SKILL.md", ignored) ? shell_word(dir.string()) : "SKILL";
  std::string out = fmt::format("next       skillgrad benchmark check -b {}\n",
                                shell_word((dir / "evals").string()));
  if (skill == "SKILL")
    out += "           then put tasks of your own into the evals/ folder of each skill\n";
  out += fmt::format("           skillgrad eval {} --model NAME\n", skill);
  const auto includes = std::find_if(kept.begin(), kept.end(), [](const std::string& path) {
    return fs::path(path).filename() == ".gitlab-ci.yml";
  });
  if (forge == "gitlab" && includes != kept.end())
    out += fmt::format("           add to {}:\n{}", *includes,
                       *resource(kTemplates + "gitlab-include.yml"));
  return out;
}

}  // namespace

Result<int> cmd_init(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  std::error_code ignored;
  const std::string named = invocation.arguments.empty() ? "." : invocation.arguments.front();
  const fs::path dir = fs::weakly_canonical(fs::absolute(named), ignored);
  if (fs::exists(dir, ignored) && !fs::is_directory(dir, ignored))
    return fail(ErrorCode::usage, "this is a file, expected a folder", named,
                "name the folder of a skill or of a repository");
  const std::string forge = invocation.value("ci");
  SKILLGRAD_TRY(const auto files, starters(dir, forge));
  const fs::path below = dir.lexically_relative(work_tree(dir));
  std::vector<std::string> written, kept;
  std::string text;
  for (const auto& file : files) {
    const std::string path = file.path.string();
    if (is_there(file.path)) {
      kept.push_back(path);
      text += "kept       " + path + " (it was there)\n";
      continue;
    }
    const std::string bytes(resource(kTemplates + file.resource).value_or(""));
    SKILLGRAD_CHECK(
        write_file_atomic(file.path, replace_all(bytes, "{{DIR}}", shell_word(below.string()))));
    written.push_back(path);
    text += "wrote      " + path + "\n";
  }
  if (settings.get<"json">())
    print_out(dump_json({{"schema", "skillgrad.init/1"},
                         {"written", written},
                         {"kept", kept},
                         {"notes", notes_json(notes().all())}},
                        1) +
              "\n");
  else
    print_out(text + (settings.get<"quiet">() ? "" : next_steps(dir, forge, kept)));
  return 0;
}

}  // namespace skillgrad::cli
