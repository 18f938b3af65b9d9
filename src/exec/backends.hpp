// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include <skillgrad/exec/sandbox.hpp>

#include "exec/process/communicate.hpp"

namespace skillgrad::exec {

/// Each checks that it can be built here, not that it works: make_sandbox_backend probes that.
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_bwrap();
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_landlock();
[[nodiscard]] std::unique_ptr<Sandbox> make_plain();

/// Checks what all backends need of a spec: a program, a work folder that exists, absolute mounts.
[[nodiscard]] Result<> check_spec(const CommandSpec& spec);
/// "NAME=value" lines for execve.
[[nodiscard]] std::vector<std::string> environment_block(
    const std::map<std::string, std::string>& env);
/// Absolute path of `program` by the PATH of `env`; one with a '/' is taken as it is; empty: none.
[[nodiscard]] std::string resolve_program(const std::string& program,
                                          const std::map<std::string, std::string>& env);
/// For backends without a /tmp of their own: HOME and TMPDIR below /tmp become `folder`.
void redirect_temporary_folder(std::map<std::string, std::string>& env, const std::string& folder);
/// What of /etc programs need to start or to find fonts and file types; nothing secret, all
/// present.
[[nodiscard]] std::vector<std::string> readable_settings();
/// Runs a plan of a backend that executes the program directly; a program that cannot be executed
/// is a result with exit code 127 (missing) or 126, as a shell would give.
[[nodiscard]] Result<CommandResult> run_direct(LaunchPlan plan, const CommandSpec& spec,
                                               std::stop_token stop);

}  // namespace skillgrad::exec
