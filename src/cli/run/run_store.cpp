// SPDX-License-Identifier: MIT
#include "cli/run/run_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/optimizer.hpp>
#include <skillgrad/store/parts.hpp>

#include "cli/run/run_identity.hpp"
#include "cli/run/saved_config.hpp"
#include "cli/screen/notes.hpp"
#include "cli/settings/command_table.hpp"

namespace skillgrad::cli {

namespace {

/// The keys that the user set; a run that goes on must still tell them from defaults.
Json chosen_keys(const Settings& settings) {
  Json out = Json::array();
  for (const auto& spec : option_table())
    if (settings.given(spec)) out.push_back(spec.key);
  return out;
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

}  // namespace

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

}  // namespace skillgrad::cli
