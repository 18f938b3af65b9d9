// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <skillgrad/agent/external.hpp>
#include <skillgrad/core/json.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// Whether --executor names an agent of another program.
[[nodiscard]] bool is_external(const Settings& settings);
/// The profile that --executor and --executor-command name; relative words of the command line are
/// looked up in `folder`. Errors: config, usage, input.
[[nodiscard]] Result<agent::AgentProfile> agent_profile(const Settings& settings,
                                                        const fs::path& folder);
/// That --executor and what goes with it can be read, before anything is opened. Errors: those of
/// agent_profile(), usage.
[[nodiscard]] Result<> check_executor(const Settings& settings, const fs::path& folder);
/// It, with its programs found and its version asked; nullopt for the agent that is built in.
/// Errors: those of agent_profile() and agent::find_agent().
[[nodiscard]] Result<std::optional<agent::InstalledAgent>> open_agent(const Settings& settings,
                                                                      const fs::path& folder,
                                                                      exec::Sandbox& sandbox,
                                                                      std::stop_token stop);
/// What --executor-env names, with its values. Errors: config (a variable that is not set).
[[nodiscard]] Result<std::map<std::string, std::string>> agent_env(const Settings& settings);
/// {"name","version","profile","command"}, for a run's identity and its results.
[[nodiscard]] Json agent_json(const agent::InstalledAgent& agent);
/// This program's own file, which is the way out of the sandbox.
[[nodiscard]] fs::path own_program();

}  // namespace skillgrad::cli
