// SPDX-License-Identifier: MIT
#include "cli/run/optimizer_program.hpp"

#include <skillgrad/core/text.hpp>

#include "cli/settings/environment.hpp"

namespace skillgrad::cli {
namespace {

Result<> refuse_idle(const Settings& settings) {
  for (const OptionSpec* spec :
       options<"optimizer_command", "optimizer_timeout_s", "optimizer_env">) {
    const bool given =
        settings.given(*spec) && settings.raw(*spec) != Json("") && settings.raw(*spec) != Json(0);
    if (given)
      return fail(ErrorCode::config,
                  "--" + std::string(spec->flag) + " is about a program, and --optimizer " +
                      name_of(settings.get<"optimizer">()) + " runs none",
                  settings.origin(*spec), "leave it out, or choose --optimizer command");
  }
  return {};
}

/// The program finds this very skillgrad by its name.
std::string search_path() {
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  const std::string given = environment_value("PATH");
  if (failed) return given;
  return self.parent_path().string() + (given.empty() ? "" : ":" + given);
}

}  // namespace

Result<optim::OptimizerProgram> optimizer_program(const RunSetup& setup) {
  const Settings& settings = setup.settings;
  optim::OptimizerProgram out;
  if (settings.get<"optimizer">() != optim::OptimizerKind::command) {
    SKILLGRAD_CHECK(refuse_idle(settings));
    return out;
  }
  out.command = settings.get<"optimizer_command">();
  if (trim(out.command).empty())
    return fail(ErrorCode::config, "--optimizer command needs a command to run",
                settings.origin<"optimizer">(),
                "add for example --optimizer-command 'python3 improve.py \"$SKILLGRAD_SKILL\"'");
  out.dir = setup.config_dir;
  out.timeout_s = settings.get<"optimizer_timeout_s">();
  out.environment["PATH"] = search_path();
  for (const auto& part : split(settings.get<"optimizer_env">(), ',')) {
    const std::string name(trim(part));
    if (name.empty()) continue;
    const std::string value = environment_value(name);
    if (value.empty())
      return fail(ErrorCode::config, "the environment variable " + name + " is not set",
                  settings.origin<"optimizer_env">(), "set it, or leave it out");
    out.environment[name] = value;
  }
  return out;
}

}  // namespace skillgrad::cli
