// SPDX-License-Identifier: MIT
#include "cli/settings/idle_options.hpp"

#include <algorithm>
#include <functional>
#include <span>

#include "cli/settings/option_keys.hpp"
#include "cli/settings/roles.hpp"

namespace skillgrad::cli {
namespace {

/// Options that one condition makes idle.
struct IdleRule {
  std::span<const OptionSpec* const> named;
  unsigned group;  ///< all of this group as well
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
  return !settings.get<"replay">().empty() && settings.get<"record">().empty();
}

bool optimizes_by(const Settings& settings, const OptionUse& use, optim::OptimizerKind kind) {
  return use.command == "optimize" && settings.get<"optimizer">() == kind;
}

/// Only the published method has a memory.
bool without_memory(const Settings& settings, const OptionUse& use) {
  return use.command == "optimize" &&
         settings.get<"optimizer">() != optim::OptimizerKind::skillgrad;
}

/// Nobody of skillgrad's own diagnoses or patches.
bool foreign_patches(const Settings& settings, const OptionUse& use) {
  return optimizes_by(settings, use, optim::OptimizerKind::command) ||
         optimizes_by(settings, use, optim::OptimizerKind::rerun);
}

bool reflects(const Settings& settings, const OptionUse& use) {
  return optimizes_by(settings, use, optim::OptimizerKind::reflect);
}

bool one_batch(const Settings& settings, const OptionUse& use) {
  return foreign_patches(settings, use) ||
         optimizes_by(settings, use, optim::OptimizerKind::one_shot);
}

bool foreign_agent(const Settings& settings, const OptionUse& /*use*/) {
  return settings.get<"executor">() != "tools";
}

/// Where an agent of another program executes and nobody judges, this program asks no model.
bool only_foreign_agent(const Settings& settings, const OptionUse& use) {
  return foreign_agent(settings, use) && use.command != "optimize" && !use.judged;
}

/// The plan of the published method sizes the budget of the others unless one is given.
bool one_batch_and_budget(const Settings& settings, const OptionUse& use) {
  return one_batch(settings, use) && settings.get<"max_rollouts">() > 0;
}

const std::vector<IdleRule>& rules() {
  static const std::vector<IdleRule> all = {
      {options<"momentum", "stages.momentum">, 0U, without_memory,
       "--optimizer skillgrad alone keeps a memory"},
      {options<"stages.diagnoser", "stages.patcher", "contrastive", "patch_all_correct">, 0U,
       foreign_patches, "this --optimizer neither diagnoses nor writes patches of its own"},
      {options<"stages.diagnoser", "stages.patcher">, 0U, reflects,
       "--optimizer reflect reads the runs and writes the patch in one conversation"},
      {options<"all_correct_streak", "patience", "target_score">, 0U, one_batch,
       "this --optimizer has no second iteration"},
      {options<"batch_size", "updates", "batch_seed", "max_iters">, 0U, one_batch_and_budget,
       "this --optimizer draws no batches, and --max-rollouts is given"},
      {options<"lint_profile", "lint_ignore", "strict_patches", "keep", "max_broken", "finalists",
               "prune", "guard">,
       0U,
       [](const Settings& settings, const OptionUse& use) {
         return optimizes_by(settings, use, optim::OptimizerKind::rerun) &&
                settings.get<"max_rollouts">() > 0;
       },
       "--optimizer rerun makes no patches"},
      {options<"lint_profile", "lint_ignore", "strict_patches", "keep", "max_broken", "guard">, 0U,
       [](const Settings& settings, const OptionUse& use) {
         return optimizes_by(settings, use, optim::OptimizerKind::rerun);
       },
       "--optimizer rerun makes no patches"},
      {options<"candidates", "revisit", "guard">, 0U,
       [](const Settings& settings, const OptionUse& use) {
         return use.command == "optimize" && !settings.get<"traces">().empty();
       },
       "recorded sessions cannot be run again with a candidate"},
      {options<"across">, 0U,
       [](const Settings& settings, const OptionUse&) { return settings.get<"models">().empty(); },
       "only --models has several models to decide over"},
      {options<"approve_port">, 0U,
       [](const Settings& settings, const OptionUse&) {
         return settings.get<"approve">() != ApprovalPlace::web;
       },
       "only --approve web serves a page"},
      {options<"approve">, 0U,
       [](const Settings& settings, const OptionUse& use) {
         return settings.get<"approve">() != ApprovalPlace::off &&
                optimizes_by(settings, use, optim::OptimizerKind::rerun);
       },
       "--optimizer rerun makes no patches"},
      {options<"candidates">, 0U,
       [](const Settings& settings, const OptionUse& use) {
         return settings.get<"max_rollouts">() > 0 &&
                (foreign_patches(settings, use) || reflects(settings, use));
       },
       "this --optimizer makes one patch a step"},
      {options<"prune">, 0U,
       [](const Settings& settings, const OptionUse& use) {
         return settings.get<"max_rollouts">() > 0 && foreign_patches(settings, use);
       },
       "this --optimizer makes no list of patches that could be taken back"},
      {{},
       kSim,
       [](const Settings& settings, const OptionUse&) {
         return scenario_of(settings).empty() &&
                settings.get<"models">().find("sim:") == std::string::npos;
       },
       "only the endpoint that --model sim:NAME starts is simulated here"},
      {options<"sim.slip", "sim.luck">, 0U,
       [](const Settings& settings, const OptionUse&) { return settings.get<"sim.noise">() > 0; },
       "--sim-noise takes its place"},
      {options<"grading_mode", "cases">, 0U, workbooks_alone, "it is about SpreadsheetBench tasks"},
      {options<"recalc", "recalc_golden">, 0U,
       [](const Settings&, const OptionUse& use) { return !use.recalculates; },
       "no workbook is graded"},
      {options<"split_seed">, 0U,
       [](const Settings&, const OptionUse& use) {
         return !use.split_origin.starts_with("shuffled");
       },
       "the splits are not drawn here"},
      {options<"candidates", "max_broken", "finalists", "prune">, 0U,
       [](const Settings& settings, const OptionUse&) {
         const auto gate = settings.get<"gate">();
         return gate != GateChoice::loose && gate != GateChoice::balanced &&
                gate != GateChoice::strict;
       },
       "it belongs to --gate loose, balanced and strict"},
      {options<"gate_k">, 0U,
       [](const Settings& settings, const OptionUse&) {
         return settings.get<"gate">() != GateChoice::paired;
       },
       "it belongs to --gate paired"},
      {options<"gate_tolerance">, 0U,
       [](const Settings& settings, const OptionUse&) {
         return settings.get<"gate">() != GateChoice::no_regression;
       },
       "it belongs to --gate no-regression"},
      {options<"gate", "gate_k", "gate_tolerance", "candidates", "max_broken", "finalists",
               "prune">,
       0U,
       [](const Settings& settings, const OptionUse&) {
         return !settings.get<"stages.gate">().is_null();
       },
       "--gate-stage decides in its place"},
      {options<"revisit">, 0U,
       [](const Settings& settings, const OptionUse&) { return settings.get<"updates">() > 0; },
       "the further epochs of --updates bring every task back"},
      {options<"revisit">, 0U, one_batch_and_budget,
       "this --optimizer draws no batches, and --max-rollouts is given"},
      {options<"batch_seed">, 0U,
       [](const Settings& settings, const OptionUse&) { return settings.get<"updates">() == 0; },
       "without --updates there is one epoch"},
      {options<"stages.momentum">, 0U,
       [](const Settings& settings, const OptionUse&) { return !settings.get<"momentum">(); },
       "--no-momentum switches that stage off"},
      {options<"price">, 0U,
       [](const Settings& settings, const OptionUse&) { return !scenario_of(settings).empty(); },
       "calls of the simulated endpoint cost nothing"},
      {options<"command_timeout_s", "cache_commands">, 0U, foreign_agent,
       "the agent of --executor runs its commands itself"},
      {options<"stream", "api", "temperature", "request_seeds", "max_output_tokens",
               "context_tokens", "on_truncation", "fold_system", "strict_tools", "extra_body",
               "headers", "ca_file", "insecure_tls", "attempt_timeout_s", "http_version", "rpm",
               "tpm", "max_concurrency", "retry_budget", "cache", "cache_ttl", "refresh">,
       0U, only_foreign_agent, "the agent of --executor asks its model itself"},
      {options<"cache", "cache_ttl", "refresh", "rpm", "tpm", "max_concurrency", "retry_budget",
               "attempt_timeout_s", "preflight">,
       kSim, replays, "--replay answers every call"},
  };
  return all;
}

bool for_this_command(const Settings& settings, const OptionSpec& spec) {
  if (!settings.given(spec)) return false;
  const std::string& origin = settings.origin(spec);
  return !origin.starts_with("file ") && !origin.starts_with("config.json");
}

bool is_about(const IdleRule& rule, const OptionSpec& spec) {
  return (spec.groups & rule.group) != 0 ||
         std::find(rule.named.begin(), rule.named.end(), &spec) != rule.named.end();
}

/// The option as its user gave it.
std::string as_given(const Settings& settings, const OptionSpec& spec) {
  const std::string flag = "--" + std::string(spec.flag), origin = settings.origin(spec);
  return origin.starts_with("flag ") ? flag : flag + " (" + origin + ")";
}

std::string no_effect(const std::string& what, const std::string& why) {
  return what + " has no effect here: " + why;
}

void add_roles(const Settings& settings, const OptionUse& use, std::vector<std::string>& out) {
  const Json& roles = settings.get<"roles">();
  if (!for_this_command(settings, option<"roles">) || !roles.is_object()) return;
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
    if (!for_this_command(settings, spec)) continue;
    if (asks_no_model(use) && (spec.groups & kOfModels) != 0 && (spec.groups & kOfOthers) == 0) {
      out.push_back(no_effect(as_given(settings, spec), "no model is asked"));
      continue;
    }
    for (const IdleRule& rule : rules()) {
      if (!is_about(rule, spec) || !rule.idle(settings, use)) continue;
      out.push_back(no_effect(as_given(settings, spec), rule.why));
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
    // A variable of the environment is there for all commands of a shell.
    if ((spec.groups & groups) == 0 && for_this_command(settings, spec) &&
        !settings.origin(spec).starts_with("environment"))
      out.push_back(no_effect(as_given(settings, spec), "it has no part in `" + command + "`"));
  return out;
}

}  // namespace skillgrad::cli
