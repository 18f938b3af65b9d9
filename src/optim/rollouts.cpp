// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <mutex>

#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/parallel.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/rollouts.hpp>

#include "optim/outputs.hpp"
#include "optim/run_state.hpp"

namespace skillgrad::optim {
namespace {

/// This many rollouts in a row that the endpoint did not serve: it is not there.
constexpr std::size_t kDeadEndpoint = 3;

/// A task id as one path component; ids that are no plain names get a hash.
std::string safe_name(const std::string& id) {
  const bool plain = !id.empty() && id.size() <= 80 && id.front() != '.' &&
                     id.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789-_.") == std::string::npos;
  return plain ? id : slugify(id).substr(0, 40) + "-" + sha256_hex(id).substr(0, 8);
}

bool is_away(ErrorCode code) {
  return code == ErrorCode::transient || code == ErrorCode::rate_limit;
}

/// The endpoint is to blame, not this task: it (or the judge's) is away, or it never gave one
/// usable reply.
bool is_unserved(const agent::Rollout& rollout, const LossRecord& record) {
  if (record.call_error && is_away(record.call_error->code)) return true;
  if (rollout.end != agent::EndState::infra_error || !rollout.error) return false;
  const ErrorCode code = rollout.error->code;
  if (is_away(code)) return true;
  return rollout.usage.calls == 0 &&
         (code == ErrorCode::malformed_reply || code == ErrorCode::bad_request);
}

/// The endpoint's answer to this very request, which the same task would meet again (R3.2).
bool is_settled(const agent::Rollout& rollout) {
  if (rollout.end != agent::EndState::infra_error || !rollout.error) return false;
  const ErrorCode code = rollout.error->code;
  return code == ErrorCode::bad_request || code == ErrorCode::context_overflow ||
         code == ErrorCode::request_too_large || code == ErrorCode::content_filter;
}

/// What a saved rollout must have been run with to be found again.
std::string skill_key(const skill::SkillPackage* skill) {
  return skill != nullptr ? skill->hash() : "none";
}

}  // namespace

std::string RolloutRunner::rollout_dir(const std::string& dir, const std::string& task_id,
                                       int sample) {
  return fmt::format("{}/rollouts/{}.{}", dir, safe_name(task_id), sample);
}

Result<std::string> RolloutRunner::skill_text(const std::string& dir) const {
  return read_file(parts_.store->path(dir + "/skill_text.md"));
}

Result<agent::Trajectory> RolloutRunner::trajectory(const std::string& dir) const {
  const auto read = [&]() -> Result<agent::Trajectory> {
    SKILLGRAD_TRY(const auto text, read_file(parts_.store->path(dir + "/trajectory.jsonl")));
    return agent::Trajectory::from_json_lines(text);
  };
  return read().map_error(
      [&](Error error) { return damaged(std::move(error), *parts_.store, dir); });
}

Result<fs::path> RolloutRunner::publish(const skill::SkillPackage& package) {
  const fs::path dir = parts_.store->path("packages/" + package.hash().substr(0, 16) + "/skill");
  std::error_code ignored;
  if (fs::exists(dir / "SKILL.md", ignored)) return dir;
  std::map<std::string, skill::BundledFile> files;
  for (const auto& name : package.files_for_agent()) files[name] = package.files().at(name);
  SKILLGRAD_TRY(const auto bare,
                skill::SkillPackage::from_files(package.folder_name(), package.skill_md(), files));
  SKILLGRAD_CHECK(bare.save(dir));
  return dir;
}

Result<std::vector<LossRecord>> RolloutRunner::run(const Batch& batch,
                                                   const StageContext& context) {
  fs::path skill_dir;
  if (batch.skill != nullptr) {
    SKILLGRAD_TRY(skill_dir, publish(*batch.skill));
  }
  const std::string skill = skill_key(batch.skill);
  std::vector<Job> jobs;
  std::set<std::string> seen;
  for (const auto& id : batch.task_ids) {
    if (!seen.insert(id).second) continue;
    const bench::Task* task = parts_.benchmark->find(id);
    if (task == nullptr)
      return fail(ErrorCode::internal, "task \"" + id + "\" is not in the benchmark");
    for (int k = 0; k < batch.samples; ++k)
      jobs.push_back({task, k, rollout_dir(batch.dir, id, k), skill});
  }
  // A call that ends the run stops the start of further rollouts; calls in flight finish, since
  // they are paid for.
  std::atomic<bool> abort{false};
  std::vector<LossRecord> records(jobs.size());
  std::mutex mutex;
  std::optional<Error> ended;
  std::size_t done = 0;
  parts_.observer->progress(batch.label, 0, jobs.size());
  parallel_for(jobs.size(), parts_.jobs, [&](std::size_t i) {
    if (abort || context.call.stop.stop_requested()) return;
    auto record = run_one(batch, jobs[i], skill_dir, context);
    const std::lock_guard lock(mutex);
    if (record) {
      records[i] = std::move(*record);
      parts_.observer->progress(batch.label, ++done, jobs.size());
      return;
    }
    if (!ended) ended = std::move(record).error();
    abort = true;
  });
  if (ended) {
    SKILLGRAD_CHECK(forget_unanswered());
    return tl::unexpected(std::move(*ended));
  }
  if (context.call.stop.stop_requested())
    return fail(ErrorCode::cancelled, "stopped on request", batch.dir,
                "run `skillgrad resume` to go on");
  return records;
}

Result<LossRecord> RolloutRunner::run_one(const Batch& batch, const Job& job, const fs::path& skill,
                                          const StageContext& context) {
  SKILLGRAD_TRY(auto saved, find_saved(job));
  if (saved && (saved->graded() || !may_try_again())) return std::move(*saved);
  SKILLGRAD_TRY(Attempt tried, attempt(batch, job, skill, 0, context));
  if (!tried.last) {
    parts_.observer->notice(
        fmt::format("{}: {}; trying once more", job.task->id, tried.record.error));
    SKILLGRAD_TRY(tried, attempt(batch, job, skill, 1, context));
  }
  if (!tried.record.graded())
    parts_.observer->notice(fmt::format("{}: left out: {}", job.task->id, tried.record.error));
  return std::move(tried.record);
}

/// A folder may hold what another skill left there.
Result<std::optional<LossRecord>> RolloutRunner::find_saved(const Job& job) const {
  const std::string file = job.dir + "/loss.json";
  SKILLGRAD_TRY(const auto saved, parts_.store->read(file));
  if (!saved) return std::nullopt;
  std::string skill;
  auto record = parse_json(*saved, file).and_then([&](Json json) -> Result<LossRecord> {
    if (json.is_object() && json.contains("skill")) {
      if (json["skill"].is_string()) skill = json["skill"].get<std::string>();
      for (const char* key : {"skill", "final_message", "outputs_kept"}) json.erase(key);
    }
    return loss_from_json(json);
  });
  if (!record) return tl::unexpected(damaged(std::move(record).error(), *parts_.store, file));
  if (skill != job.skill) return std::nullopt;
  return std::optional<LossRecord>(std::move(*record));
}

/// Once the plan is written, the base run's records are what it was made from and stay.
bool RolloutRunner::may_try_again() const {
  std::error_code ignored;
  return !fs::exists(parts_.store->path("plan.json"), ignored);
}

Result<> RolloutRunner::check_endpoint(const std::string& dir, const agent::Rollout& rollout,
                                       const LossRecord& record) {
  const std::lock_guard lock(mutex_);
  if (!is_unserved(rollout, record)) {
    unanswered_ = 0;
    unanswered_dirs_.clear();
    return {};
  }
  unanswered_dirs_.insert(dir);
  if (++unanswered_ >= kDeadEndpoint) {
    return tl::unexpected(record.call_error ? *record.call_error : *rollout.error);
  }
  return {};
}

/// The tasks that an endpoint gone away left without an answer are tried again by a resume.
Result<> RolloutRunner::forget_unanswered() {
  const std::lock_guard lock(mutex_);
  for (const auto& dir : unanswered_dirs_) SKILLGRAD_CHECK(remove_tree(parts_.store->path(dir)));
  unanswered_dirs_.clear();
  return {};
}

Result<> RolloutRunner::forget(const Batch& batch) {
  for (const auto& id : batch.task_ids)
    for (int k = 0; k < batch.samples; ++k)
      SKILLGRAD_CHECK(remove_tree(parts_.store->path(rollout_dir(batch.dir, id, k))));
  return {};
}

Result<RolloutRunner::Attempt> RolloutRunner::attempt(const Batch& batch, const Job& job,
                                                      const fs::path& skill, int attempt,
                                                      const StageContext& context) {
  SKILLGRAD_TRY(const auto work, TempDir::create("skillgrad-task"));
  agent::RolloutRequest request;
  request.task = job.task;
  request.skill = batch.skill;
  request.skill_dir = skill;
  request.sample = job.sample;
  request.scope = job.dir + (attempt > 0 ? "~retry" : "");
  request.work_dir = work.path();
  request.limits = parts_.limits;
  agent::Rollout rollout = parts_.executor->run(request, context.call);
  if (rollout.end == agent::EndState::infra_error && !rollout.error)
    rollout.error = Error{ErrorCode::internal, "the executor gave no reason", job.dir, {}, {}};
  if (rollout.error && llm::ends_run(rollout.error->code)) return tl::unexpected(*rollout.error);
  SKILLGRAD_TRY(auto record, parts_.loss->collect(*job.task, rollout, context));
  record.task_id = job.task->id;
  record.sample = job.sample;
  record.trace = job.dir + "/trajectory.jsonl";
  SKILLGRAD_CHECK(check_endpoint(job.dir, rollout, record));
  // With a call_error the rollout is done and paid for, and its judge was asked again already.
  const bool last = record.graded() || record.call_error || attempt > 0 || is_settled(rollout);
  if (last) SKILLGRAD_CHECK(save(job, rollout, record));
  return Attempt{std::move(record), last};
}

Result<> RolloutRunner::save(const Job& job, const agent::Rollout& rollout,
                             const LossRecord& record) const {
  const fs::path dir = parts_.store->path(job.dir);
  SKILLGRAD_CHECK(remove_tree(dir));
  SKILLGRAD_TRY(const bool all, keep_outputs(rollout.work_dir, *job.task, dir / "outputs"));
  if (!all)
    parts_.observer->notice(
        fmt::format("{}: outputs were graded but not kept (unreadable, or over 64 MiB a file, 256 "
                    "MiB in all or {} files)",
                    job.task->id, OutputLimits{}.files));
  SKILLGRAD_CHECK(
      parts_.store->write(job.dir + "/trajectory.jsonl", rollout.trajectory.to_json_lines()));
  SKILLGRAD_CHECK(parts_.store->write(job.dir + "/skill_text.md", rollout.skill_text));
  Json json = to_json(record);
  // So that the answer can be graded again, or exported, without the rollout.
  json["skill"] = job.skill;
  json["final_message"] = sanitize_utf8(rollout.final_message);
  json["outputs_kept"] = all;
  return parts_.store->write(job.dir + "/loss.json", dump_json(json, 1) + "\n");
}

}  // namespace skillgrad::optim
