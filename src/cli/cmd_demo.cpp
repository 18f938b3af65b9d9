// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/resources.hpp>

#include "cli/console.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kDemoSkill = "table-reports";
/// About two passes over the tasks that fail at first: what one batch leaves open, a later one
/// mends.
constexpr const char* kDemoUpdates = "6";

/// Writes the compiled-in demo skill, so that the demo needs no file of the source tree.
Result<> unpack_demo(const fs::path& dir) {
  const std::string prefix = std::string("skills/") + kDemoSkill + "/";
  for (const auto& [path, bytes] : resources_below(prefix))
    SKILLGRAD_CHECK(write_file_atomic(dir / path.substr(prefix.size()), bytes));
  return {};
}

Result<int> run_demo(const Invocation& invocation) {
  const fs::path dir = fs::absolute(invocation.value("dir", "skillgrad-demo"));
  std::error_code ignored;
  if (fs::exists(dir / "run", ignored)) {
    if (!fs::exists(dir / "run" / "config.json", ignored))
      return fail(ErrorCode::input, "the folder exists and holds no demo run", dir.string(),
                  "name another folder with --dir");
    SKILLGRAD_CHECK(remove_tree(dir / "run"));
  }
  const fs::path skill = dir / kDemoSkill;
  if (fs::exists(skill, ignored) && !fs::exists(skill / "SKILL.md", ignored))
    return fail(ErrorCode::input, "the folder exists and holds no demo skill", skill.string(),
                "name another folder with --dir");
  SKILLGRAD_CHECK(remove_tree(skill));
  SKILLGRAD_CHECK(unpack_demo(skill));
  print_err(
      fmt::format("skillgrad demo: the whole loop on the skill {} and its {} tasks, against "
                  "the built-in simulated endpoint (no model, no network)\n",
                  kDemoSkill, "evals/"));
  Invocation optimize = invocation;
  optimize.command = "optimize";
  optimize.arguments = {skill.string()};
  const auto set_default = [&](const char* key, std::string value) {
    optimize.given.flags.try_emplace(key, std::move(value));
  };
  set_default("model", "sim:demo");
  set_default("updates", kDemoUpdates);
  set_default("run", (dir / "run").string());
  return cmd_optimize(optimize);
}

}  // namespace

int cmd_demo(const Invocation& invocation) {
  const auto code = run_demo(invocation);
  if (code) return *code;
  print_error(code.error());
  return exit_code_of(code.error().code);
}

}  // namespace skillgrad::cli
