// SPDX-License-Identifier: MIT
#include "cli/app.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>

#include <skillgrad/agent/external.hpp>

#include "cli/command_line.hpp"
#include "cli/commands/commands.hpp"
#include "cli/run/ending.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/signals.hpp"
#include "cli/settings/environment.hpp"

namespace skillgrad::cli {
namespace {

/// A scheduler ends a part of a run as a limit does: others, or the next start, go on with it.
int code_of_signal(const Invocation& invocation, int signal) {
  const bool part = invocation.command == "work" || invocation.has("shard");
  if (signal == SIGUSR1 || (part && signal == SIGTERM)) return exit_code_of(ErrorCode::deadline);
  return 128 + signal;
}

int run(const std::vector<std::string>& words) {
  CommandLine line = parse_command_line(words);
  if (line.error) return end_with_error(std::move(*line.error), line.invocation);
  if (!line.text.empty()) {
    print_out(line.text);
    return 0;
  }
  SignalWatch signals;
  Invocation& invocation = line.invocation;
  invocation.stop = signals.token();
  invocation.watch = &signals;
  auto done = run_command(invocation);
  const int code = done ? *done : end_with_error(std::move(done).error(), invocation);
  if (code == 130 && signals.timed_out()) return exit_code_of(ErrorCode::deadline);
  return code == 130 && signals.signal() != 0 ? code_of_signal(invocation, signals.signal()) : code;
}

}  // namespace

int run_cli(int argc, const char* const* argv) {
  // Inside of an agent's sandbox: nothing of the rest is for it.
  if (agent::is_bridge_call(argc, argv)) return agent::run_bridge(argc, argv);
  occupy_standard_streams();
  move_environment();
  wipe_likely_secrets();
  try {
    const int code = run({argv + 1, argv + argc});
    const auto written = output_written();
    if (written) return code;
    print_error(written.error());
    return code == 0 ? exit_code_of(written.error().code) : code;
  } catch (const std::filesystem::filesystem_error& error) {
    // Only the current folder is asked for in this way, and it may be gone.
    print_error({ErrorCode::io,
                 error.what(),
                 "the current folder",
                 "change into a folder that exists and that you may read",
                 {}});
    return exit_code_of(ErrorCode::io);
  } catch (const std::exception& error) {
    Invocation invocation;
    if (std::find(argv + 1, argv + argc, std::string_view("--json")) != argv + argc)
      invocation.given.flags["json"] = "true";
    return end_with_error({ErrorCode::internal, error.what(), "skillgrad", {}, {}}, invocation);
  }
}

}  // namespace skillgrad::cli
