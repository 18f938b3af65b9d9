// SPDX-License-Identifier: MIT
#include "cli/idle_options.hpp"

#include <functional>

#include "cli/models.hpp"

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
  return use.command == "optimize" || role == "executor" || role == "judge";
}

bool only_other_roles(const Settings& settings, const OptionUse& use) {
  const Json& roles = settings.json("roles");
  if (!roles.is_object() || roles.empty()) return false;
  for (const auto& [role, ignored] : roles.items())
    if (plays(role, use)) return false;
  return true;
}

const std::vector<IdleRule>& rules() {
  static const std::vector<IdleRule> all = {
      {{"sim."},
       [](const Settings& settings, const OptionUse&) { return scenario_of(settings).empty(); },
       "only the endpoint that --model sim:NAME starts is simulated here"},
      {{"grading_mode", "cases"}, workbooks_alone, "it is about SpreadsheetBench tasks"},
      {{"recalc", "recalc_golden"},
       [](const Settings&, const OptionUse& use) { return use.benchmark == "wikitablequestions"; },
       "no workbook is graded"},
      {{"split_seed"},
       [](const Settings&, const OptionUse& use) {
         return !use.split_origin.starts_with("shuffled");
       },
       "the splits are not drawn here"},
      {{"roles"}, only_other_roles, "eval runs the executor and the judge only"},
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
  };
  return all;
}

bool for_this_command(const Settings& settings, const std::string& key) {
  if (!settings.given(key)) return false;
  const std::string& origin = settings.origin(key);
  return !origin.starts_with("file ");
}

bool stands_for(const std::string& pattern, const std::string& key) {
  return pattern.back() == '.' ? key.starts_with(pattern) : key == pattern;
}

}  // namespace

std::vector<std::string> idle_options(const Settings& settings, const OptionUse& use) {
  std::vector<std::string> out;
  for (const auto& spec : option_table()) {
    const std::string key = spec.key;
    if (!for_this_command(settings, key)) continue;
    for (const IdleRule& rule : rules()) {
      bool named = false;
      for (const char* pattern : rule.keys) named = named || stands_for(pattern, key);
      if (!named || !rule.idle(settings, use)) continue;
      out.push_back("--" + std::string(spec.flag) + " has no effect here: " + rule.why);
      break;
    }
  }
  return out;
}

}  // namespace skillgrad::cli
