// SPDX-License-Identifier: MIT
#include "report/interchange/rollout_files.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/untrusted_tree.hpp>
#include <skillgrad/store/ledger.hpp>

#include "report/run/json_parts.hpp"

namespace skillgrad::report {
namespace {

constexpr std::size_t kMostTrajectoryBytes = std::size_t{64} << 20;
constexpr std::size_t kMostOutputs = 20'000;

std::optional<int> digits(std::string_view text, std::size_t from, std::size_t count) {
  int value = 0;
  if (text.size() < from + count) return std::nullopt;
  const char* const begin = text.data() + from;
  const auto [end, error] = std::from_chars(begin, begin + count, value);
  if (error != std::errc() || end != begin + count || value < 0) return std::nullopt;
  return value;
}

/// "2026-11-30T15:06:04.403Z"
std::optional<WallTime> utc_time(std::string_view text) {
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2),
             hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto milliseconds = text.size() > 19 && text[19] == '.' ? digits(text, 20, 3) : 0;
  return std::chrono::time_point_cast<WallTime::duration>(
      std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
      std::chrono::seconds(*second) + std::chrono::milliseconds(milliseconds.value_or(0)));
}

Result<optim::LossRecord> record_of(Json json) {
  // What the file holds beside the record (docs/results.md).
  for (const char* key : {"skill", "final_message", "outputs_kept", "files", "again"})
    if (json.is_object()) json.erase(key);
  return optim::loss_from_json(json);
}

}  // namespace

void CallSum::add(const llm::LedgerRow& row) {
  add({row.usage.input_tokens, row.usage.cached_tokens, row.cache_write_tokens,
       row.usage.output_tokens, row.cost_usd});
}

void CallSum::add(const CallSum& other) {
  input += other.input;
  cached += other.cached;
  written += other.written;
  output += other.output;
  if (usd && other.usd)
    *usd += *other.usd;
  else
    usd.reset();
}

RolloutFiles::RolloutFiles(const fs::path& dir, const RunReport& report, ExportNotes& notes)
    : report_(report), files_(dir, notes), config_(files_.json("config.json")) {
  read_events();
  read_calls();
}

void RolloutFiles::read_events() {
  for (const Json& event : files_.lines("events.jsonl"))
    if (text_of(event, "event") == "rollout" && !text_of(event, "path").empty())
      ended_[text_of(event, "path")] = text_of(event, "time");
}

void RolloutFiles::read_calls() {
  if (!files_.has("calls/ledger.jsonl")) return;
  auto rows = store::read_ledger(files_.dir());
  if (!rows) {
    files_.miss("the ledger cannot be read, so tokens of single calls are not known: " +
                rows.error().message);
    return;
  }
  for (llm::LedgerRow& row : *rows) {
    if (!row.answered()) continue;
    calls_[row.scope].push_back(std::move(row));
  }
}

std::vector<RolloutPlace> RolloutFiles::of(const std::string& column, Arm arm) const {
  std::vector<RolloutPlace> out;
  for (const RolloutPlace& place : all()) {
    if (place.rollout->arm != arm || report_.columns[place.rollout->column].key != column) continue;
    // A package that was measured under two names counts once, as it was last.
    if (!out.empty() && out.back().task == place.task &&
        out.back().rollout->trial == place.rollout->trial)
      out.back() = place;
    else
      out.push_back(place);
  }
  return out;
}

std::vector<RolloutPlace> RolloutFiles::all() const {
  std::vector<RolloutPlace> out;
  for (const TaskRow& task : report_.tasks) {
    const std::size_t first = out.size();
    for (const Rollout& rollout : task.rollouts) out.push_back({&task, &rollout});
    std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
                     [](const RolloutPlace& a, const RolloutPlace& b) {
                       return a.rollout->trial < b.rollout->trial;
                     });
  }
  return out;
}

std::optional<RolloutRecord> RolloutFiles::read(const RolloutPlace& place) const {
  const std::string& path = place.rollout->path;
  const Json json = files_.json(path + "/loss.json");
  if (json.is_null()) return std::nullopt;  // a note says so already
  RolloutRecord out;
  auto loss = record_of(json);
  if (!loss) {
    files_.miss(path + "/loss.json cannot be read: " + loss.error().to_line());
    return std::nullopt;
  }
  out.loss = std::move(*loss);
  out.final_message = text_of(json, "final_message");
  out.outputs = outputs_of(path);
  if (const auto ended = ended_.find(path); ended != ended_.end()) {
    out.ended_at = ended->second;
    out.started_at = earlier(ended->second, out.loss.seconds);
  }
  const std::string name = path + "/trajectory.jsonl";
  std::error_code ignored;
  if (files_.has(name) && fs::file_size(files_.dir() / name, ignored) > kMostTrajectoryBytes) {
    files_.miss(
        fmt::format("{} is over {} MiB and is left out", name, kMostTrajectoryBytes >> 20U));
  } else if (files_.has(name)) {
    const auto trajectory = agent::Trajectory::from_json_lines(files_.text(name));
    if (trajectory)
      out.conversation = conversation_of(*trajectory);
    else
      files_.miss(name + " cannot be read: " + trajectory.error().to_line());
  }
  // A rollout that was done again has other scopes; what was asked last counts.
  for (auto at = calls_.lower_bound(path); at != calls_.end() && at->first.starts_with(path);
       ++at) {
    const std::string rest = at->first.substr(path.size());
    const bool own = rest.empty() || rest.front() == '~';
    if (!own && rest.front() != '/') continue;  // "t1.0" and "t1.01"
    for (const llm::LedgerRow& row : at->second) out.by_model[row.model].add(row);
    if (own && rest.find('/') == std::string::npos) out.calls = at->second;
  }
  const auto turns = std::count_if(out.conversation.begin(), out.conversation.end(),
                                   [](const Utterance& said) { return said.by == Speaker::agent; });
  if (out.calls.size() != static_cast<std::size_t>(turns)) out.calls.clear();
  return out;
}

std::map<std::string, CallSum> RolloutFiles::judges_of(const std::string& stage) const {
  std::map<std::string, CallSum> out;
  const std::string scope = stage + "/judge/";
  for (auto at = calls_.lower_bound(scope); at != calls_.end() && at->first.starts_with(scope);
       ++at)
    for (const llm::LedgerRow& row : at->second) out[row.model].add(row);
  return out;
}

std::vector<std::string> RolloutFiles::outputs_of(const std::string& path) const {
  std::error_code ignored;
  const fs::path dir = files_.dir() / path / "outputs";
  if (!fs::is_directory(fs::symlink_status(dir, ignored))) return {};
  auto files = list_files(dir);
  if (!files) {
    files_.miss(path + "/outputs cannot be read: " + files.error().message);
    return {};
  }
  if (files->size() > kMostOutputs) files->resize(kMostOutputs);
  return std::move(*files);
}

std::string earlier(const std::string& time, double seconds) {
  const auto at = utc_time(time);
  if (!at || !std::isfinite(seconds) || seconds < 0 || seconds > 1e9) return {};
  return format_utc(
      *at - std::chrono::duration_cast<WallTime::duration>(std::chrono::duration<double>(seconds)));
}

Result<NewFolder> NewFolder::create(const fs::path& out) {
  const fs::path place = fs::absolute(out).lexically_normal();
  const fs::path whole = place.has_filename() ? place : place.parent_path();
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(whole, ignored)) &&
      !(fs::is_directory(fs::symlink_status(whole, ignored)) && fs::is_empty(whole, ignored)))
    return fail(ErrorCode::usage, "is there and is no empty folder", whole.string(),
                "give --out DIR, a folder that does not exist yet");
  SKILLGRAD_TRY(auto folder, TempDir::create(".skillgrad-export-", whole.parent_path()));
  SKILLGRAD_CHECK(make_directories(folder.path() / "whole"));
  return NewFolder(std::move(folder), whole);
}

Result<> NewFolder::write(const fs::path& relative, const std::string& bytes) const {
  const fs::path file = path() / relative;
  SKILLGRAD_CHECK(make_directories(file.parent_path()));
  return write_file_in_place(file, bytes);
}

Result<> NewFolder::copy(const fs::path& from, const fs::path& relative) const {
  SKILLGRAD_TRY(const auto copied, copy_untrusted_tree(from, path() / relative));
  if (copied.refused.empty()) return {};
  return fail(ErrorCode::input, "cannot be copied: " + copied.refused, from.string(),
              "leave out what is too large there, and ask again");
}

Result<> NewFolder::publish() {
  SKILLGRAD_CHECK(sync_file_system(path()));
  std::error_code error;
  fs::rename(path(), out_, error);
  if (!error) return {};
  return fail(ErrorCode::io, "cannot be put in place: " + error.message(), out_.string(),
              "give --out DIR, a folder that does not exist yet");
}

}  // namespace skillgrad::report
