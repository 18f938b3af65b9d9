// SPDX-License-Identifier: MIT
#include "cli/cluster/shard_folders.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/rollouts.hpp>
#include <skillgrad/store/parts.hpp>

#include "cli/run/evaluate_run.hpp"
#include "cli/run/run_identity.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kEvents = "events.jsonl";
constexpr const char* kInitial = "initial";
constexpr const char* kLearned = "calls/learned.json";
constexpr const char* kMerging = ".merging";  ///< below RUN/shards

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string at_shard(const ShardFolder& one) { return "shard " + one.shard.text(); }

/// The configuration of a shard is that of its run, with its number.
Result<Json> config_of(const fs::path& dir) {
  SKILLGRAD_TRY(Json config, read_json(dir / kConfig));
  if (!config.is_object() || !config.value("identity", Json()).is_object())
    return fail(ErrorCode::input, "no configuration of a run", (dir / kConfig).string(),
                "it was changed by hand or is damaged; remove the folder and make the shard again");
  config.erase("shard");
  return config;
}

// Events. Of a note that each shard says about the configuration there is one in the whole, of a
// note about a rollout as many as there are.

struct Line {
  std::string text;
  Json event;
};

Result<std::vector<Line>> events_of(const fs::path& dir) {
  std::vector<Line> out;
  if (!is_there(dir / kEvents)) return out;
  SKILLGRAD_TRY(std::string text, read_file(dir / kEvents));
  text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  for (std::string& line : split_lines(text)) {
    Json event = Json::parse(line, nullptr, false);
    if (event.is_object()) out.push_back({std::move(line), std::move(event)});
  }
  return out;
}

std::string text_in(const Json& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_event(const Line& line, const char* name) { return text_in(line.event, "event") == name; }

std::string rollout_of(const Line& line) { return text_in(line.event, "path"); }

using Tasks = std::set<std::string>;
using Counts = std::map<std::string, std::size_t>;

bool is_about_task(const std::string& note, const Tasks& tasks) {
  for (auto colon = note.find(": "); colon != std::string::npos; colon = note.find(": ", colon + 1))
    if (tasks.contains(note.substr(0, colon))) return true;
  return false;
}

Counts notes_in(const std::vector<Line>& lines) {
  Counts out;
  for (const Line& line : lines)
    if (is_event(line, "notice")) ++out[text_in(line.event, "text")];
  return out;
}

/// What the run's events lack, in the order of the shards: notes about the whole first.
std::string missing_events(const std::vector<Line>& present,
                           const std::vector<std::vector<Line>>& shards) {
  Tasks tasks;
  for (const auto& lines : shards)
    for (const Line& line : lines)
      if (is_event(line, "rollout")) tasks.insert(text_in(line.event, "task_id"));
  Counts wanted;
  for (const auto& lines : shards)
    for (const auto& [note, count] : notes_in(lines))
      wanted[note] =
          is_about_task(note, tasks) ? wanted[note] + count : std::max(wanted[note], count);
  Counts have = notes_in(present);
  std::set<std::string> rollouts;
  for (const Line& line : present)
    if (is_event(line, "rollout")) rollouts.insert(rollout_of(line));
  std::string general, special;
  for (const auto& lines : shards)
    for (const Line& line : lines) {
      if (is_event(line, "rollout") && rollouts.insert(rollout_of(line)).second)
        special += line.text + "\n";
      if (!is_event(line, "notice")) continue;
      const std::string note = text_in(line.event, "text");
      if (have[note] >= wanted[note]) continue;
      ++have[note];
      (is_about_task(note, tasks) ? special : general) += line.text + "\n";
    }
  return general + special;
}

Result<> join_events(const fs::path& run, const std::vector<ShardFolder>& shards) {
  SKILLGRAD_TRY(const auto present, events_of(run));
  std::vector<std::vector<Line>> lines;
  for (const ShardFolder& one : shards) {
    SKILLGRAD_TRY(auto of_shard, events_of(one.dir));
    lines.push_back(std::move(of_shard));
  }
  const std::string missing = missing_events(present, lines);
  if (missing.empty()) return {};
  std::string whole;
  for (const Line& line : present) whole += line.text + "\n";
  return write_file_atomic(run / kEvents, whole + missing);
}

/// What endpoints refused, by endpoint; of each the changes of all shards.
Result<> join_learned(const fs::path& run, const std::vector<ShardFolder>& shards) {
  Json whole;
  if (is_there(run / kLearned)) {
    SKILLGRAD_TRY(whole, read_json(run / kLearned));
  }
  const Json before = whole;
  for (const ShardFolder& one : shards) {
    if (!is_there(one.dir / kLearned)) continue;
    SKILLGRAD_TRY(const Json learned, read_json(one.dir / kLearned));
    if (!whole.is_object()) whole = learned;
    const Json endpoints = learned.value("endpoints", Json::object());
    for (const auto& [endpoint, entry] : endpoints.items()) {
      Json& known = whole["endpoints"][endpoint];
      if (known.is_null()) known = entry;
      for (const Json& change : entry.value("changes", Json::array()))
        if (auto& changes = known["changes"];
            std::find(changes.begin(), changes.end(), change) == changes.end())
          changes.push_back(change);
    }
  }
  if (whole == before) return {};
  return write_file_atomic(run / kLearned, dump_json(whole, 1) + "\n");
}

/// Files that are never changed in place may be the same ones; where links are not known they are
/// copies.
Result<> link_tree(const fs::path& from, const fs::path& to) {
  SKILLGRAD_CHECK(make_directories(to));
  SKILLGRAD_TRY(const auto files, list_files(from));
  for (const std::string& name : files) {
    const fs::path target = to / name;
    SKILLGRAD_CHECK(make_directories(target.parent_path()));
    if (::link((from / name).c_str(), target.c_str()) == 0) continue;
    const int problem = errno;
    if (problem != EPERM && problem != EOPNOTSUPP && problem != EMLINK && problem != EXDEV)
      return tl::unexpected(errno_error(problem, "cannot link", target.string()));
    SKILLGRAD_TRY(const std::string bytes, read_file(from / name));
    SKILLGRAD_CHECK(write_file_in_place(target, bytes));
  }
  return {};
}

Result<> adopt(const fs::path& run, const fs::path& shard, const std::string& dir) {
  const fs::path fresh = run / store::kShards / kMerging;
  SKILLGRAD_CHECK(remove_tree(fresh));
  SKILLGRAD_CHECK(link_tree(shard / dir, fresh));
  SKILLGRAD_CHECK(remove_tree(run / dir));
  SKILLGRAD_CHECK(make_directories((run / dir).parent_path()));
  std::error_code problem;
  fs::rename(fresh, run / dir, problem);
  if (problem)
    return tl::unexpected(errno_error(problem.value(), "cannot rename", (run / dir).string()));
  return {};
}

/// How many rollouts a shard has to make, and how many of them are not there.
struct Tally {
  std::size_t planned = 0, missing = 0;
};

using optim::LossStatus;
using Orders = optim::RolloutRunner::Orders;

optim::RolloutRunner reader_of(RunSetup& setup, store::RunStore& store) {
  optim::RolloutRunner::Parts parts;
  parts.benchmark = setup.bench.benchmark.get();
  parts.store = &store;
  parts.observer = setup.observer.get();
  parts.jobs = static_cast<unsigned>(setup.settings.get<"jobs">());
  return optim::RolloutRunner(parts);
}

/// All rollouts of the run, with their packages.
Result<Orders> all_orders(RunSetup& setup, const RunRequest& request,
                          const std::optional<skill::SkillPackage>& baseline) {
  SKILLGRAD_TRY(const auto ids,
                split_ids(setup.bench.splits, request.extra.value("split", "test")));
  Orders out;
  for (auto& batch : eval_batches(request, ids)) {
    if (batch.dir == "eval") batch.skill = request.skill == "none" ? nullptr : &setup.skill;
    if (batch.dir == "baseline") batch.skill = baseline ? &*baseline : nullptr;
    for (auto& order : optim::RolloutRunner::orders_of(batch).items) out.items.push_back(order);
  }
  return out;
}

Error incomplete(const fs::path& run, int count, const std::map<int, Tally>& tallies,
                 const std::vector<ShardFolder>& shards) {
  std::vector<std::string> which;
  std::string mend;
  std::size_t missing = 0, planned = 0;
  for (int index = 1; index <= count; ++index) {
    const auto found = tallies.find(index);
    const Tally tally = found == tallies.end() ? Tally{} : found->second;
    planned += tally.planned;
    missing += tally.missing;
    if (tally.missing == 0) continue;
    const Shard shard{index, count};
    const bool begun = std::any_of(shards.begin(), shards.end(),
                                   [&](const ShardFolder& one) { return one.shard == shard; });
    which.push_back(
        begun ? fmt::format("shard {} lacks {} of {}", shard.text(), tally.missing, tally.planned)
              : fmt::format("shard {} was not begun ({})", shard.text(), tally.planned));
    if (mend.empty())
      mend = "skillgrad resume " + shell_word((run / store::kShards / shard.folder()).string());
  }
  return {ErrorCode::input,
          fmt::format("{} of {} rollouts are missing: {}", missing, planned, list_some(which, 12)),
          run.string(),
          "make them with `" + mend + "`" +
              (which.size() > 1 ? ", the other shards likewise" : "") + ", then merge again",
          {}};
}

}  // namespace

Result<std::vector<ShardFolder>> shards_of(const fs::path& run) {
  std::vector<ShardFolder> out;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(run / store::kShards, none)) {
    const auto shard = shard_of_folder(entry.path());
    if (shard && is_there(entry.path() / kConfig)) out.push_back({*shard, entry.path()});
  }
  if (out.empty())
    return fail(ErrorCode::input, "the folder holds no shard of a run", run.string(),
                "give the --run directory of `skillgrad eval SKILL --shard 1/4`");
  std::sort(out.begin(), out.end(), [](const ShardFolder& a, const ShardFolder& b) {
    return std::pair(a.shard.count, a.shard.index) < std::pair(b.shard.count, b.shard.index);
  });
  SKILLGRAD_TRY(const Json first, config_of(out.front().dir));
  for (const ShardFolder& one : out) {
    if (one.shard.count != out.front().shard.count)
      return fail(ErrorCode::config,
                  fmt::format("the run has the shards {} and {}, which split it differently",
                              out.front().shard.text(), one.shard.text()),
                  run.string(), "remove the folders of those that are not of this run");
    SKILLGRAD_TRY(const Json config, config_of(one.dir));
    auto same = check_same_run(first["identity"], config["identity"], one.dir.string());
    if (same) continue;
    Error error = std::move(same).error();
    error.mend = "remove the folder of the shard that is not of this run, and make that one again";
    return tl::unexpected(
        std::move(error).with_context(at_shard(out.front()) + " and " + at_shard(one)));
  }
  return out;
}

Result<> join_files(const fs::path& run, const std::vector<ShardFolder>& shards) {
  SKILLGRAD_TRY(const Json config, config_of(shards.front().dir));
  if (is_there(run / kConfig)) {
    SKILLGRAD_TRY(const Json saved, config_of(run));
    SKILLGRAD_CHECK(check_same_run(saved["identity"], config["identity"], run.string()));
  }
  SKILLGRAD_CHECK(join_learned(run, shards));
  SKILLGRAD_CHECK(join_events(run, shards));
  if (is_there(run / kConfig)) return {};
  SKILLGRAD_CHECK(remove_tree(run / kInitial));
  if (is_there(shards.front().dir / kInitial))
    SKILLGRAD_CHECK(copy_tree(shards.front().dir / kInitial, run / kInitial));
  return write_file_atomic(run / kConfig, dump_json(config, 1) + "\n");
}

Result<> adopt_rollouts(RunSetup& setup, const RunRequest& request,
                        const std::vector<ShardFolder>& shards) {
  const fs::path run = setup.store->dir();
  SKILLGRAD_TRY(const auto baseline, open_baseline(setup, request.extra.value("baseline", "")));
  SKILLGRAD_TRY(const Orders all, all_orders(setup, request, baseline));
  SKILLGRAD_TRY(auto records, reader_of(setup, *setup.store).finished(all));
  const int count = shards.front().shard.count;
  for (const ShardFolder& one : shards) {
    auto opened = store::RunStore::open(one.dir, setup.clock);
    if (!opened) return tl::unexpected(std::move(opened).error().with_context(at_shard(one)));
    SKILLGRAD_TRY(const auto made, reader_of(setup, **opened).finished(all));
    for (std::size_t i = 0; i < all.items.size(); ++i) {
      const bool better =
          made[i].status != LossStatus::skipped &&
          (records[i].status == LossStatus::skipped || (records[i].failed() && !made[i].failed()));
      if (!better) continue;
      const auto& order = all.items[i];
      SKILLGRAD_CHECK(adopt(
          run, one.dir, optim::RolloutRunner::rollout_dir(order.dir, order.task_id, order.sample)));
      records[i] = made[i];
    }
  }
  std::map<int, Tally> tallies;
  bool complete = true;
  for (std::size_t i = 0; i < all.items.size(); ++i) {
    int index = 1;
    while (!Shard{index, count}.has(all.items[i].task_id, all.items[i].sample)) ++index;
    Tally& tally = tallies[index];
    ++tally.planned;
    if (records[i].status != LossStatus::skipped) continue;
    ++tally.missing;
    complete = false;
  }
  if (!complete) return tl::unexpected(incomplete(run, count, tallies, shards));
  return {};
}

}  // namespace skillgrad::cli
