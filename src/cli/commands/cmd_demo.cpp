// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/store/run_store.hpp>

#include "cli/commands/commands.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kDemoSkill = "table-reports";
/// A file that says: this folder was made by the demo, which may remove what is in it.
constexpr const char* kMarker = ".skillgrad-demo";
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

/// Removes what an earlier demo left, and nothing else.
Result<> make_room(const fs::path& dir) {
  std::error_code ignored;
  if (!fs::exists(dir / kMarker, ignored)) {
    for (const char* name : {"run", kDemoSkill})
      if (fs::exists(dir / name, ignored))
        return fail(ErrorCode::input, "the folder exists and was not made by the demo",
                    (dir / name).string(), "name another folder with --dir");
    return write_file_atomic(dir / kMarker, "made by `skillgrad demo`, which replaces it\n");
  }
  if (fs::exists(dir / "run", ignored)) {
    const SystemClock clock;  // an error says that a demo is at work there
    SKILLGRAD_TRY(const auto unused, store::RunStore::open(dir / "run", clock));
  }
  SKILLGRAD_CHECK(remove_tree(dir / "run"));
  return remove_tree(dir / kDemoSkill);
}

/// The demo is played offline; a model of the user's would be asked in earnest.
Result<> refuse_models(const Invocation& invocation) {
  const auto& flags = invocation.given.flags;
  const auto model = flags.find("model");
  const bool real = model != flags.end() && !model->second.starts_with("sim:");
  for (const OptionSpec* spec : options<"base_url", "roles">)
    if (real || flags.contains(spec->key))
      return fail(ErrorCode::usage, "the demo plays the simulated endpoint and asks no model",
                  real ? "--model " + model->second : std::string("--") + spec->flag,
                  "leave it out; with a model of yours: skillgrad optimize SKILL --model NAME");
  return {};
}

Result<int> run_demo(const Invocation& invocation) {
  SKILLGRAD_CHECK(refuse_models(invocation));
  const fs::path dir = fs::absolute(invocation.value("dir", "skillgrad-demo"));
  const fs::path skill = dir / kDemoSkill;
  SKILLGRAD_CHECK(make_room(dir));
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
  // Whatever a configuration file here or the environment says.
  set_default("base_url", "");
  set_default("roles", "{}");
  set_default("updates", kDemoUpdates);
  set_default("run", (dir / "run").string());
  return cmd_optimize(optimize);
}

}  // namespace

Result<int> cmd_demo(const Invocation& invocation) { return run_demo(invocation); }

}  // namespace skillgrad::cli
