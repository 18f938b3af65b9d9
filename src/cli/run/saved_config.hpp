// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "cli/run/run_request.hpp"
#include "cli/settings/options.hpp"
#include "cli/shards/shard.hpp"

namespace skillgrad::cli {

inline constexpr const char* kConfig = "config.json";     ///< what a run was started with
inline constexpr const char* kInitial = "initial/skill";  ///< the skill it was started with

/// config.json of a run, as this program writes it.
struct SavedConfig {
  RunCommand command = RunCommand::optimize;
  std::string skill_path, skill_folder, config_dir;
  std::optional<Shard> shard;
  Json identity, extra;
  SavedSettings settings;  ///< all keys are chosen where an older run names none
};

/// Of the text of a config.json. Errors: config, input.
[[nodiscard]] Result<SavedConfig> read_saved(const std::string& text, const std::string& where);

}  // namespace skillgrad::cli
