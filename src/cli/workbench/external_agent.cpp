// SPDX-License-Identifier: MIT
#include "cli/workbench/external_agent.hpp"

#include <system_error>

#include <skillgrad/core/text.hpp>

#include "cli/settings/environment.hpp"
#include "cli/settings/option_keys.hpp"

namespace skillgrad::cli {

bool is_external(const Settings& settings) {
  return settings.get<"executor">() != agent::kToolsExecutor;
}

Result<agent::AgentProfile> agent_profile(const Settings& settings, const fs::path& folder) {
  const std::string name = settings.get<"executor">(), command = settings.get<"executor_command">();
  if (name == agent::kCommandExecutor) return agent::command_profile(command, folder);
  if (!command.empty())
    return fail(ErrorCode::usage,
                "--executor-command belongs to --executor command, got --executor " + name,
                settings.origin<"executor_command">(), "leave one of the two out");
  return agent::load_agent_profile(name);
}

Result<> check_executor(const Settings& settings, const fs::path& folder) {
  if (is_external(settings)) {
    for (const Key<std::string> key : {option<"replay">, option<"record">}) {
      const OptionSpec& spec = key;
      if (!settings.get(key).empty())
        return fail(ErrorCode::usage,
                    std::string("--") + spec.flag +
                        " holds calls of this program; the agent of --executor " +
                        settings.get<"executor">() + " makes its own",
                    settings.origin(key), "leave one of the two out");
    }
    SKILLGRAD_TRY(const auto profile, agent_profile(settings, folder));
    static_cast<void>(profile);
    SKILLGRAD_TRY(const auto env, agent_env(settings));
    static_cast<void>(env);
    return {};
  }
  for (const Key<std::string> key : {option<"executor_command">, option<"executor_env">}) {
    const OptionSpec& spec = key;
    if (!settings.get(key).empty())
      return fail(ErrorCode::usage,
                  std::string("--") + spec.flag + " is about an agent of another program",
                  settings.origin(key), "add --executor command, or leave it out");
  }
  return {};
}

Result<std::optional<agent::InstalledAgent>> open_agent(const Settings& settings,
                                                        const fs::path& folder,
                                                        exec::Sandbox& sandbox,
                                                        std::stop_token stop) {
  if (!is_external(settings)) return std::nullopt;
  SKILLGRAD_TRY(auto profile, agent_profile(settings, folder));
  SKILLGRAD_TRY(auto found, agent::find_agent(std::move(profile), sandbox, std::move(stop)));
  return std::optional(std::move(found));
}

Result<std::map<std::string, std::string>> agent_env(const Settings& settings) {
  std::map<std::string, std::string> out;
  for (const auto& part : split(settings.get<"executor_env">(), ',')) {
    const std::string name(trim(part));
    if (name.empty()) continue;
    const std::string value = environment_value(name);
    if (value.empty())
      return fail(ErrorCode::config, "the environment variable " + name + " is not set",
                  settings.origin<"executor_env">(), "set it, or leave it out");
    out[name] = value;
  }
  return out;
}

Json agent_json(const agent::InstalledAgent& agent) {
  const auto& profile = agent.profile;
  Json out = {{"name", profile.name},
              {"version", profile.version_words.empty() ? Json() : Json(agent.version)}};
  out["profile"] = profile.hash;
  if (profile.name == agent::kCommandExecutor) {
    Json words = Json::array({profile.program});
    for (const std::string& word : profile.arguments) words.push_back(word);
    out["command"] = std::move(words);
  }
  return out;
}

fs::path own_program() {
  std::error_code problem;
  return fs::read_symlink("/proc/self/exe", problem);
}

}  // namespace skillgrad::cli
