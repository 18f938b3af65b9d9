// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// executor, diagnoser, momentum, patcher, judge.
[[nodiscard]] const std::vector<std::string>& role_names();
/// Known names, members and types in --roles. Errors: config.
[[nodiscard]] Result<> check_roles(const Json& roles);
/// That no role takes the place of the models of --models. Errors: usage.
[[nodiscard]] Result<> check_executor_role(const Settings& settings);
/// What the configuration says of one role; an empty object: nothing of its own.
[[nodiscard]] Json role_of(const Settings& settings, const std::string& name);
/// A role's own text under `key`, else `fallback`.
[[nodiscard]] std::string text_of(const Json& role, const char* key, const std::string& fallback);
/// A role's own value, else the one of all roles.
[[nodiscard]] Json value_of(const Settings& settings, const Json& role, const OptionSpec& option);
/// --base-url, else OPENAI_BASE_URL, else OpenAI's.
[[nodiscard]] std::string effective_base_url(const Settings& settings);
/// "NAME" of "sim:NAME" when it is to be served here, or "".
[[nodiscard]] std::string scenario_of(const Settings& settings);
/// Nothing is asked of any endpoint.
[[nodiscard]] bool replays_only(const Settings& settings);
/// One folder has many spellings: relative, with a slash at the end, through a link.
[[nodiscard]] bool same_folder(const std::string& a, const std::string& b);

}  // namespace skillgrad::cli
