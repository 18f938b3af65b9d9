// SPDX-License-Identifier: MIT
#include "cli/run/open_run.hpp"

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/report/terminal.hpp>
#include <skillgrad/report/watch.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "cli/models/executing_models.hpp"
#include "cli/run/given_skill.hpp"
#include "cli/run/run_identity.hpp"
#include "cli/run/run_store.hpp"
#include "cli/run/saved_config.hpp"
#include "cli/run/spread_models.hpp"
#include "cli/screen/event_stream.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/log.hpp"
#include "cli/screen/notes.hpp"
#include "cli/screen/signals.hpp"
#include "cli/screen/ticker.hpp"
#include "cli/settings/command_table.hpp"
#include "cli/settings/durations.hpp"
#include "cli/settings/environment.hpp"
#include "cli/settings/idle_options.hpp"
#include "cli/workbench/external_agent.hpp"
#include "cli/workbench/load_settings.hpp"
#include "cli/workbench/neighbours.hpp"
#include "cli/workbench/run_package.hpp"
#include "cli/workbench/small_sets.hpp"

namespace skillgrad::cli {
namespace {

/// A run whose time is over waits for its calls in flight, which nobody would guess.
std::unique_ptr<optim::Observer> with_limit_notice(std::unique_ptr<optim::Observer> next,
                                                   RunSetup& setup) {
  setup.time_limit = std::make_shared<TimeLimit>();
  const std::string limit = setup.settings.get<"max_time">();
  const double longest = setup.settings.get<"attempt_timeout_s">();
  return say_when_over(
      std::move(next), *setup.time_limit, setup.clock, [&setup, limit, longest](auto& observer) {
        const int calls = setup.models->accountant().in_flight();
        std::string text = "the time limit (--max-time " + limit + ") has passed: ";
        text += calls == 0 ? std::string("no new call starts")
                           : fmt::format(
                                 "no new call starts; waiting for {} call{} in flight, at "
                                 "most {} s each (--hard-max-time cuts them)",
                                 calls, calls == 1 ? "" : "s", format_double(longest));
        observer.notice(text);
      });
}

/// A finished run is only reported: nothing happens that a span could be of.
Result<> open_spans(RunSetup& setup, const RunRequest& request, const Json& identity) {
  if (setup.settings.get<"otlp">().empty() || setup.finished) return {};
  const std::string folder = setup.store->dir().filename().string();
  SKILLGRAD_TRY(setup.spans,
                RunSpans::open(setup.settings,
                               {name_of(request.command), folder, setup.settings.get<"model">(),
                                canonical_json(identity) + "\n" + folder, setup.resumed},
                               setup.clock));
  return {};
}

Result<> finish_opening(RunSetup& setup, const RunRequest& request, const std::stop_token& stop) {
  SKILLGRAD_TRY(setup.agent,
                open_agent(setup.settings, setup.config_dir, *setup.bench.sandbox, stop));
  SKILLGRAD_TRY(const auto identity, identity_of(setup, request));
  SKILLGRAD_CHECK(open_store(setup, request, identity));
  if (request.limits_from_now) SKILLGRAD_CHECK(raise_limits(setup));
  SKILLGRAD_CHECK(open_spans(setup, request, identity));
  llm::CallRecorder& calls = setup.store->calls();
  SKILLGRAD_TRY(setup.models,
                Models::open(setup.settings, setup.spans ? &setup.spans->record(calls) : &calls,
                             setup.clock, setup.store->path("calls/learned.json")));
  setup.store->redact_with(setup.models->redactor());
  SKILLGRAD_CHECK(restore_ledger(setup));
  // A run that came to its end is only reported.
  if (!setup.finished && !request.found)
    SKILLGRAD_CHECK(setup.models->preflight(setup.settings, stop));
  report::TerminalOptions terminal;
  terminal.status_line = wants_status_line();
  terminal.quiet = setup.settings.get<"quiet">();
  terminal.max_usd = setup.settings.get<"max_usd">();
  terminal.run = shell_word(setup.store->dir().string());
  terminal.next = [watch = std::make_shared<report::RunWatch>(setup.store->dir())] {
    return watch->look().next;
  };
  terminal.write = print_err;
  terminal.columns = terminal_columns;
  setup.observer =
      report::make_terminal_observer(terminal, setup.models->accountant(), setup.clock);
  std::vector<std::string> before;
  for (const Note& note : notes().all()) before.push_back(note.text);
  SKILLGRAD_TRY(setup.observer,
                log_to_file(setup.store->path("run.log"), before, std::move(setup.observer)));
  if (!setup.settings.get<"events">().empty()) {
    SKILLGRAD_TRY(setup.observer, stream_events(setup.settings.get<"events">(), before,
                                                std::move(setup.observer), setup.clock));
  }
  SKILLGRAD_TRY(setup.observer, keep_notes(std::move(setup.observer), *setup.store));
  if (setup.spans) setup.observer = setup.spans->observe(std::move(setup.observer));
  setup.observer = with_limit_notice(std::move(setup.observer), setup);
  setup.observer = with_ticks(std::move(setup.observer), setup.clock);
  return {};
}

std::string default_benchmark(const std::string& skill) {
  std::error_code ignored;
  fs::path dir = skill;
  if (fs::is_regular_file(dir, ignored)) dir = dir.parent_path();
  if (!skill::skill_folders(dir).empty() && !fs::exists(dir / "SKILL.md", ignored))
    return dir.string();
  return fs::is_directory(dir / "evals", ignored) ? (dir / "evals").string() : "";
}

/// Relative paths must mean the same when the run is resumed from another folder.
Result<> make_paths_absolute(Settings& settings, const std::string& default_spec) {
  std::string spec = settings.get<"benchmark">();
  if (spec.empty()) spec = default_spec;
  if (!spec.empty()) {
    std::error_code ignored;
    const auto colon = spec.find(':');
    const bool named = colon != std::string::npos && !fs::exists(spec, ignored);
    const std::string name = named ? spec.substr(0, colon + 1) : "";
    const fs::path path = fs::absolute(spec.substr(name.size())).lexically_normal();
    SKILLGRAD_CHECK(
        settings.set(option<"benchmark">, name + path.string(), settings.origin<"benchmark">()));
  }
  for (const Key<std::string> key :
       {option<"split_file">, option<"prompts">, option<"prices">, option<"ca_file">,
        option<"events">, option<"sim.request_log">, option<"cache">, option<"record">,
        option<"replay">, option<"traces">, option<"with">}) {
    const std::string text = settings.get(key);
    if (text.empty() || text == "-" || text.starts_with("builtin:")) continue;
    SKILLGRAD_CHECK(
        settings.set(key, fs::absolute(text).lexically_normal().string(), settings.origin(key)));
  }
  if (const std::string text = settings.get<"executor">(); agent::is_profile_path(text))
    SKILLGRAD_CHECK(settings.set(option<"executor">, fs::absolute(text).lexically_normal().string(),
                                 settings.origin<"executor">()));
  return {};
}

/// config.json is text: a name of other bytes would be another name when it is read back.
Result<> check_kept_names(const RunSetup& setup) {
  const auto refuse = [](const std::string& name, const std::string& where, const char* mend) {
    return fail(ErrorCode::config,
                "\"" + sanitize_utf8(name) + "\" is no UTF-8, so the run could not be resumed",
                where, mend);
  };
  for (const auto& spec : option_table()) {
    const Json& value = setup.settings.raw(spec);
    if (value.is_string() && first_invalid_utf8(value.get_ref<const std::string&>()))
      return refuse(setup.settings.shown(spec).get<std::string>(), setup.settings.origin(spec),
                    "rename the file or folder, or give a link to it whose path is UTF-8");
  }
  // A run keeps the skill itself. Where it is written back to, links on the way are followed.
  if (setup.settings.get<"in_place">() && first_invalid_utf8(setup.skill_path))
    return refuse(setup.skill_path, "skill", "rename the folders on the way to the skill");
  return {};
}

Purpose purpose_of(const RunRequest& request) {
  return request.command == RunCommand::optimize ? Purpose::learn : Purpose::run;
}

/// What training does with the splits.
Result<> prepare_splits(RunSetup& setup, const RunRequest& request) {
  if (request.command != RunCommand::optimize) return {};
  if (setup.bench.benchmark != nullptr) share_small_set(setup.settings, setup.bench);
  return add_recorded(setup.settings, setup.bench);
}

/// Settings, skill and benchmark of a new command.
Result<std::unique_ptr<RunSetup>> load_parts(const Invocation& invocation,
                                             const RunRequest& request) {
  auto setup = std::make_unique<RunSetup>();
  SKILLGRAD_TRY(setup->settings, load_settings(invocation));
  if (request.command == RunCommand::optimize)
    SKILLGRAD_CHECK(settle_models(setup->settings));
  else
    SKILLGRAD_CHECK(setup->settings.set(option<"models">, "", "default"));
  setup->config_dir = invocation.given.config_file.empty()
                          ? fs::current_path()
                          : fs::absolute(invocation.given.config_file).parent_path();
  if (request.skill != "none") {
    if (setup->settings.get<"in_place">() && !invocation.has("dry-run"))
      SKILLGRAD_CHECK(recover_skill(request.skill));
    SKILLGRAD_TRY(setup->skill, load_skill(request.skill, SkillKind::any));
    setup->skill_path = skill_folder(request.skill).string();
    SKILLGRAD_CHECK(check_one_skill(*setup));
  }
  SKILLGRAD_CHECK(make_paths_absolute(setup->settings, default_benchmark(request.skill)));
  SKILLGRAD_CHECK(check_kept_names(*setup));
  SKILLGRAD_TRY(setup->neighbours, load_neighbours(setup->settings, setup->skill));
  SKILLGRAD_CHECK(check_executor(setup->settings, setup->config_dir));
  SKILLGRAD_TRY(setup->bench, open_workbench(setup->settings, "", purpose_of(request)));
  SKILLGRAD_CHECK(prepare_splits(*setup, request));
  for (const auto& idle : idle_options(
           setup->settings, option_use(setup->settings, setup->bench, name_of(request.command))))
    notes().say(idle);
  note_own_judge(setup->settings, setup->bench);
  return setup;
}

}  // namespace

Result<std::unique_ptr<RunSetup>> open_run(const Invocation& invocation,
                                           const RunRequest& request) {
  SKILLGRAD_TRY(auto setup, load_parts(invocation, request));
  SKILLGRAD_CHECK(finish_opening(*setup, request, invocation.stop));
  return setup;
}

Result<std::unique_ptr<RunSetup>> open_dry_run(const Invocation& invocation,
                                               const RunRequest& request) {
  SKILLGRAD_TRY(auto setup, load_parts(invocation, request));
  // No call is made, so none is kept or looked up: their folders are not even made.
  for (const auto key : {option<"cache">, option<"record">, option<"replay">})
    SKILLGRAD_CHECK(setup->settings.set(key, "", "dry run"));
  // Nor is what goes with a cache asked for without one.
  SKILLGRAD_CHECK(setup->settings.set(option<"cache_ttl">, "", "default"));
  for (const auto key : {option<"refresh">, option<"cache_commands">})
    SKILLGRAD_CHECK(setup->settings.set(key, false, "default"));
  SKILLGRAD_TRY(setup->models, Models::open(setup->settings, nullptr, setup->clock));
  return setup;
}

namespace {

/// They may have been changed when the run was resumed; the time limit is the coordinator's own.
Result<> take_shared_limits(Settings& settings, const fs::path& run) {
  const auto files = store::make_shared_files(store::process_name());
  SKILLGRAD_TRY(const Json limits, optim::SharedRun::limits_of(run, *files));
  for (const OptionSpec& spec : option_table())
    if (limits.contains(spec.key))
      SKILLGRAD_CHECK(settings.set(spec, limits[spec.key], "the run's coordinator"));
  for (const OptionSpec* spec : options<"max_time", "hard_max_time", "events">)
    if (settings.origin(*spec) == "config.json of the run")
      SKILLGRAD_CHECK(settings.set(*spec, "", "default"));
  return {};
}

}  // namespace

Result<std::unique_ptr<RunSetup>> reopen_run(const Invocation& invocation,
                                             const std::string& run_dir, RunRequest& request) {
  auto setup = std::make_unique<RunSetup>();
  fs::path dir = fs::absolute(run_dir).lexically_normal();
  if (!dir.has_filename()) dir = dir.parent_path();
  SKILLGRAD_CHECK(begin_like_sibling(dir));
  std::error_code ignored;
  if (!fs::exists(dir / kConfig, ignored))
    return fail(ErrorCode::input, "no run here: config.json is missing", dir.string(),
                "give the run directory that `skillgrad optimize` printed");
  SKILLGRAD_TRY(const auto text, read_file(dir / kConfig));
  SKILLGRAD_TRY(const auto config, read_saved(text, (dir / kConfig).string()));
  if (invocation.given.flags.contains("run"))
    return fail(ErrorCode::usage, "the run directory is the argument of `resume`", "--run",
                "leave --run out");
  SKILLGRAD_TRY(setup->settings,
                restore_settings(config.settings, invocation.given, protect_secrets));
  const fs::path run = config.shard ? dir.parent_path().parent_path() : dir;
  SKILLGRAD_CHECK(setup->settings.set(option<"run">, run.string(), "resume"));
  if (!request.worker.empty()) SKILLGRAD_CHECK(take_shared_limits(setup->settings, dir));
  SKILLGRAD_CHECK(arm_hard_limit(setup->settings, invocation));
  request.command = config.command;
  request.extra = config.extra;
  request.shard = config.shard;
  if (config.shard && config.shard != shard_of_folder(dir))
    return fail(ErrorCode::input, "the folder holds the shard " + config.shard->text(),
                dir.string(), "give it its name back: " + config.shard->folder());
  setup->skill_path = config.skill_path;
  setup->config_dir = config.config_dir;
  if (!setup->skill_path.empty() && setup->settings.get<"in_place">())
    SKILLGRAD_CHECK(recover_skill(setup->skill_path));
  request.skill = setup->skill_path.empty() ? "none" : (dir / kInitial).string();
  if (request.skill != "none") {
    SKILLGRAD_TRY(const auto saved, skill::load_skills(dir / kInitial));
    SKILLGRAD_TRY(setup->skill, skill::SkillPackage::from_files(config.skill_folder,
                                                                saved.skill_md(), saved.files()));
  }
  SKILLGRAD_TRY(setup->neighbours, load_neighbours(setup->settings, setup->skill));
  SKILLGRAD_TRY(setup->bench, open_workbench(setup->settings, "", purpose_of(request)));
  if (const CommandSpec* command = find_command(name_of(config.command)))
    for (const auto& idle : foreign_options(setup->settings, command->name, command->groups))
      notes().say(idle);
  SKILLGRAD_CHECK(prepare_splits(*setup, request));
  SKILLGRAD_CHECK(finish_opening(*setup, request, invocation.stop));
  return setup;
}

Result<> start_run(RunSetup& setup) {
  setup.unused.keep();
  if (setup.resumed) return {};
  // A process that was killed between these two steps left the first one behind.
  SKILLGRAD_CHECK(remove_tree(setup.store->path(kInitial)));
  if (!setup.skill_path.empty()) SKILLGRAD_CHECK(setup.skill.save(setup.store->path(kInitial)));
  return setup.store->write(kConfig, dump_json(setup.config, 1) + "\n");
}

void print_stop(const Error& error, const RunSetup& setup) {
  print_error(error);
  const std::string run = shell_word(setup.store->dir().string());
  print_err("  run: " + run + "; go on with: skillgrad resume " + run + "\n");
}

Result<> share_run(RunSetup& setup, const RunRequest& request, const std::stop_token& stop) {
  Sharing::Options options;
  options.run = setup.store->dir();
  if (!request.worker.empty()) {
    options.run = options.run.parent_path().parent_path();
    options.part = Sharing::Part::worker;
    options.holder = options.name = request.worker;
  } else if (request.shard) {
    options.run = options.run.parent_path().parent_path();
    options.part = Sharing::Part::shard;
    options.holder = "shard-" + request.shard->folder();
  } else if (setup.settings.get<"workers">() == "shared" && !request.found && !setup.finished) {
    options.part = Sharing::Part::coordinator;
    options.holder = "coordinator";
  } else {
    return {};
  }
  SKILLGRAD_TRY(setup.sharing, Sharing::open(std::move(options), setup.settings, *setup.models,
                                             setup.clock, *setup.store, stop));
  return {};
}

Result<llm::CallContext> call_context(const RunSetup& setup, const Invocation& invocation) {
  llm::CallContext out;
  out.stop = invocation.stop;
  if (invocation.watch != nullptr) out.hard_limit = invocation.watch->limit();
  SKILLGRAD_TRY(const auto time, parse_duration(setup.settings.get<"max_time">(),
                                                setup.settings.origin<"max_time">()));
  if (time.count() > 0) out.deadline = setup.clock.now() + time;
  if (out.deadline) setup.time_limit->set(*out.deadline);
  return out;
}

}  // namespace skillgrad::cli
