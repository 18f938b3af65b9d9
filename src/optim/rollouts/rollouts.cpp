// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <mutex>

#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/parallel.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/rollouts.hpp>
#include <skillgrad/optim/shared_rollouts.hpp>
#include <skillgrad/optim/troubles.hpp>
#include <skillgrad/skill/skill_set.hpp>
#include <skillgrad/store/parts.hpp>

#include "optim/rollouts/damaged.hpp"
#include "optim/rollouts/outputs.hpp"
#include "optim/rollouts/rollout_budget.hpp"
#include "optim/rollouts/rollout_signs.hpp"
#include "optim/rollouts/saved_rollout.hpp"

namespace skillgrad::optim {
namespace {

/// An endpoint is not there when it left this many rollouts in a row unserved, and this many
/// attempts of theirs: where no retry is allowed any more, a rollout can end with a single one.
constexpr std::size_t kDeadEndpoint = 3;
constexpr std::int64_t kDeadAttempts = 8;
/// Of attempts that took the whole time of their tasks, fewer say the same.
constexpr std::int64_t kDeadUnanswered = 3;
constexpr const char* kExecutorRole = "executor";
constexpr const char* kJudge = "judge";

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

/// The endpoint or this machine failed, so the same task may go well a moment later. Any other
/// error would come again, after everything before it was paid for once more.
bool may_mend(ErrorCode code) {
  return is_away(code) || code == ErrorCode::malformed_reply || code == ErrorCode::sandbox ||
         code == ErrorCode::infra;
}

using Again = RolloutRunner::Again;

/// What was said and could not be used must not be heard again. Calls that were not answered are
/// not in the record: the conversation goes on where it was.
Again next_try(const Again& now, const agent::Rollout& rollout, const LossRecord& record) {
  const bool unusable = rollout.error && rollout.error->code == ErrorCode::malformed_reply;
  const bool judged = record.call_error && !is_away(record.call_error->code);
  if (!unusable && !judged) return now;
  return {now.tries + 1, now.executor || unusable};
}

/// What a saved rollout must have been run with to be found again.
std::string skill_key(const skill::SkillPackage* skill) {
  return skill != nullptr ? skill->hash() : "none";
}

}  // namespace

/// A batch while it is made, by several threads.
struct RolloutRunner::Progress {
  const std::vector<Job>& jobs;
  const std::vector<std::size_t>& open;  ///< jobs that are not found done
  std::vector<LossRecord>& records;
  const std::string& label;
  const StageContext& context;
  std::size_t done = 0, running = 0;
  std::mutex mutex = {};
  std::optional<Error> ended = {};
  /// A call that ends the run stops the start of further rollouts; calls in flight finish, since
  /// they are paid for.
  std::atomic<bool> abort{false};

  [[nodiscard]] bool is_over() const { return abort || context.call.stop.stop_requested(); }
  void start() {
    const std::lock_guard lock(mutex);
    ++running;
  }
  void cancel() {
    const std::lock_guard lock(mutex);
    --running;
  }
  void end(RolloutRunner& runner, std::size_t i, Result<LossRecord> record) {
    const std::lock_guard lock(mutex);
    --running;
    if (record) {
      ++runner.fresh_;
      records[i] = std::move(*record);
      runner.parts_.observer->progress(label, ++done, jobs.size());
      return;
    }
    abort = true;
    if (ended) return;
    ended = std::move(record).error();
    if (running > 0 && ended->code != ErrorCode::cancelled)
      runner.parts_.observer->notice(
          fmt::format("no new task starts; {} under way end with their next call at the latest: {}",
                      running, ended->message));
  }
};

std::string RolloutRunner::rollout_dir(const std::string& dir, const std::string& task_id,
                                       int sample) {
  return fmt::format("{}/rollouts/{}.{}", dir, safe_name(task_id), sample);
}

Result<std::string> RolloutRunner::skill_text(const std::string& dir) const {
  SKILLGRAD_TRY(auto text, parts_.store->read(dir + "/skill_text.md"));
  return text.value_or("");
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
  if (skill::holds_skills(dir)) return dir;
  std::map<std::string, skill::BundledFile> files;
  for (const auto& name : package.files_for_agent()) files[name] = package.files().at(name);
  SKILLGRAD_TRY(const auto bare,
                skill::SkillPackage::from_files(package.folder_name(), package.skill_md(), files));
  SKILLGRAD_CHECK(bare.save(dir));
  return dir;
}

RolloutRunner::Orders RolloutRunner::orders_of(const Batch& batch) {
  Orders out{{}, batch.label, batch.again};
  std::set<std::string> seen;
  for (const auto& id : batch.task_ids) {
    if (!seen.insert(id).second) continue;
    for (int k = 0; k < batch.samples; ++k)
      out.items.push_back({batch.skill, id, k, batch.dir, nullptr});
  }
  return out;
}

Result<std::vector<RolloutRunner::Job>> RolloutRunner::jobs_of(const Orders& orders) const {
  std::vector<Job> jobs;
  std::map<const skill::SkillPackage*, std::string> hashes;
  for (const Order& order : orders.items) {
    const bench::Task* task = parts_.benchmark->find(order.task_id);
    if (task == nullptr)
      return fail(ErrorCode::internal, "task \"" + order.task_id + "\" is not in the benchmark");
    const auto [hash, fresh] = hashes.try_emplace(order.skill);
    if (fresh) hash->second = skill_key(order.skill);
    Job job;
    job.task = task;
    job.sample = order.sample;
    job.dir = rollout_dir(order.dir, order.task_id, order.sample);
    job.skill = order.skill;
    job.skill_hash = hash->second;
    job.objective = order.objective;
    job.again = orders.again;
    jobs.push_back(std::move(job));
  }
  return jobs;
}

Result<> RolloutRunner::publish(std::vector<Job>& jobs) {
  std::map<const skill::SkillPackage*, fs::path> dirs;
  for (Job& job : jobs) {
    if (job.skill == nullptr) continue;
    const auto [dir, fresh] = dirs.try_emplace(job.skill);
    if (fresh) {
      SKILLGRAD_TRY(dir->second, publish(*job.skill));
    }
    job.skill_dir = dir->second;
  }
  return {};
}

Result<std::vector<LossRecord>> RolloutRunner::finished(const Batch& batch) const {
  return finished(orders_of(batch));
}

Result<std::vector<LossRecord>> RolloutRunner::finished(const Orders& orders) const {
  SKILLGRAD_TRY(const auto jobs, jobs_of(orders));
  std::vector<LossRecord> out;
  for (const Job& job : jobs) {
    SKILLGRAD_TRY(auto saved, find_saved(job));
    if (!saved) {
      saved.emplace();
      saved->record.task_id = job.task->id;
      saved->record.sample = job.sample;
      saved->record.status = LossStatus::skipped;
    }
    out.push_back(std::move(saved->record));
  }
  return out;
}

Result<std::vector<LossRecord>> RolloutRunner::run(const Batch& batch,
                                                   const StageContext& context) {
  return run(orders_of(batch), context);
}

Result<std::vector<LossRecord>> RolloutRunner::run(const Orders& orders,
                                                   const StageContext& context) {
  SKILLGRAD_TRY(auto jobs, jobs_of(orders));
  if (parts_.budget != nullptr) {
    std::vector<std::string> places;
    for (const Job& job : jobs)
      if (!job.task->recorded) places.push_back(job.dir);
    SKILLGRAD_CHECK(parts_.budget->charge(places));
  }
  SKILLGRAD_CHECK(publish(jobs));
  std::vector<LossRecord> records(jobs.size());
  SKILLGRAD_TRY(const auto open, restore(jobs, records));
  Progress progress{jobs, open, records, orders.label, context};
  progress.done = jobs.size() - open.size();
  parts_.observer->progress(orders.label, progress.done, jobs.size());
  if (parts_.shared == nullptr || open.empty()) {
    run_alone(progress);
  } else {
    SKILLGRAD_TRY(const auto work, share_out(progress));
    run_shared(progress, *work);
    SKILLGRAD_CHECK(parts_.shared->withdraw(work->batch()));
  }
  // Also what an ended or stopped batch has finished.
  const auto synced = unsynced_.exchange(false) ? parts_.store->sync() : Result<>();
  if (progress.ended) {
    SKILLGRAD_CHECK(forget_unanswered());
    return tl::unexpected(std::move(*progress.ended));
  }
  SKILLGRAD_CHECK(synced);
  if (context.call.stop.stop_requested())
    return fail(ErrorCode::cancelled, "stopped on request",
                orders.items.empty() ? "" : orders.items.front().dir,
                "give the same command again to go on");
  return records;
}

void RolloutRunner::run_alone(Progress& progress) {
  parallel_for(progress.open.size(), parts_.jobs, [&](std::size_t nth) {
    if (progress.is_over()) return;
    const std::size_t i = progress.open[nth];
    progress.start();
    progress.end(*this, i, run_one(progress.jobs[i], progress.label, progress.context));
  });
}

/// Tells the other processes of the run what is to be made.
Result<std::unique_ptr<SharedWork>> RolloutRunner::share_out(const Progress& progress) {
  SharedBatch batch;
  batch.label = progress.label;
  batch.scope = progress.context.scope;
  batch.iteration = progress.context.iteration;
  for (const std::size_t i : progress.open) {
    const Job& job = progress.jobs[i];
    if (job.skill != nullptr && !batch.skills.contains(job.skill_hash)) {
      SKILLGRAD_CHECK(parts_.shared->keep_skill(job.skill_hash, *job.skill));
      batch.skills[job.skill_hash] = job.skill->folder_name();
    }
    // What an earlier process left there is to be made again.
    SKILLGRAD_CHECK(remove_tree(parts_.store->path(job.dir)));
    batch.items.push_back({job.task->id, job.sample, job.dir, job.skill_hash, job.again,
                           job.objective != nullptr ? *job.objective : progress.context.objective});
  }
  return parts_.shared->ask(std::move(batch));
}

/// This process does what any worker does, and counts what the others made.
void RolloutRunner::run_shared(Progress& progress, SharedWork& work) {
  using Kind = SharedWork::Turn::Kind;
  parallel_for(parts_.jobs, parts_.jobs, [&](std::size_t /*thread*/) {
    while (!progress.is_over()) {
      auto turn = parts_.shared->check().and_then([&] { return work.next(); });
      if (turn && turn->kind == Kind::over) return;
      if (turn && turn->kind == Kind::wait) {
        parts_.shared->pause(progress.context.call.stop);
        continue;
      }
      const std::size_t i = turn ? progress.open[turn->item] : 0;
      progress.start();
      if (!turn) {
        progress.end(*this, i, tl::unexpected(std::move(turn).error()));
        return;
      }
      if (turn->kind == Kind::done) {
        auto record = found_elsewhere(progress, progress.jobs[i]);
        if (!record) {
          progress.end(*this, i, tl::unexpected(std::move(record).error()));
        } else if (*record) {
          progress.end(*this, i, std::move(**record));
        } else {
          progress.cancel();
          work.reopen(turn->item);
        }
        continue;
      }
      if (!turn->from.empty()) take_replies_of(turn->from);
      auto record = run_one(progress.jobs[i], progress.label, progress.context);
      if (record) {
        work.finished(turn->item);
      } else if (auto left = work.leave(turn->item, true); !left) {
        parts_.observer->notice("a claim could not be given back: " + left.error().to_line());
      }
      progress.end(*this, i, std::move(record));
    }
  });
}

/// What a process that is gone was answered need not be asked again.
void RolloutRunner::take_replies_of(const std::string& process) {
  const fs::path& run = parts_.shared->options().run;
  std::error_code ignored;
  const fs::path worker = run / store::kWorkers / process;
  const auto taken = parts_.store->use_replies_of(fs::exists(worker, ignored) ? worker : run);
  if (!taken)
    parts_.observer->notice("the replies of " + process +
                            ", which is gone, cannot be used: " + taken.error().to_line());
}

/// What another process made, as if it had been made here; nullopt: it is no result, and gone.
Result<std::optional<LossRecord>> RolloutRunner::found_elsewhere(Progress& progress,
                                                                 const Job& job) {
  SKILLGRAD_TRY(auto saved, find_saved(job));
  if (!saved) {
    SKILLGRAD_CHECK(remove_tree(parts_.store->path(job.dir)));
    return std::nullopt;
  }
  LossRecord& record = saved->record;
  if (record.failed())
    parts_.observer->notice(fmt::format("{}: left out: {}", job.task->id, record.error));
  SKILLGRAD_CHECK(parts_.store->event("rollout", dump_json(rollout_event(progress.label, record))));
  parts_.observer->rollout(progress.label, record);
  return std::optional<LossRecord>(std::move(record));
}

/// Of two that made the same rollout the first counts; a coordinator takes what is no result away.
Result<> RolloutRunner::put_in_place(const Job& job, const std::string& made_in,
                                     LossRecord& record) {
  const fs::path made = parts_.store->path(made_in);
  SKILLGRAD_TRY(bool first, parts_.shared->place(made, job.dir));
  if (first || parts_.shared->options().part == SharedRun::Part::worker) return {};
  SKILLGRAD_TRY(auto saved, find_saved(job));
  if (saved) {
    record = std::move(saved->record);
    return {};
  }
  SKILLGRAD_CHECK(remove_tree(parts_.store->path(job.dir)));
  SKILLGRAD_TRY(first, parts_.shared->place(made, job.dir));
  if (first) return {};
  return fail(ErrorCode::io, "another process puts something else in this place again and again",
              parts_.store->path(job.dir).string(),
              "end the workers that an earlier process of the run has left, then resume");
}

Result<LossRecord> RolloutRunner::make(const Orders& orders, const std::string& from,
                                       const StageContext& context) {
  SKILLGRAD_TRY(auto jobs, jobs_of(orders));
  {
    const std::lock_guard lock(mutex_);
    SKILLGRAD_CHECK(publish(jobs));
  }
  if (!from.empty()) take_replies_of(from);
  return run_one(jobs.front(), orders.label, context);
}

/// What earlier processes finished goes into `records`; the places of the rest, whose jobs know
/// then what must be asked anew.
Result<std::vector<std::size_t>> RolloutRunner::restore(std::vector<Job>& jobs,
                                                        std::vector<LossRecord>& records) const {
  std::mutex mutex;
  std::optional<Error> damage;
  std::vector<char> done(jobs.size(), 0);
  parallel_for(jobs.size(), parts_.jobs, [&](std::size_t i) {
    auto saved = find_saved(jobs[i]);
    if (!saved) {
      const std::lock_guard lock(mutex);
      if (!damage) damage = std::move(saved).error();
      return;
    }
    if (!*saved) return;
    Saved& found = **saved;
    if (!found.record.failed() || !may_try_again(jobs[i])) {
      records[i] = std::move(found.record);
      done[i] = 1;
      return;
    }
    jobs[i].again.tries += found.again.tries;
    jobs[i].again.executor = jobs[i].again.executor || found.again.executor;
  });
  if (damage) return tl::unexpected(std::move(*damage));
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < jobs.size(); ++i)
    if (done[i] == 0) open.push_back(i);
  return open;
}

Result<LossRecord> RolloutRunner::run_one(const Job& job, const std::string& label,
                                          const StageContext& context) {
  SKILLGRAD_TRY(auto done, attempt(job, 0, context));
  if (done.may_mend) {
    parts_.observer->notice(
        fmt::format("{}: {}; trying once more", job.task->id, done.record.error));
    SKILLGRAD_TRY(done, attempt(job, 1, context));
  }
  if (done.record.failed())
    parts_.observer->notice(fmt::format("{}: left out: {}", job.task->id, done.record.error));
  SKILLGRAD_CHECK(parts_.store->event("rollout", dump_json(rollout_event(label, done.record))));
  parts_.observer->rollout(label, done.record);
  return std::move(done.record);
}

/// A folder may hold what another skill left there.
Result<std::optional<RolloutRunner::Saved>> RolloutRunner::find_saved(const Job& job) const {
  SKILLGRAD_TRY(auto saved, read_rollout(*parts_.store, {job.dir, job.skill_hash, {}}));
  if (!saved.torn.empty())
    parts_.observer->notice(job.task->id + ": done again, since " + saved.torn);
  if (!saved.record) return std::nullopt;
  return std::optional<Saved>({std::move(*saved.record), saved.again});
}

/// Once the plan is written, the records before the last measurement are what it and the
/// iterations were made from, and stay.
bool RolloutRunner::may_try_again(const Job& job) const {
  std::error_code ignored;
  return job.dir.starts_with("test/") || !fs::exists(parts_.store->path("plan.json"), ignored);
}

Result<> RolloutRunner::check_endpoints(const std::string& dir, const agent::Rollout& rollout,
                                        const LossRecord& record) {
  const std::lock_guard lock(mutex_);
  bool away = false;
  if (rollout.error) {
    const ErrorCode code = rollout.error->code;
    // Refusals from the first call on say that this endpoint serves nobody; later ones are about
    // the task.
    const bool refused = code == ErrorCode::malformed_reply || code == ErrorCode::bad_request;
    away = is_away(code) ||
           (refused && rollout.usage.calls == 0 && answers_of(kExecutorRole).replies == 0);
  }
  SKILLGRAD_CHECK(check_endpoint(kExecutorRole, dir, rollout.error, away));
  return check_endpoint(kJudge, dir, record.call_error,
                        record.call_error && is_away(record.call_error->code));
}

Result<> RolloutRunner::check_endpoint(const std::string& stage, const std::string& dir,
                                       const std::optional<Error>& failure, bool away) {
  if (parts_.accountant == nullptr && !failure) ++served_[stage];
  const llm::Answers answers = answers_of(stage);
  Silence& silence = silence_[stage];
  if (answers.replies > silence.replies) silence.dirs.clear();
  silence.replies = answers.replies;
  if (!away) return {};
  silence.dirs.insert(dir);
  const bool enough = failure->code != ErrorCode::transient || parts_.accountant == nullptr ||
                      answers.failed_in_row >= kDeadAttempts ||
                      answers.unanswered_in_row >= kDeadUnanswered;
  if (silence.dirs.size() < kDeadEndpoint || !enough) return {};
  return tl::unexpected(*failure);
}

llm::Answers RolloutRunner::answers_of(const std::string& stage) const {
  if (parts_.accountant != nullptr) {
    const auto totals = parts_.accountant->totals();
    const auto found = totals.answers.find(stage);
    return found == totals.answers.end() ? llm::Answers{} : found->second;
  }
  const auto found = served_.find(stage);
  return {found == served_.end() ? 0 : found->second, 0};
}

/// The tasks that an endpoint gone away left without an answer are tried again by a resume.
Result<> RolloutRunner::forget_unanswered() {
  const std::lock_guard lock(mutex_);
  for (auto& [stage, silence] : silence_) {
    for (const auto& dir : silence.dirs) SKILLGRAD_CHECK(remove_tree(parts_.store->path(dir)));
    silence.dirs.clear();
  }
  return {};
}

Result<> RolloutRunner::forget(const Batch& batch) {
  for (const auto& id : batch.task_ids)
    for (int k = 0; k < batch.samples; ++k)
      SKILLGRAD_CHECK(remove_tree(parts_.store->path(rollout_dir(batch.dir, id, k))));
  return {};
}

Result<RolloutRunner::Attempt> RolloutRunner::attempt(const Job& job, int attempt,
                                                      const StageContext& context) {
  agent::RolloutRequest request;
  request.task = job.task;
  request.skill = job.skill;
  request.skill_dir = job.skill_dir;
  request.sample = job.sample;
  // Another scope finds nothing of the earlier conversation in the call record.
  request.scope = job.dir + (job.again.executor ? "~again" + std::to_string(job.again.tries) : "") +
                  (attempt > 0 ? "~retry" : "");
  request.limits = parts_.limits;
  agent::Rollout rollout = parts_.executor->run(request, context.call);
  if (rollout.end == agent::EndState::infra_error && !rollout.error)
    rollout.error = Error{ErrorCode::internal, "the executor gave no reason", job.dir, {}, {}};
  if (rollout.error && llm::ends_run(rollout.error->code)) return tl::unexpected(*rollout.error);
  Attempt out;
  StageContext grading = context;
  grading.failed_gradings = job.again.tries;
  if (job.objective != nullptr) grading.objective = *job.objective;
  SKILLGRAD_TRY(out.record, parts_.loss->collect(*job.task, rollout, grading));
  LossRecord& record = out.record;
  record.task_id = job.task->id;
  record.sample = job.sample;
  record.trace = job.dir + "/trajectory.jsonl";
  record.signs = signs_of(*job.task, rollout, job.skill);
  SKILLGRAD_CHECK(check_endpoints(job.dir, rollout, record));
  // A judge was asked again already; the rollout that it did not grade is done and paid for.
  out.may_mend = attempt == 0 && record.failed() && !record.call_error && !record.ungradable &&
                 (rollout.end != agent::EndState::infra_error || may_mend(rollout.error->code));
  if (out.may_mend) return out;
  const bool coordinates =
      parts_.shared == nullptr || parts_.shared->options().part == SharedRun::Part::coordinator;
  // It may be this machine that does not reach the endpoint.
  if (!coordinates && record.failed()) {
    if (rollout.error && is_away(rollout.error->code)) return tl::unexpected(*rollout.error);
    if (record.call_error && is_away(record.call_error->code))
      return tl::unexpected(*record.call_error);
  }
  const std::string made_in = parts_.shared == nullptr ? job.dir : parts_.shared->staged(job.dir);
  const RolloutPlace place{made_in, job.skill_hash, next_try(job.again, rollout, record)};
  SKILLGRAD_TRY(auto kept, save_rollout(*parts_.store, place, *job.task, rollout, record));
  unsynced_ = true;
  if (!kept.outputs_kept)
    parts_.observer->notice(
        fmt::format("{}: outputs were graded but not kept (unreadable, or over 64 MiB a file, 256 "
                    "MiB in all or {} files)",
                    job.task->id, OutputLimits{}.files));
  kept.record.call_error = std::move(record.call_error);
  out.record = std::move(kept.record);
  if (parts_.shared != nullptr) SKILLGRAD_CHECK(put_in_place(job, made_in, out.record));
  return out;
}

Json rollout_event(const std::string& stage, const LossRecord& record) {
  const auto slash = record.trace.rfind('/');
  const auto reason = reason_of(record);
  return {{"stage", stage},
          {"task_id", record.task_id},
          {"trial", record.sample},
          {"status", name_of(record.status)},
          {"score", record.graded() ? Json(record.score) : Json()},
          {"reason", reason ? Json(name_of(*reason)) : Json()},
          {"message", truncate_middle(record.failed() ? record.error : record.feedback, 300)},
          {"path", slash == std::string::npos ? Json() : Json(record.trace.substr(0, slash))},
          {"calls", record.usage.calls},
          {"cost_usd", record.cost_usd ? Json(*record.cost_usd) : Json()},
          {"seconds", record.seconds}};
}

bool can_resume(ErrorCode code) {
  return llm::ends_run(code) || may_mend(code) || code == ErrorCode::bad_request;
}

Error end_of_run(Error error, const RunEnd& end) {
  // These leave something unsaved behind, which a stop must not hide.
  const bool unsaved = error.code == ErrorCode::io || error.code == ErrorCode::disk_full ||
                       error.code == ErrorCode::internal;
  if (!end.call.stop.stop_requested() || unsaved) return error;
  const bool late = end.call.hard_limit && end.now >= *end.call.hard_limit;
  Error out{ErrorCode::cancelled, "stopped on request", error.where,
            "give the same command again to go on", std::move(error.context)};
  if (late) {
    out.code = ErrorCode::deadline;
    out.message = "the hard time limit passed (--hard-max-time); calls in flight were cut";
    out.mend = "raise the limit, and give the same command again to go on";
  }
  if (!end.last_failure.empty()) out.message += "; the last failure was: " + end.last_failure;
  return out;
}

}  // namespace skillgrad::optim
