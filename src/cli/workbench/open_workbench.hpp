// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/settings/idle_options.hpp"
#include "cli/settings/options.hpp"
#include "cli/workbench/workbench.hpp"

namespace skillgrad::cli {

/// Loads the benchmark (`default_spec` when none is named), draws and narrows the splits, picks the
/// sandbox; names a weaker sandbox and everything else a user should know on stderr.
enum class Purpose { run, look, learn };
/// `look`: no agent runs, so the sandbox stays null where no task executes anything. `learn`: with
/// --traces there may be no benchmark, which stays null then.
[[nodiscard]] Result<Workbench> open_workbench(const Settings& settings,
                                               const std::string& default_spec,
                                               Purpose purpose = Purpose::run);
/// With --traces, recorded sessions take the place of the train tasks; where nothing can be run, no
/// gate can decide. Errors: those of read_recorded(), config.
[[nodiscard]] Result<> add_recorded(Settings& settings, Workbench& bench);
/// What grading answers to `only` these tasks needs, or to any: no splits, no hashes of tasks; the
/// sandbox is null where no task executes anything. Errors as above.
[[nodiscard]] Result<Workbench> open_graders(const Settings& settings, const std::string& spec,
                                             std::optional<std::vector<std::string>> only);
[[nodiscard]] Result<std::unique_ptr<exec::Sandbox>> open_sandbox(const Settings& settings);
[[nodiscard]] bench::BenchmarkOptions benchmark_options(const Settings& settings);
/// "a=b,c=d". Errors: config.
[[nodiscard]] Result<std::map<std::string, std::string>> parse_map(const std::string& text);
/// Do the golden answers of these tasks score 1, an empty answer 0, and is grading repeatable?
/// Tasks that nobody can grade are taken out of the splits and named; anything else is refused
/// (input) unless --force.
[[nodiscard]] Result<> check_measurement(const Settings& settings, Workbench& bench,
                                         const std::vector<std::string>& ids, std::stop_token stop);
[[nodiscard]] agent::RolloutLimits rollout_limits(const Settings& settings);
/// Text of a prompt: NAME.md of the --prompts folder, else the built-in one. Errors: input.
[[nodiscard]] Result<std::string> load_prompt(const Settings& settings, const std::string& name);
/// Hash over all prompt texts in force.
[[nodiscard]] Result<std::string> prompts_hash(const Settings& settings);
/// What decides which options have a part in `command` over this benchmark.
[[nodiscard]] OptionUse option_use(const Settings& settings, const Workbench& bench,
                                   const std::string& command);
/// Tasks of "train", "val", "test" or "all". Errors: usage.
[[nodiscard]] Result<std::vector<std::string>> split_ids(const bench::Splits& splits,
                                                         const std::string& name);

}  // namespace skillgrad::cli
