// SPDX-License-Identifier: MIT
#include "cli/run/optimize_settings.hpp"

#include <skillgrad/core/text.hpp>

#include "cli/models/executing_models.hpp"
#include "cli/run/stage_set.hpp"
#include "cli/settings/environment.hpp"
#include "cli/workbench/external_agent.hpp"
#include "cli/workbench/lint_ignore.hpp"

namespace skillgrad::cli {

Result<optim::OptimizeSettings> optimize_settings(const Settings& settings) {
  optim::OptimizeSettings out;
  out.optimizer = settings.get<"optimizer">();
  out.max_rollouts = static_cast<std::size_t>(settings.get<"max_rollouts">());
  out.schedule.train_tasks = static_cast<std::size_t>(settings.get<"train_tasks">());
  out.schedule.batch = static_cast<std::size_t>(settings.get<"batch_size">());
  out.schedule.seed = static_cast<std::uint64_t>(settings.get<"seed">());
  out.schedule.fixed_updates = static_cast<std::size_t>(settings.get<"updates">());
  if (const auto seed = settings.get<"batch_seed">())
    out.schedule.batch_seed = static_cast<std::uint64_t>(*seed);
  out.max_iters = static_cast<int>(settings.get<"max_iters">());
  out.rollouts = static_cast<int>(settings.get<"rollouts">());
  out.contrastive = settings.get<"contrastive">();
  out.keep_best = settings.get<"keep">() == KeptSkill::best;
  out.revisit = settings.get<"revisit">();
  out.patch_all_correct = settings.get<"patch_all_correct">();
  out.all_correct_streak = static_cast<int>(settings.get<"all_correct_streak">());
  out.patience = static_cast<int>(settings.get<"patience">());
  out.target_score = settings.get<"target_score">();
  out.guard = static_cast<std::size_t>(settings.get<"guard">());
  out.score_test = settings.get<"score_test">();
  SKILLGRAD_TRY(out.weights, optim::loss_weights(settings.get<"stages.loss">()));
  out.calls_are_made = settings.get<"replay">().empty() &&
                       (settings.get<"cache">().empty() || settings.get<"refresh">());
  if (const auto level = staged_level(settings)) {
    optim::StagedDecisions staged;
    staged.level = *level;
    staged.candidates = static_cast<std::size_t>(settings.get<"candidates">());
    if (const auto most = settings.get<"max_broken">())
      staged.max_broken = static_cast<std::size_t>(*most);
    staged.finalists = static_cast<std::size_t>(settings.get<"finalists">());
    staged.prune = settings.get<"prune">();
    out.staged = staged;
    // A verdict on the score itself needs one, whatever became of the patches.
    out.score_unchanged = settings.get<"min_score">() > 0 || settings.get<"max_error_rate">() < 1;
  }
  out.procedure_lint = settings.get<"lint_profile">() == BlockingRules::procedure;
  out.force = settings.get<"force">();
  out.strict_patches = settings.get<"strict_patches">();
  SKILLGRAD_TRY(out.lint_ignored, ignored_lint_rules(settings));
  return out;
}

namespace {

/// A model whose price is not known, or is nothing, costs nothing that could be told apart.
Result<> check_price(const RunSetup& setup, const std::string& role) {
  const auto& endpoint = setup.models->endpoint_of(role);
  SKILLGRAD_TRY(const auto found, llm::effective_price(endpoint, setup.clock.wall_now()));
  if (found.price &&
      (found.price->base.input > 0 || found.price->base.output > 0 || found.price->per_call > 0))
    return {};
  // --price is of --model.
  const char* const price = setup.across == nullptr
                                ? R"(give --price '{"input":1,"output":4}' or --prices FILE)"
                                : R"(give --prices FILE, or its "price" in a file for --models)";
  return fail(ErrorCode::config,
              "cost weighs in the loss, and the price of " + endpoint.model +
                  (found.price ? " is 0" : " is not known"),
              setup.settings.origin<"stages.loss">(),
              price + std::string(", or leave \"cost\" out of --loss"));
}

}  // namespace

Result<> check_weights(const RunSetup& setup) {
  const Settings& settings = setup.settings;
  SKILLGRAD_TRY(const auto weights, optim::loss_weights(settings.get<"stages.loss">()));
  if (!weights.several()) return {};
  const auto gate = settings.get<"gate">();
  const bool by_scores =
      gate == GateChoice::stored || gate == GateChoice::paired || gate == GateChoice::no_regression;
  if (settings.get<"stages.gate">().is_null() && by_scores)
    return fail(ErrorCode::config,
                std::string("--gate ") + name_of(gate) +
                    " compares scores, and more than quality weighs in the loss",
                settings.origin<"gate">(),
                "use --gate loose, balanced or strict, or leave the weights out of --loss");
  // What an agent of another program costs, its own report says.
  if (weights.cost > 0 && !is_external(settings)) {
    if (setup.across == nullptr) SKILLGRAD_CHECK(check_price(setup, "executor"));
    if (setup.across != nullptr)
      for (const std::string& model : setup.across->models())
        SKILLGRAD_CHECK(check_price(setup, executor_role(model)));
  }
  if (weights.time <= 0 && weights.cost <= 0) return {};
  const std::string what = weights.cost > 0 ? "cost" : "time";
  for (const Key<std::string> key : {option<"replay">, option<"cache">}) {
    const OptionSpec& spec = key;
    const bool asked_anew = is_option<"cache">(spec) && settings.get<"refresh">();
    if (!settings.get(key).empty() && !asked_anew)
      return fail(
          ErrorCode::config,
          what + " weighs in the loss, and a call that --" + spec.flag + " answers has none",
          settings.origin(key),
          std::string("leave out --") + spec.flag + ", or \"" + what + "\" of --loss");
  }
  return {};
}

namespace {

Result<> refuse_idle(const Settings& settings) {
  for (const OptionSpec* spec :
       options<"optimizer_command", "optimizer_timeout_s", "optimizer_env">) {
    const bool given =
        settings.given(*spec) && settings.raw(*spec) != Json("") && settings.raw(*spec) != Json(0);
    if (given)
      return fail(ErrorCode::config,
                  "--" + std::string(spec->flag) + " is about a program, and --optimizer " +
                      name_of(settings.get<"optimizer">()) + " runs none",
                  settings.origin(*spec), "leave it out, or choose --optimizer command");
  }
  return {};
}

/// The program finds this very skillgrad by its name.
std::string search_path() {
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  const std::string given = environment_value("PATH");
  if (failed) return given;
  return self.parent_path().string() + (given.empty() ? "" : ":" + given);
}

}  // namespace

Result<optim::OptimizerProgram> optimizer_program(const RunSetup& setup) {
  const Settings& settings = setup.settings;
  optim::OptimizerProgram out;
  if (settings.get<"optimizer">() != optim::OptimizerKind::command) {
    SKILLGRAD_CHECK(refuse_idle(settings));
    return out;
  }
  out.command = settings.get<"optimizer_command">();
  if (trim(out.command).empty())
    return fail(ErrorCode::config, "--optimizer command needs a command to run",
                settings.origin<"optimizer">(),
                "add for example --optimizer-command 'python3 improve.py \"$SKILLGRAD_SKILL\"'");
  out.dir = setup.config_dir;
  out.timeout_s = settings.get<"optimizer_timeout_s">();
  out.environment["PATH"] = search_path();
  for (const auto& part : split(settings.get<"optimizer_env">(), ',')) {
    const std::string name(trim(part));
    if (name.empty()) continue;
    const std::string value = environment_value(name);
    if (value.empty())
      return fail(ErrorCode::config, "the environment variable " + name + " is not set",
                  settings.origin<"optimizer_env">(), "set it, or leave it out");
    out.environment[name] = value;
  }
  return out;
}

}  // namespace skillgrad::cli
