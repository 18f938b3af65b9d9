// SPDX-License-Identifier: MIT
#include "agent/external/command.hpp"

namespace skillgrad::agent {
namespace {

/// Agents start helpers and many threads, print much, and keep caches in their HOME.
constexpr std::size_t kMostOutput = std::size_t{64} << 20U;
constexpr std::uint64_t kMostEntries = 200'000;
constexpr unsigned kMostProcesses = 512;

}  // namespace

std::string seen_at(const exec::SandboxInfo& sandbox, const fs::path& host, const char* inside) {
  return sandbox.remaps_paths ? inside : host.string();
}

exec::CommandSpec agent_command(const InstalledAgent& agent, const exec::SandboxInfo& sandbox,
                                const fs::path& work_dir, const fs::path& home) {
  exec::CommandSpec spec;
  spec.argv = {agent.program.string()};
  spec.work_dir = work_dir;
  spec.writable.push_back({home, kAgentHome});
  for (const fs::path& path : agent.shown) spec.mounts.push_back({path, path.string()});
  spec.mounts.push_back({agent.links->path(), kAgentLinks});
  spec.env = exec::scrubbed_environment();
  spec.env["HOME"] = seen_at(sandbox, home, kAgentHome);
  spec.env["PATH"] = seen_at(sandbox, agent.links->path(), kAgentLinks) + ":" + spec.env["PATH"];
  // They reserve far more than they use.
  spec.limits.bound_addresses = false;
  spec.limits.output_bytes = kMostOutput;
  spec.limits.entries = kMostEntries;
  spec.limits.processes = kMostProcesses;
  return spec;
}

}  // namespace skillgrad::agent
