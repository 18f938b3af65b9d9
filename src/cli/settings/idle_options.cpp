// SPDX-License-Identifier: MIT
#include "cli/settings/idle_options.hpp"

#include <functional>

#include "cli/settings/roles.hpp"

namespace skillgrad::cli {
namespace {

/// Options that one condition makes idle.
struct IdleRule {
  std::vector<const char*> keys;  ///< of the option table; "sim." stands for all that begin so
  std::function<bool(const Settings&, const OptionUse&)> idle;
  const char* why;
};

bool workbooks_alone(const Settings& /*settings*/, const OptionUse& use) {
  return use.benchmark != "spreadsheetbench";
}

/// Stages that this command runs.
bool plays(const std::string& role, const OptionUse& use) {
  if (role == "judge") return use.judged;
  return use.command == "optimize" || role == "executor";
}

/// Commands that ask a model only where one judges a task.
bool asks_no_model(const OptionUse& use) {
  return !use.judged && (use.command == "grade" || use.command.starts_with("benchmark"));
}

bool replays(const Settings& settings, const OptionUse& /*use*/) {
  return !settings.text("replay").empty() && settings.text("record").empty();
}

const std::vector<IdleRule>& rules() {
  static const std::vector<IdleRule> all = {
      {{"sim."},
       [](const Settings& settings, const OptionUse&) { return scenario_of(settings).empty(); },
       "only the endpoint that --model sim:NAME starts is simulated here"},
      {{"sim.slip", "sim.luck"},
       [](const Settings& settings, const OptionUse&) { return settings.number("sim.noise") > 0; },
       "--sim-noise takes its place"},
      {{"grading_mode", "cases"}, workbooks_alone, "it is about SpreadsheetBench tasks"},
      {{"recalc", "recalc_golden"},
       [](const Settings&, const OptionUse& use) { return !use.recalculates; },
       "no workbook is graded"},
      {{"split_seed"},
       [](const Settings&, const OptionUse& use) {
         return !use.split_origin.starts_with("shuffled");
       },
       "the splits are not drawn here"},
      {{"gate_k"},
       [](const Settings& settings, const OptionUse&) { return settings.text("gate") != "paired"; },
       "it belongs to --gate paired"},
      {{"gate_tolerance"},
       [](const Settings& settings, const OptionUse&) {
         return settings.text("gate") != "no-regression";
       },
       "it belongs to --gate no-regression"},
      {{"gate", "gate_k", "gate_tolerance"},
       [](const Settings& settings, const OptionUse&) {
         return !settings.json("stages.gate").is_null();
       },
       "--gate-stage decides in its place"},
      {{"batch_seed"},
       [](const Settings& settings, const OptionUse&) { return settings.integer("updates") == 0; },
       "without --updates there is one epoch"},
      {{"stages.momentum"},
       [](const Settings& settings, const OptionUse&) { return !settings.flag("momentum"); },
       "--no-momentum switches that stage off"},
      {{"price"},
       [](const Settings& settings, const OptionUse&) { return !scenario_of(settings).empty(); },
       "calls of the simulated endpoint cost nothing"},
      {{"sim.", "cache", "cache_ttl", "refresh", "rpm", "tpm", "max_concurrency", "retry_budget",
        "attempt_timeout_s", "preflight"},
       replays,
       "--replay answers every call"},
  };
  return all;
}

bool for_this_command(const Settings& settings, const std::string& key) {
  if (!settings.given(key)) return false;
  const std::string& origin = settings.origin(key);
  return !origin.starts_with("file ") && !origin.starts_with("config.json");
}

bool stands_for(const std::string& pattern, const std::string& key) {
  return pattern.back() == '.' ? key.starts_with(pattern) : key == pattern;
}

/// The option as its user gave it.
std::string name_of(const Settings& settings, const OptionSpec& spec) {
  const std::string flag = "--" + std::string(spec.flag), origin = settings.origin(spec.key);
  return origin.starts_with("flag ") ? flag : flag + " (" + origin + ")";
}

std::string no_effect(const std::string& what, const std::string& why) {
  return what + " has no effect here: " + why;
}

void add_roles(const Settings& settings, const OptionUse& use, std::vector<std::string>& out) {
  const Json& roles = settings.json("roles");
  if (!for_this_command(settings, "roles") || !roles.is_object()) return;
  for (const auto& [role, ignored] : roles.items()) {
    if (plays(role, use)) continue;
    out.push_back(no_effect("role \"" + role + "\" of --roles",
                            role == "judge" ? "no task is judged by a model"
                                            : use.command + " does not run that stage"));
  }
}

}  // namespace

std::vector<std::string> idle_options(const Settings& settings, const OptionUse& use) {
  constexpr unsigned kOfModels = kModel | kLimits | kJudge | kSim;
  constexpr unsigned kOfOthers = kBench | kSelect | kGrading | kSandbox | kOutput;
  std::vector<std::string> out;
  for (const auto& spec : option_table()) {
    const std::string key = spec.key;
    if (!for_this_command(settings, key)) continue;
    if (asks_no_model(use) && (spec.groups & kOfModels) != 0 && (spec.groups & kOfOthers) == 0) {
      out.push_back(no_effect(name_of(settings, spec), "no model is asked"));
      continue;
    }
    for (const IdleRule& rule : rules()) {
      bool named = false;
      for (const char* pattern : rule.keys) named = named || stands_for(pattern, key);
      if (!named || !rule.idle(settings, use)) continue;
      out.push_back(no_effect(name_of(settings, spec), rule.why));
      break;
    }
  }
  if (!asks_no_model(use)) add_roles(settings, use, out);
  return out;
}

std::vector<std::string> foreign_options(const Settings& settings, const std::string& command,
                                         unsigned groups) {
  std::vector<std::string> out;
  for (const auto& spec : option_table())
    if ((spec.groups & groups) == 0 && for_this_command(settings, spec.key))
      out.push_back(no_effect(name_of(settings, spec), "it has no part in `" + command + "`"));
  return out;
}

}  // namespace skillgrad::cli
