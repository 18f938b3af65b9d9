// SPDX-License-Identifier: MIT
#include "cli/run/run_setup.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/optim/rollouts.hpp>
#include <skillgrad/report/terminal.hpp>
#include <skillgrad/report/watch.hpp>
#include <skillgrad/skill/archive.hpp>
#include <skillgrad/skill/conflicts.hpp>
#include <skillgrad/skill/install.hpp>
#include <skillgrad/skill/skill_set.hpp>
#include <skillgrad/store/parts.hpp>

#include "cli/models/executing_models.hpp"
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

constexpr const char* kConfig = "config.json";
constexpr const char* kInitial = "initial/skill";

Json identity_settings(const Settings& settings) {
  Json out = Json::object();
  for (const auto& spec : option_table())
    if (spec.identity) out[spec.key] = settings.deciding(spec);
  return out;
}

/// Everything that decides the result; its hash names the run (docs/algorithm.md section 4).
Result<Json> identity_of(const RunSetup& setup, const RunRequest& request) {
  SKILLGRAD_TRY(const auto prompts, prompts_hash(setup.settings));
  Json tasks = Json::object();
  const auto& splits = setup.bench.splits;
  for (const auto& [name, ids] : {std::pair{"train", &splits.train}, std::pair{"val", &splits.val},
                                  std::pair{"test", &splits.test}}) {
    PartHasher hasher;
    for (const auto& id : *ids) hasher.add(id).add(setup.bench.benchmark->find(id)->hash);
    tasks[name] = hasher.finish();
  }
  // One by one, so that a resume names the sessions that have changed.
  Json sessions = Json::object();
  if (setup.bench.recorded != nullptr) {
    tasks.erase("train");
    for (const auto& id : splits.train)
      sessions[id] = setup.bench.benchmark->find(id)->hash.substr(0, 16);
  }
  Json out = {{"command", name_of(request.command)},
              {"settings", identity_settings(setup.settings)},
              {"model", model_identity(setup.settings)},
              {"skill", request.skill == "none" ? "none" : setup.skill.hash()},
              {"grading", setup.bench.graded_by},
              {"tasks", tasks},
              {"prompts", prompts},
              {"extra", request.extra}};
  for (const agent::Neighbour& neighbour : setup.neighbours)
    out["neighbours"][neighbour.package.name()] = neighbour.package.hash();
  if (!sessions.empty()) out["traces"] = std::move(sessions);
  if (setup.agent) out["executor"] = agent_json(*setup.agent);
  return out;
}

/// One line; of a hash or a long value the beginning is enough to see that it changed.
std::string shown(const Json& value) {
  const std::string text = replace_all(truncate_middle(dump_json(value), 60), "\n", " ");
  const bool hash = value.is_string() && value.get_ref<const std::string&>().size() == 64;
  return hash ? text.substr(1, 12) : text;
}

void list_changes(const Json& before, const Json& after, const std::string& prefix,
                  std::vector<std::string>& out) {
  for (const auto& [key, value] : before.items())
    if (!after.contains(key))
      out.push_back(fmt::format("{} was {} and is gone", prefix.empty() ? key : prefix + "." + key,
                                shown(value)));
  for (const auto& [key, value] : after.items()) {
    const auto old = before.find(key);
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    if (old == before.end())
      out.push_back(name + " is new");
    else if (value.is_object() && old->is_object())
      list_changes(*old, value, name, out);
    else if (*old != value)
      out.push_back(fmt::format("{}: {} -> {}", name, shown(*old), shown(value)));
  }
}

}  // namespace

Result<> check_same_run(const Json& saved_identity, const Json& identity,
                        const std::string& where) {
  std::vector<std::string> changes;
  list_changes(saved_identity, identity, "", changes);
  if (changes.empty()) return {};
  return fail(
      ErrorCode::config,
      "the configuration differs from the one this run was started with: " + list_some(changes, 12),
      where, "use another --run directory, or give the earlier values");
}

namespace {

/// The keys that the user set; a run that goes on must still tell them from defaults.
Json chosen_keys(const Settings& settings) {
  Json out = Json::array();
  for (const auto& spec : option_table())
    if (settings.given(spec)) out.push_back(spec.key);
  return out;
}

/// config.json of a run, as this program writes it.
struct SavedConfig {
  RunCommand command = RunCommand::optimize;
  std::string skill_path, skill_folder, config_dir;
  std::optional<Shard> shard;
  Json identity, extra;
  SavedSettings settings;  ///< all keys are chosen where an older run names none
};

bool are_places(const Json& list) {
  return list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& item) {
           const bool whole = item.is_object() && item.contains("key") && item.contains("at") &&
                              item["key"].is_string() && item["at"].is_string();
           return whole && (item["at"] == "" || item["at"].get<std::string>().front() == '/');
         });
}

Result<SavedConfig> read_saved(const std::string& text, const std::string& where) {
  const auto read = [&]() -> Result<SavedConfig> {
    SKILLGRAD_TRY(const auto json, parse_json(text, where));
    StrictReader reader(json, where);
    SavedConfig out;
    out.command = read_named<RunCommand>(reader, "command");
    out.skill_path = reader.string("skill_path");
    out.skill_folder = reader.string("skill_folder");
    out.config_dir = reader.string("config_dir");
    const std::pair<const char*, Json*> objects[] = {
        {"settings", &out.settings.flat}, {"identity", &out.identity}, {"extra", &out.extra}};
    for (const auto& [key, value] : objects) {
      *value = reader.any(key, true);
      if (!value->is_object()) reader.reject(key, "is no object");
    }
    if (const std::string shard = reader.string("shard", ""); !shard.empty()) {
      SKILLGRAD_TRY(out.shard, parse_shard(shard, environment_value));
    }
    for (const auto& spec : option_table()) out.settings.chosen.push_back(spec.key);
    if (reader.has("chosen")) out.settings.chosen = reader.any("chosen");
    if (!out.settings.chosen.is_array()) reader.reject("chosen", "is no array");
    if (reader.has("not_kept")) out.settings.not_kept = reader.any("not_kept");
    if (!are_places(out.settings.not_kept)) reader.reject("not_kept", "is no list of places");
    SKILLGRAD_CHECK(reader.finish(true));
    return out;
  };
  auto saved = read();
  if (!saved)
    saved.error().mend =
        "it was changed by hand or is damaged; restore it, or start again with another --run "
        "directory";
  return saved;
}

/// config.json is written before the first rollout. Work without it is of a run that nobody can
/// name, and would be taken for that of this command.
Result<> refuse_nameless_work(const store::RunStore& store) {
  std::error_code ignored;
  for (const char* name : {"state.json", "plan.json", "run.json", "base", "base_val", "eval"})
    if (fs::exists(store.path(name), ignored))
      return fail(ErrorCode::input,
                  std::string("config.json is missing, but the folder holds ") + name +
                      " of an earlier run",
                  store.dir().string(), "restore config.json, or give another --run directory");
  return {};
}

/// Is it to go on where it ended before?
bool ends_later(const RunSetup& setup, const SavedConfig& saved) {
  const auto& table = option_table();
  return std::any_of(table.begin(), table.end(), [&](const OptionSpec& spec) {
    return (spec.groups & kStops) != 0 &&
           saved.settings.flat.value(spec.key, Json()) != setup.settings.raw(spec);
  });
}

/// --run, or a name that says what the run is.
std::string run_folder(const RunSetup& setup, const RunRequest& request, const Json& identity) {
  const std::string named = setup.settings.get<"run">();
  if (!named.empty() && request.runs.empty()) return named;
  const std::string skill_name = request.skill == "none" ? "no-skill" : setup.skill.name();
  const std::string kind = request.command == RunCommand::optimize
                               ? std::string()
                               : name_of(request.command) + std::string("-");
  const std::string hash = sha256_hex(canonical_json(identity)).substr(0, 10);
  return (request.runs.empty() ? fs::path("skillgrad-runs") : request.runs) /
         fmt::format("{}{}-{}", kind, slugify(skill_name), hash);
}

/// The shards of a run agree on what it is and on how many they are.
Result<> check_family(const fs::path& run, const Shard& shard, const Json& identity) {
  std::vector<fs::path> others = {run};
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(run / store::kShards, none)) {
    const auto other = shard_of_folder(entry.path());
    std::error_code ignored;
    if (!other || !fs::exists(entry.path() / kConfig, ignored)) continue;
    if (other->count != shard.count)
      return fail(ErrorCode::config,
                  fmt::format("got --shard {}, and the run has the shard {}: its rollouts are "
                              "split into {}",
                              shard.text(), other->text(), other->count),
                  run.string(),
                  fmt::format("give --shard {}/{}, or another --run directory",
                              std::min(shard.index, other->count), other->count));
    others.push_back(entry.path());
  }
  std::sort(others.begin(), others.end());
  for (const fs::path& other : others) {
    std::error_code ignored;
    if (!fs::exists(other / kConfig, ignored)) continue;
    SKILLGRAD_TRY(const auto text, read_file(other / kConfig));
    SKILLGRAD_TRY(const auto config, read_saved(text, (other / kConfig).string()));
    SKILLGRAD_CHECK(check_same_run(config.identity, identity, other.string()));
  }
  return {};
}

/// A worker has its own folder, and the configuration of its run.
Result<> open_worker_store(RunSetup& setup, const fs::path& run, const std::string& name,
                           const Json& identity) {
  SKILLGRAD_TRY(const auto text, read_file(run / kConfig));
  SKILLGRAD_TRY(const auto config, read_saved(text, (run / kConfig).string()));
  SKILLGRAD_CHECK(check_same_run(config.identity, identity, run.string()));
  const fs::path own = fs::absolute(run) / store::kWorkers / name;
  SKILLGRAD_TRY(setup.store, store::RunStore::open(own, setup.clock));
  setup.unused.watch(own);
  setup.resumed = true;
  return {};
}

Result<> open_store(RunSetup& setup, const RunRequest& request, const Json& identity) {
  std::string dir = run_folder(setup, request, identity);
  if (!request.worker.empty()) return open_worker_store(setup, dir, request.worker, identity);
  if (request.shard) {
    SKILLGRAD_CHECK(check_family(dir, *request.shard, identity));
    dir = (fs::path(dir) / store::kShards / request.shard->folder()).string();
  }
  std::error_code ignored;
  const bool existed = fs::exists(dir, ignored);
  SKILLGRAD_TRY(setup.store, store::RunStore::open(fs::absolute(dir), setup.clock));
  SKILLGRAD_TRY(const auto saved, setup.store->read(kConfig));
  // Only now: before the lock was taken the folder may have been another process's.
  if (!existed && !saved) setup.unused.watch(fs::absolute(dir));
  if (saved) {
    SKILLGRAD_TRY(const auto config, read_saved(*saved, setup.store->path(kConfig).string()));
    SKILLGRAD_CHECK(check_same_run(config.identity, identity, dir));
    setup.resumed = true;
    setup.finished = optim::finished_before(*setup.store) && !ends_later(setup, config);
    return {};
  }
  SKILLGRAD_CHECK(refuse_nameless_work(*setup.store));
  setup.config = {{"schema", "skillgrad.config/1"},
                  {"version", SKILLGRAD_VERSION},
                  {"command", name_of(request.command)},
                  {"skill_path", setup.skill_path},
                  {"skill_folder", setup.skill.folder_name()},
                  {"extra", request.extra},
                  {"config_dir", setup.config_dir.string()},
                  {"settings", setup.settings.to_json()},
                  {"chosen", chosen_keys(setup.settings)},
                  {"not_kept", setup.settings.not_kept()},
                  {"identity", identity},
                  {"grading", setup.bench.graded_by},
                  {"recalculation", setup.bench.recalculated_by()},
                  {"sandbox", setup.bench.sandbox->info().backend},
                  {"split", setup.bench.splits.origin}};
  if (request.shard) setup.config["shard"] = request.shard->text();
  return {};
}

/// Rows paid for by earlier processes of this run count as spent.
Result<> restore_ledger(RunSetup& setup) {
  SKILLGRAD_TRY(const auto rows, setup.store->ledger());
  for (const auto& row : rows) setup.models->accountant().restore(row);
  SKILLGRAD_TRY(const auto lost, setup.store->unsettled());
  std::optional<double> usd = 0.0;
  for (const auto& row : lost) {
    setup.models->accountant().restore_lost(row);
    usd = usd && row.cost_usd ? std::optional(*usd + *row.cost_usd) : std::nullopt;
  }
  if (!lost.empty())
    notes().say(
        fmt::format("{} call{} in flight when the run was interrupted may have been billed ({})",
                    lost.size(), lost.size() == 1 ? "" : "s",
                    usd ? fmt::format("at most {:.4f} USD", *usd)
                        : "how much is not known: give --price or --prices"));
  return {};
}

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

/// What earlier processes spent, on top of the limits of this one.
Result<> raise_limits(RunSetup& setup) {
  llm::Accountant earlier{llm::Budget{}};
  SKILLGRAD_TRY(const auto rows, setup.store->ledger());
  for (const auto& row : rows) earlier.restore(row);
  SKILLGRAD_TRY(const auto lost, setup.store->unsettled());
  for (const auto& row : lost) earlier.restore_lost(row);
  const auto spent = earlier.totals();
  Settings& settings = setup.settings;
  const auto tokens = spent.usage.input_tokens + spent.usage.output_tokens + spent.unsettled_tokens;
  const double usd = spent.cost_usd.value_or(0) + spent.unsettled_usd.value_or(0);
  if (const double most = settings.get<"max_usd">(); most > 0)
    SKILLGRAD_CHECK(settings.set(option<"max_usd">, most + usd, settings.origin<"max_usd">()));
  if (const auto most = settings.get<"max_tokens">(); most > 0)
    SKILLGRAD_CHECK(
        settings.set(option<"max_tokens">, most + tokens, settings.origin<"max_tokens">()));
  if (const auto most = settings.get<"max_calls">(); most > 0)
    SKILLGRAD_CHECK(settings.set(option<"max_calls">, most + spent.usage.calls,
                                 settings.origin<"max_calls">()));
  return {};
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

}  // namespace

fs::path skill_folder(const fs::path& skill) {
  std::error_code ignored;
  const fs::path whole = fs::absolute(skill).lexically_normal();
  if (skill::is_archive(whole)) return fs::weakly_canonical(whole, ignored);
  return fs::weakly_canonical(fs::is_directory(whole, ignored) ? whole / "" : whole.parent_path(),
                              ignored);
}

Result<skill::SkillPackage> load_skill(const std::string& path, SkillKind kind) {
  SKILLGRAD_TRY(auto package, load_packages(path));
  if (kind == SkillKind::one && skill::is_set(package))
    return skill::SkillPackage::load(path);  // which says why it is not one
  const std::string folder = skill_folder(path).string();
  for (const auto& finding : skill::validate(package, skill::Profile::spec))
    if (finding.severity == skill::Severity::error)
      notes().say(fmt::format("{}/{}:{}: {} [{}]", folder, finding.file, finding.line,
                              finding.message, finding.rule));
  say_repairs(package, folder);
  for (const skill::Conflict& conflict : skill::conflicts_between(package))
    notes().say(conflict.sentence());
  return package;
}

void say_repairs(const skill::SkillPackage& package, const std::string& folder) {
  for (const auto& repair : package.repairs())
    notes().say(fmt::format("{}/{}: {}; a run keeps these bytes as they are", folder, repair.file,
                            repair.message));
}

namespace {

/// What a run that was killed while it wrote back with --in-place left beside the skill.
Result<> recover_skill(const fs::path& skill) {
  fs::path live = fs::absolute(skill).lexically_normal();
  if (live.filename() == "SKILL.md" || live.filename() == "skill.md" || !live.has_filename())
    live = live.parent_path();
  SKILLGRAD_TRY(const auto done, skill::recover_install(live));
  for (const auto& sentence : done) print_err("note: " + strip_control(sentence) + "\n");
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

/// A shard that was never begun begins with the configuration of another one of its run, so that
/// `resume` can name any of them.
Result<> begin_like_sibling(const fs::path& dir) {
  std::error_code ignored;
  const auto shard = shard_of_folder(dir);
  if (!shard || dir.parent_path().filename() != store::kShards || fs::exists(dir, ignored))
    return {};
  std::vector<fs::path> siblings;
  for (const auto& entry : fs::directory_iterator(dir.parent_path(), ignored)) {
    const auto other = shard_of_folder(entry.path());
    if (other && other->count == shard->count && fs::exists(entry.path() / kConfig))
      siblings.push_back(entry.path());
  }
  if (siblings.empty()) return {};
  const fs::path from = *std::min_element(siblings.begin(), siblings.end());
  SKILLGRAD_TRY(Json config, read_json(from / kConfig));
  if (config.is_object()) config["shard"] = shard->text();
  SKILLGRAD_CHECK(make_directories(dir));
  if (fs::exists(from / kInitial, ignored))
    SKILLGRAD_CHECK(copy_tree(from / kInitial, dir / kInitial));
  return write_file_atomic(dir / kConfig, dump_json(config, 1) + "\n");
}

}  // namespace

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

FolderGuard::~FolderGuard() {
  if (dir_.empty()) return;
  // Out of the way in one step, so that nobody meets a half removed folder.
  std::error_code error;
  const fs::path away = dir_.string() + ".unused";
  fs::rename(dir_, away, error);
  fs::remove_all(error ? dir_ : away, error);
  // Of a shard, the folders around it, too, if nothing else is in them.
  const fs::path around = dir_.parent_path();
  if (around.filename() == store::kShards && fs::remove(around, error))
    fs::remove(around.parent_path(), error);
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
