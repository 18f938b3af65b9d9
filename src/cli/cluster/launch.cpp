// SPDX-License-Identifier: MIT
#include "cli/cluster/launch.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <set>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>
#include <skillgrad/store/parts.hpp>

#include "cli/cluster/cluster.hpp"
#include "cli/screen/console.hpp"
#include "cli/settings/command_table.hpp"
#include "cli/workbench/external_agent.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kSlurm = "slurm";
constexpr const char* kLogs = "logs";

/// What the whole has and its shards have not.
const std::set<std::string>& of_the_whole() {
  static const std::set<std::string> keys = {"run",       "json",           "events",
                                             "min_score", "max_error_rate", "exit_zero"};
  return keys;
}

/// This command, for a shard: `$1` of the script is its number.
std::string command_of_shard(const Invocation& invocation, const fs::path& run, int count) {
  std::vector<std::string> words = {own_program().string(), invocation.command};
  for (const std::string& argument : invocation.arguments) words.push_back(argument);
  for (const OptionSpec& spec : option_table()) {
    const auto given = invocation.given.flags.find(spec.key);
    if (given == invocation.given.flags.end() || of_the_whole().contains(spec.key)) continue;
    if (spec.type == ValueType::boolean)
      words.push_back((given->second == "true" ? "--" : "--no-") + std::string(spec.flag));
    else
      words.push_back("--" + std::string(spec.flag) + "=" + given->second);
  }
  for (const auto& [flag, value] : invocation.local)
    if (flag == "split" || flag == "trials" || flag == "baseline")
      words.push_back("--" + flag + "=" + value);
  if (!invocation.given.config_file.empty())
    words.push_back("--config=" + invocation.given.config_file);
  for (const std::string& set : invocation.given.sets) words.push_back("--set=" + set);
  words.push_back("--run=" + run.string());
  std::string out;
  for (const std::string& word : words) out += shell_word(word) + " ";
  return out + "--shard=\"$shard/" + std::to_string(count) + "\"";
}

/// One script for all of them: a job array runs it as it is, others give the number.
std::string script_of(const Invocation& invocation, const fs::path& run, int count) {
  const fs::path logs = run / store::kShards / kLogs;
  return fmt::format(
      "#!/bin/sh\n"
      "# A shard of this run: its number, from 1 to {0}, is the argument, or comes from Slurm.\n"
      "#SBATCH --job-name=skillgrad\n"
      "#SBATCH --array=1-{0}\n"
      "#SBATCH --output=\"{1}/%a.log\"\n"
      "#SBATCH --signal=B:USR1@60\n"
      "shard=${{1:-$SLURM_ARRAY_TASK_ID}}\n"
      "cd {2} || exit 3\n"
      "exec {3}\n",
      count, logs.string(), shell_word(fs::current_path().string()),
      command_of_shard(invocation, run, count));
}

/// Of a program that was started.
struct Child {
  pid_t id = 0;
  std::string what;
  int code = -1;  ///< -1: it runs
};

/// With this process's environment, what it says on stderr, and no signal blocked.
Result<Child> start(const std::vector<std::string>& words, std::string what) {
  std::vector<std::string> copy = words;
  std::vector<char*> argv;
  for (std::string& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  // On stdout there is the result alone.
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  Child out;
  out.what = std::move(what);
  const int problem =
      ::posix_spawnp(&out.id, argv.front(), &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (problem != 0) return tl::unexpected(errno_error(problem, "cannot start", words.front()));
  return out;
}

/// Waits for all; a stop is passed on once, and they are waited for.
void await_children(std::vector<Child>& children, const std::stop_token& stop) {
  SystemClock clock;
  bool told = false;
  while (true) {
    bool running = false;
    for (Child& child : children) {
      if (child.code >= 0) continue;
      int status = 0;
      const pid_t ended = ::waitpid(child.id, &status, WNOHANG);
      if (ended == child.id)
        child.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      else if (ended < 0 && errno != EINTR)
        child.code = 3;
      else
        running = true;
    }
    if (!running) return;
    if (stop.stop_requested() && !told) {
      told = true;
      for (const Child& child : children)
        if (child.code < 0) ::kill(child.id, SIGTERM);
    }
    // A stop token that was used ends each wait at once.
    clock.sleep_for(std::chrono::milliseconds(50), told ? std::stop_token() : stop);
  }
}

std::string filled(std::string text, const std::string& shard, int count, const fs::path& script) {
  text = replace_all(text, "{shards}", std::to_string(count));
  text = replace_all(text, "{script}", shell_word(script.string()));
  return shard.empty() ? text : replace_all(text, "{shard}", shard);
}

Result<std::vector<Child>> start_all(const std::string& launcher, int count,
                                     const fs::path& script) {
  std::vector<Child> out;
  if (launcher == kSlurm) {
    SKILLGRAD_TRY(auto child, start({"sbatch", "--wait", script.string()}, "the job array"));
    out.push_back(std::move(child));
    return out;
  }
  const bool each = launcher.find("{shard}") != std::string::npos;
  for (int index = 1; index <= (each ? count : 1); ++index) {
    const std::string number = each ? std::to_string(index) : std::string();
    SKILLGRAD_TRY(auto child, start({"sh", "-c", filled(launcher, number, count, script)},
                                    each ? "shard " + number : "the launcher"));
    out.push_back(std::move(child));
  }
  return out;
}

Result<> check_launcher(const Invocation& invocation) {
  const std::string launcher = invocation.value("launcher");
  for (const char* flag : {"shard", "dry-run", "from"})
    if (invocation.has(flag))
      return fail(ErrorCode::usage, "--launcher makes all shards of an evaluation",
                  std::string("--") + flag, "leave it out, or leave out --launcher");
  if (invocation.given.flags.contains("workers"))
    return fail(ErrorCode::usage, "--launcher starts shards, which are made by one process each",
                "--workers", "leave it out, or leave out --launcher");
  if (!invocation.has("shards"))
    return fail(ErrorCode::usage, "how many shards are to be started is not said", "--launcher",
                "say it, as in --launcher slurm --shards 4");
  if (launcher == kSlurm) {
    if (!exec::find_program("sbatch").empty()) return {};
    return fail(ErrorCode::sandbox, "the program sbatch is not in PATH", "--launcher slurm",
                "give the command on a machine that submits jobs to Slurm, or a template such as "
                "--launcher 'sh {script} {shard}'");
  }
  if (launcher.find("{shard}") == std::string::npos &&
      launcher.find("{shards}") == std::string::npos)
    return fail(ErrorCode::usage,
                "got \"" + launcher +
                    "\", expected slurm or a shell command with {shard} or "
                    "{shards} in it",
                "--launcher",
                "write a command that runs {script} with a number from 1 to {shards}, such as "
                "--launcher 'ssh node{shard} {script} {shard}'");
  return {};
}

}  // namespace

Result<int> launch_shards(const Invocation& invocation) {
  SKILLGRAD_CHECK(check_launcher(invocation));
  SKILLGRAD_TRY(const int count, count_of(invocation, {"shards", 1, "1"}));
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  if (settings.get<"run">().empty())
    return fail(ErrorCode::usage, "the shards need a folder that all of them see", "--run",
                "name it, as in --run /shared/runs/first");
  const fs::path run = fs::absolute(settings.get<"run">()).lexically_normal();
  const fs::path script = run / store::kShards / "launch.sh";
  // A scheduler loses the logs of jobs whose folder is missing.
  SKILLGRAD_CHECK(make_directories(run / store::kShards / kLogs));
  SKILLGRAD_CHECK(write_file_atomic(script, script_of(invocation, run, count), 0755));
  SKILLGRAD_TRY(auto children, start_all(invocation.value("launcher"), count, script));
  await_children(children, invocation.stop);
  for (const Child& child : children) {
    if (child.code == 0) continue;
    print_err(
        fmt::format("error: {} ended with exit code {}\n  at: {}\n  fix: give the same "
                    "command again: what is done stays; logs of Slurm are in {}\n",
                    child.what, child.code, run.string(), (run / store::kShards / kLogs).string()));
    return child.code;
  }
  Invocation merge = invocation;
  merge.command = "merge";
  merge.arguments = {run.string()};
  merge.local.clear();
  if (invocation.has("junit")) merge.local["junit"] = invocation.value("junit");
  merge.given = {};
  for (const char* key : {"json", "quiet", "min_score", "max_error_rate", "exit_zero"})
    if (settings.given(*find_option(key))) {
      const Json& value = settings.raw(*find_option(key));
      merge.given.flags[key] = dump_json(value);
    }
  return cmd_merge(merge);
}

}  // namespace skillgrad::cli
