// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <stop_token>

#include <skillgrad/exec/sandbox.hpp>

namespace skillgrad::exec {

/// Runs a trusted host program (LibreOffice, a plug-in stage of the user) in a process group of its
/// own, ends the whole tree on timeout or stop. `spec.work_dir` is the current directory;
/// `spec.mounts` must be empty; limits.memory_bytes 0 = no limit.
[[nodiscard]] Result<CommandResult> run_process(const CommandSpec& spec, std::stop_token stop);

/// Absolute path of a program in PATH, or empty.
[[nodiscard]] std::filesystem::path find_program(const std::string& name);

}  // namespace skillgrad::exec
