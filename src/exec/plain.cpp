// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>

#include "exec/backends.hpp"
#include "exec/process/tree_cap.hpp"

namespace skillgrad::exec {

namespace {

bool is_program(const fs::path& path) {
  std::error_code problem;
  return fs::is_regular_file(path, problem) && ::access(path.c_str(), X_OK) == 0;
}

/// A process with limits and nothing else: no isolation of files or network.
class PlainSandbox final : public Sandbox {
 public:
  Result<CommandResult> run(const CommandSpec& spec, std::stop_token stop) override {
    SKILLGRAD_CHECK(check_spec(spec));
    SKILLGRAD_TRY(const TempDir temporary, TempDir::create("skillgrad-tmp-"));
    CommandSpec changed = spec;
    redirect_temporary_folder(changed.env, temporary.path().string());
    // Paths in a further folder of the command's own are meant as they are.
    for (const WritableFolder& folder : spec.writable)
      for (auto& [name, value] : changed.env)
        if (const auto given = spec.env.find(name);
            given != spec.env.end() && given->second.starts_with(folder.host.native()))
          value = given->second;
    LaunchPlan plan;
    plan.work_dir = fs::absolute(spec.work_dir).string();
    for (const fs::path& folder : {spec.work_dir, temporary.path()})
      plan.own_folders.push_back(fs::absolute(folder).string());
    for (const WritableFolder& folder : spec.writable)
      plan.own_folders.push_back(fs::absolute(folder.host).string());
    return run_direct(std::move(plan), changed, std::move(stop));
  }
  [[nodiscard]] SandboxInfo info() const override {
    SandboxInfo info;
    info.backend = "none";
    info.ends_process_tree = true;
    info.weaknesses = {"commands can read every file that this user can read",
                       "commands can write every file that this user can write",
                       "commands can reach the network",
                       "commands can send signals to every process of this user",
                       "commands can read the environment and memory of this user's processes, "
                       "where keys are kept",
                       "paths inside are those of the host"};
    if (!can_cap_processes()) info.weaknesses.emplace_back(kCountedOnly);
    if (!can_cap_memory()) info.weaknesses.emplace_back(kMeasuredOnly);
    return info;
  }
};

}  // namespace

Result<> check_spec(const CommandSpec& spec) {
  if (spec.argv.empty()) return fail(ErrorCode::internal, "a command without a program");
  std::error_code problem;
  if (!fs::is_directory(spec.work_dir, problem)) {
    return fail(ErrorCode::sandbox, "the work folder does not exist", spec.work_dir.string());
  }
  for (const ReadOnlyMount& mount : spec.mounts) {
    if (!fs::exists(mount.host, problem)) {
      return fail(ErrorCode::sandbox, "a folder to show read-only does not exist",
                  mount.host.string());
    }
    if (!fs::path(mount.inside).is_absolute()) {
      return fail(ErrorCode::internal, "a mount point must be absolute", mount.inside);
    }
  }
  for (const WritableFolder& folder : spec.writable) {
    if (!fs::is_directory(folder.host, problem)) {
      return fail(ErrorCode::sandbox, "a folder to write does not exist", folder.host.string());
    }
    if (!fs::path(folder.inside).is_absolute()) {
      return fail(ErrorCode::internal, "a mount point must be absolute", folder.inside);
    }
  }
  return {};
}

std::vector<std::string> environment_block(const std::map<std::string, std::string>& env) {
  std::vector<std::string> out;
  for (const auto& [name, value] : env) out.push_back(name + "=" + value);
  return out;
}

std::string resolve_program(const std::string& program,
                            const std::map<std::string, std::string>& env) {
  if (program.find('/') != std::string::npos) return program;
  const auto path = env.find("PATH");
  for (const std::string& folder : split(path == env.end() ? "/usr/bin:/bin" : path->second, ':')) {
    if (folder.empty()) continue;  // the current folder is no place to find programs in
    const fs::path candidate = fs::path(folder) / program;
    if (is_program(candidate)) return candidate.string();
  }
  return {};
}

void redirect_temporary_folder(std::map<std::string, std::string>& env, const std::string& folder) {
  for (const char* name : {"HOME", "TMPDIR", "MPLCONFIGDIR"}) {
    const auto found = env.find(name);
    if (found == env.end() || (found->second != "/tmp" && found->second.rfind("/tmp/", 0) != 0)) {
      continue;
    }
    found->second = folder;
  }
  env.emplace("TMPDIR", folder);
}

std::vector<std::string> readable_settings() {
  std::vector<std::string> out;
  std::error_code problem;
  for (const char* name :
       {"/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/libreoffice", "/etc/localtime",
        "/etc/magic", "/etc/mime.types", "/etc/perl", "/etc/ssl/openssl.cnf"}) {
    if (fs::exists(name, problem)) out.emplace_back(name);
  }
  for (fs::directory_iterator it("/etc", problem), end; !problem && it != end;
       it.increment(problem)) {
    // Debian keeps start-up files of the interpreter there, which /usr/lib/python3* links to.
    if (it->path().filename().string().rfind("python3", 0) == 0) out.push_back(it->path().string());
  }
  return out;
}

Result<CommandResult> run_direct(LaunchPlan plan, const CommandSpec& spec, std::stop_token stop) {
  plan.program = resolve_program(spec.argv.front(), spec.env);
  plan.argv = spec.argv;
  plan.env = environment_block(spec.env);
  plan.limits = spec.limits;
  const auto not_started = [&](int code, const std::string& why) {
    CommandResult result;
    result.exit_code = code;
    result.err = spec.argv.front() + ": " + why + "\n";
    return result;
  };
  if (plan.program.empty()) return not_started(127, "command not found");
  SKILLGRAD_TRY(Finished finished, run_plan(plan, spec.stdin_text, std::move(stop)));
  const int problem = finished.outcome.exec_errno;
  if (problem == ENOENT || problem == ENOTDIR) return not_started(127, "command not found");
  if (problem == EACCES || problem == ENOEXEC) return not_started(126, "cannot be executed");
  if (problem != 0) {
    return fail(ErrorCode::sandbox,
                "cannot start the command: " + std::generic_category().message(problem),
                plan.program);
  }
  return std::move(finished.result);
}

std::unique_ptr<Sandbox> make_plain() { return std::make_unique<PlainSandbox>(); }

Result<CommandResult> run_process(const CommandSpec& spec, std::stop_token stop) {
  SKILLGRAD_CHECK(check_spec(spec));
  if (!spec.mounts.empty()) return fail(ErrorCode::internal, "run_process cannot mount anything");
  const std::string program = resolve_program(spec.argv.front(), spec.env);
  const auto cannot_start = [&](const std::string& why) {
    return fail(ErrorCode::infra, "cannot start " + spec.argv.front() + ": " + why, program,
                "install the program or correct its path");
  };
  if (program.empty()) return cannot_start("not found in PATH");
  LaunchPlan plan;
  plan.program = program;
  plan.argv = spec.argv;
  plan.env = environment_block(spec.env);
  plan.work_dir = fs::absolute(spec.work_dir).string();
  plan.limits = spec.limits;
  SKILLGRAD_TRY(Finished finished, run_plan(plan, spec.stdin_text, std::move(stop)));
  if (finished.outcome.exec_errno != 0) {
    return cannot_start(std::generic_category().message(finished.outcome.exec_errno));
  }
  return std::move(finished.result);
}

std::filesystem::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): never set
  std::map<std::string, std::string> env;
  if (path != nullptr) env["PATH"] = path;
  const std::string found = resolve_program(name, env);
  if (found.empty() || !is_program(found)) return {};
  return fs::absolute(found);
}

}  // namespace skillgrad::exec
