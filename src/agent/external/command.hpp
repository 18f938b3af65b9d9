// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include <skillgrad/agent/external.hpp>
#include <skillgrad/exec/sandbox.hpp>

namespace skillgrad::agent {

/// HOME of an agent and the folder of links, inside of a sandbox that can remap paths.
inline constexpr const char* kAgentHome = "/home/agent";
inline constexpr const char* kAgentLinks = "/opt/skillgrad/bin";

/// The path of `host` as the agent sees it.
[[nodiscard]] std::string seen_at(const exec::SandboxInfo& sandbox, const fs::path& host,
                                  const char* inside);
/// The program with what it may see and a scrubbed environment, without arguments.
[[nodiscard]] exec::CommandSpec agent_command(const InstalledAgent& agent,
                                              const exec::SandboxInfo& sandbox,
                                              const fs::path& work_dir, const fs::path& home);

}  // namespace skillgrad::agent
