// SPDX-License-Identifier: MIT
#include "cli/workbench/load_settings.hpp"

#include <chrono>

#include "cli/models/credentials.hpp"
#include "cli/screen/notes.hpp"
#include "cli/screen/signals.hpp"
#include "cli/settings/command_table.hpp"
#include "cli/settings/durations.hpp"
#include "cli/settings/idle_options.hpp"

namespace skillgrad::cli {

Result<Settings> load_settings(const Invocation& invocation) {
  std::vector<std::string> warnings;
  auto settings = merge_settings(invocation.given, warnings);
  for (const auto& warning : warnings) notes().say(warning);
  if (!settings) return settings;
  protect_secrets(*settings);
  if (const CommandSpec* command = find_command(invocation.command))
    for (const auto& idle : foreign_options(*settings, command->name, command->groups))
      notes().say(idle);
  SKILLGRAD_CHECK(arm_hard_limit(*settings, invocation));
  return settings;
}

Result<> arm_hard_limit(const Settings& settings, const Invocation& invocation) {
  SKILLGRAD_TRY(const auto time, parse_duration(settings.get<"hard_max_time">(),
                                                settings.origin<"hard_max_time">()));
  if (time.count() > 0 && invocation.watch != nullptr)
    invocation.watch->end_at(std::chrono::steady_clock::now() + time);
  return {};
}

}  // namespace skillgrad::cli
