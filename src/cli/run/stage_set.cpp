// SPDX-License-Identifier: MIT
#include "cli/run/stage_set.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/bench/triggers.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "cli/models/call_stores.hpp"
#include "cli/models/executing_models.hpp"
#include "cli/run/spread_models.hpp"
#include "cli/screen/notes.hpp"
#include "cli/settings/options.hpp"
#include "cli/workbench/external_agent.hpp"
#include "cli/workbench/neighbours.hpp"

namespace skillgrad::cli {
namespace {

optim::StageDependencies dependencies(RunSetup& setup, const std::string& role,
                                      std::stop_token stop) {
  optim::StageDependencies out;
  out.model = &setup.model(role);
  out.benchmark = setup.bench.benchmark.get();
  out.grading = setup.bench.grading(std::move(stop));
  out.grading.judging.models = setup.models.get();
  out.sandbox = setup.bench.sandbox.get();
  out.clock = &setup.clock;
  if (setup.store) out.run_dir = setup.store->dir();
  out.config_dir = setup.config_dir;
  out.prompt = [&setup](const std::string& name) -> Result<std::string> {
    SKILLGRAD_TRY(auto text, load_prompt(setup.settings, name));
    if (!skill::is_set(setup.skill)) return text;
    SKILLGRAD_TRY(const auto more, load_prompt(setup.settings, "several"));
    return text + "\n" + more;
  };
  return out;
}

template <class Stage, class Registry>
Result<std::unique_ptr<Stage>> make(const Registry& registry, const Json& spec, const char* key,
                                    const optim::StageDependencies& dependencies) {
  if (!spec.is_object() || !spec.contains("name") || !spec["name"].is_string())
    return fail(ErrorCode::config, "got " + dump_json(spec) + ", expected an object with \"name\"",
                key, "write {\"name\":\"command\",\"run\":[\"program\"]} or a built-in name");
  auto stage = registry.make(spec["name"].template get<std::string>(), spec, dependencies);
  if (!stage) return tl::unexpected(std::move(stage.error()).with_context(key));
  return stage;
}

/// --gate and its numbers as a stage spec.
Json gate_spec(const Settings& settings) {
  if (const Json& own = settings.get<"stages.gate">(); !own.is_null()) return own;
  const auto gate = settings.get<"gate">();
  Json out = {{"name", name_of(gate)}};
  if (gate == GateChoice::paired) out["k"] = settings.get<"gate_k">();
  if (gate == GateChoice::no_regression) out["tolerance"] = settings.get<"gate_tolerance">();
  return out;
}

Result<std::unique_ptr<agent::Executor>> external_executor(
    RunSetup& setup, const std::string& role, std::vector<agent::Neighbour> neighbours) {
  agent::ExternalDependencies out;
  out.neighbours = std::move(neighbours);
  out.agent = *setup.agent;
  out.endpoint = setup.models->endpoint_of(role);
  out.benchmark = setup.bench.benchmark.get();
  out.sandbox = setup.bench.sandbox.get();
  out.recalculator = setup.bench.recalculator.get();
  out.clock = &setup.clock;
  out.accountant = &setup.models->accountant();
  out.recorder = setup.store ? &setup.store->calls() : nullptr;
  SKILLGRAD_TRY(out.passed_env, agent_env(setup.settings));
  out.bridge = own_program();
  out.note = [&setup](const std::string& text) {
    notes().say(setup.models->redactor().redact(text));
  };
  SKILLGRAD_TRY(const auto walls, agent::walls_of(setup.bench.sandbox->info(), out.endpoint));
  for (const std::string& weakness : walls.weaknesses)
    notes().say("--executor " + out.agent.profile.name + ": " + weakness);
  return agent::make_external_executor(std::move(out));
}

/// The agent, with the model of this role.
Result<std::unique_ptr<agent::Executor>> executor_of_role(RunSetup& setup, const std::string& role,
                                                          agent::ExecutorDependencies parts) {
  if (setup.agent) return external_executor(setup, role, std::move(parts.neighbours));
  parts.model = &setup.model(role);
  return agent::make_executor(std::move(parts));
}

/// The agent with the run's model, or with each of several.
Result<std::unique_ptr<agent::Executor>> executor_of(RunSetup& setup,
                                                     agent::ExecutorDependencies parts) {
  if (setup.across == nullptr) return executor_of_role(setup, "executor", std::move(parts));
  std::vector<std::unique_ptr<agent::Executor>> out;
  for (const std::string& model : setup.across->models()) {
    SKILLGRAD_TRY(auto executor, executor_of_role(setup, executor_role(model), parts));
    out.push_back(std::move(executor));
  }
  return optim::make_across_executor(setup.across, std::move(out));
}

/// Local servers are given a word for a key; such a word must not forbid itself to a skill.
bool looks_secret(const std::string& text) {
  constexpr std::array placeholders = {"not-needed", "no-key-required", "placeholder", "lm-studio"};
  return text.size() >= 8 &&
         std::none_of(placeholders.begin(), placeholders.end(),
                      [&](const char* word) { return to_lower_ascii(text) == word; });
}

}  // namespace

std::optional<optim::decisions::GateLevel> staged_level(const Settings& settings) {
  if (!settings.get<"stages.gate">().is_null()) return std::nullopt;
  return named<optim::decisions::GateLevel>(name_of(settings.get<"gate">()));
}

Json agent_facts(const RunSetup& setup) {
  Json out = agent_json(*setup.agent);
  const auto walls =
      agent::walls_of(setup.bench.sandbox->info(), setup.models->endpoint_of("executor"));
  if (!walls) return out;
  out["sandbox"] = setup.bench.sandbox->info().backend;
  out["network"] = walls->only_endpoint ? "endpoint" : "open";
  out["can_read_key"] = !walls->key_stays_out;
  out["weaknesses"] = walls->weaknesses;
  return out;
}

Result<std::unique_ptr<StageSet>> make_executor_stages(RunSetup& setup, std::stop_token stop) {
  auto out = std::make_unique<StageSet>();
  agent::ExecutorDependencies executor;
  executor.benchmark = setup.bench.benchmark.get();
  SKILLGRAD_TRY(out->commands,
                open_command_cache(setup.settings, *setup.bench.sandbox, setup.clock));
  executor.sandbox = out->commands != nullptr ? out->commands.get() : setup.bench.sandbox.get();
  executor.recalculator = setup.bench.recalculator.get();
  executor.clock = &setup.clock;
  SKILLGRAD_TRY(executor.prompt, load_prompt(setup.settings, "executor"));
  // A simulated agent reads nothing of it, and its tokens are to be the same on every machine.
  if (!setup.models->simulated())
    executor.shell_facts = [sandbox = executor.sandbox, stop] {
      return agent::measure_shell(*sandbox, stop);
    };
  if (setup.spans) executor.watch = &setup.spans->tools();
  SKILLGRAD_TRY(executor.neighbours, publish_neighbours(setup.neighbours, setup.store.get()));
  SKILLGRAD_TRY(out->executor, executor_of(setup, std::move(executor)));
  if (setup.bench.recorded != nullptr) {
    out->runner = std::move(out->executor);
    out->executor = traces::make_trace_executor(*setup.bench.recorded, *out->runner);
  }
  SKILLGRAD_TRY(out->loss, make<optim::LossCollector>(
                               optim::loss_registry(), setup.settings.get<"stages.loss">(),
                               "stages.loss", dependencies(setup, "judge", std::move(stop))));
  return out;
}

Result<std::unique_ptr<StageSet>> make_stages(RunSetup& setup, std::stop_token stop) {
  SKILLGRAD_TRY(auto out, make_executor_stages(setup, stop));
  const Settings& settings = setup.settings;
  SKILLGRAD_TRY(out->diagnoser, make<optim::Diagnoser>(
                                    optim::diagnoser_registry(), settings.get<"stages.diagnoser">(),
                                    "stages.diagnoser", dependencies(setup, "diagnoser", stop)));
  const Json& momentum = settings.get<"stages.momentum">();
  const bool off = momentum.is_object() && momentum.value("name", Json()) == Json("none");
  if (settings.get<"momentum">() && !off) {
    SKILLGRAD_TRY(out->momentum,
                  make<optim::Momentum>(optim::momentum_registry(), momentum, "stages.momentum",
                                        dependencies(setup, "momentum", stop)));
  }
  const bool reflects = settings.get<"optimizer">() == optim::OptimizerKind::reflect;
  // Runs of queries end where the skill is loaded: nothing but its description had a part in them.
  const bool queries =
      setup.bench.benchmark != nullptr && setup.bench.benchmark->name() == bench::kTriggers;
  const Json patcher = !reflects ? settings.get<"stages.patcher">()
                                 : Json{{"name", queries ? "describe" : "reflect"}};
  SKILLGRAD_TRY(out->patcher,
                make<optim::Patcher>(optim::patcher_registry(), patcher, "stages.patcher",
                                     dependencies(setup, "patcher", stop)));
  if (!staged_level(settings)) {
    SKILLGRAD_TRY(out->gate, make<optim::Gate>(optim::gate_registry(), gate_spec(settings), "gate",
                                               dependencies(setup, "judge", stop)));
  }
  return out;
}

optim::OptimizeParts StageSet::parts(RunSetup& setup) const {
  optim::OptimizeParts out;
  out.benchmark = setup.bench.benchmark.get();
  out.splits = setup.bench.splits;
  out.initial = setup.skill;
  out.executor = executor.get();
  out.limits = rollout_limits(setup.settings);
  out.loss = loss.get();
  out.diagnoser = diagnoser.get();
  out.momentum = momentum.get();
  out.patcher = patcher.get();
  out.gate = gate.get();
  out.store = setup.store.get();
  out.accountant = &setup.models->accountant();
  out.clock = &setup.clock;
  out.observer = setup.observer.get();
  out.jobs = static_cast<unsigned>(setup.settings.get<"jobs">());
  out.across = setup.across.get();
  out.facts = {{"skill", setup.skill_path},
               {"benchmark", setup.bench.benchmark->name() + ":" + setup.bench.benchmark->source()},
               {"model", executing_names(setup)},
               {"simulation", setup.models->simulated()},
               {"grading", setup.bench.graded_by},
               {"recalculation", setup.bench.recalculated_by()},
               {"version", SKILLGRAD_VERSION}};
  if (setup.across != nullptr) out.facts["optimizer_model"] = setup.models->model();
  if (setup.bench.recorded != nullptr) out.facts["traces"] = setup.bench.traces;
  if (setup.agent) out.facts["executor"] = agent_facts(setup);
  out.closing_facts = [&models = *setup.models] {
    return Json{{"request_changes", models.request_changes()},
                {"notes", notes_json(notes().all())}};
  };
  out.forbidden_texts = {setup.store->dir().string()};
  for (const auto& secret : setup.models->secrets())
    if (looks_secret(secret.reveal())) out.forbidden_texts.push_back(secret.reveal());
  return out;
}

}  // namespace skillgrad::cli
