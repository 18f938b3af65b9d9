// SPDX-License-Identifier: MIT
#include "sheet/libreoffice.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/exec/process.hpp>

#include "sheet/libreoffice_process.hpp"

namespace skillgrad::sheet {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxInput = std::uint64_t{512} << 20;
constexpr const char* kInstall = "apt install libreoffice-calc-nogui";

// One distinct workbook that somebody waits for.
struct Job {
  enum class State { queued, running, done } state = State::queued;
  std::string key;     ///< SHA-256 of the bytes
  bool alone = false;  ///< a batch lost it: once more in a process of its own
  unsigned waiters = 0;
  std::optional<Error> error;  ///< when done without a result
};
using JobPtr = std::shared_ptr<Job>;

// Callers do the work themselves: whoever finds a free slot takes its own job and what else is
// queued as one batch, the others wait. So there is no thread to stop, and a stop of one caller
// ends no job of another for good.
class LibreOffice final : public Recalculator {
 public:
  explicit LibreOffice(LibreOfficeOptions options) : options_(std::move(options)) {
    options_.workers = std::max(1U, options_.workers);
    options_.batch = std::max<std::size_t>(1, options_.batch);
    for (unsigned i = 0; i < options_.workers; ++i) free_slots_.push_back(i);
  }

  [[nodiscard]] Result<> recalculate(const fs::path& input, const fs::path& output,
                                     std::stop_token stop) override;
  [[nodiscard]] std::string version() const override;
  [[nodiscard]] std::string outside() const override;

 private:
  using Lock = std::unique_lock<std::mutex>;
  [[nodiscard]] Result<JobPtr> enqueue(const std::string& bytes);
  [[nodiscard]] Result<> wait_for(const JobPtr& job, const std::stop_token& stop);
  void leave(const JobPtr& job);
  [[nodiscard]] std::vector<JobPtr> take_batch(const JobPtr& own);
  void lead(Lock& lock, const JobPtr& own, std::stop_token stop);
  void settle(const JobPtr& job, const std::optional<Error>& problem);
  [[nodiscard]] Result<> ensure_folder() const;
  [[nodiscard]] const Result<OfficeRunner>& runner() const;
  [[nodiscard]] fs::path input_of(const Job& job) const {
    return folder_->path() / "in" / (job.key + ".xlsx");
  }
  [[nodiscard]] fs::path result_of(const Job& job) const {
    return folder_->path() / "out" / (job.key + ".xlsx");
  }

  LibreOfficeOptions options_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  mutable std::optional<TempDir> folder_;
  mutable std::optional<Result<OfficeRunner>> runner_;
  std::size_t batches_ = 0;
  std::vector<unsigned> free_slots_;
  std::map<std::string, JobPtr> jobs_;  ///< by key: waiting, running, and finished with a result
  std::deque<JobPtr> queue_;
};

Result<> LibreOffice::ensure_folder() const {
  if (folder_) return {};
  SKILLGRAD_TRY(TempDir folder, TempDir::create("skillgrad-office-"));
  folder_.emplace(std::move(folder));
  return {};
}

/// With the mutex held. Asking takes a start of the program; what is refused stays so.
const Result<OfficeRunner>& LibreOffice::runner() const {
  if (!runner_) {
    if (auto folder = ensure_folder(); !folder)
      runner_.emplace(tl::unexpected(std::move(folder).error()));
    else
      runner_.emplace(open_office(options_, folder_->path()));
  }
  return *runner_;
}

std::string LibreOffice::version() const {
  const Lock lock(mutex_);
  const auto& found = runner();
  return found ? found->version : std::string();
}

std::string LibreOffice::outside() const {
  const Lock lock(mutex_);
  const auto& found = runner();
  return found ? found->outside : found.error().message;
}

Result<> LibreOffice::recalculate(const fs::path& input, const fs::path& output,
                                  std::stop_token stop) {
  if (options_.program.empty()) {
    return fail(ErrorCode::infra, "LibreOffice is not installed", "soffice", kInstall);
  }
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "recalculation was stopped");
  // The bytes are read once: what is hashed is what is converted.
  SKILLGRAD_TRY(const std::string bytes, read_file(input, kMaxInput));
  if (options_.sandbox != exec::SandboxMode::off) {
    const Lock lock(mutex_);
    if (const auto& found = runner(); !found) return unexpected(found.error());
  }
  SKILLGRAD_TRY(const JobPtr job, enqueue(bytes));
  const auto waited = wait_for(job, stop);
  leave(job);
  if (!waited) return waited;
  SKILLGRAD_TRY(const std::string result, read_file(result_of(*job)));
  return write_file_atomic(output, result);
}

Result<JobPtr> LibreOffice::enqueue(const std::string& bytes) {
  const std::string key = sha256_hex(bytes);
  const Lock lock(mutex_);
  SKILLGRAD_CHECK(ensure_folder());
  JobPtr& job = jobs_[key];
  if (!job) {
    auto fresh = std::make_shared<Job>();
    fresh->key = key;
    if (auto written = write_file_atomic(input_of(*fresh), bytes, 0644); !written) {
      jobs_.erase(key);
      return unexpected(std::move(written).error());
    }
    job = fresh;
    queue_.push_back(job);
  }
  ++job->waiters;
  return job;
}

Result<> LibreOffice::wait_for(const JobPtr& job, const std::stop_token& stop) {
  Lock lock(mutex_);
  while (job->state != Job::State::done) {
    const bool go = changed_.wait(lock, stop, [&] {
      return job->state == Job::State::done ||
             (job->state == Job::State::queued && !free_slots_.empty());
    });
    if (!go || stop.stop_requested()) {
      return fail(ErrorCode::cancelled, "recalculation was stopped");
    }
    if (job->state == Job::State::queued) lead(lock, job, stop);
  }
  if (job->error) return unexpected(*job->error);
  return {};
}

// A job that nobody waits for any more is dropped, unless it runs or has a result to keep.
void LibreOffice::leave(const JobPtr& job) {
  const Lock lock(mutex_);
  --job->waiters;
  if (job->waiters > 0 || job->state == Job::State::running) return;
  if (job->state == Job::State::done && !job->error) return;
  std::erase(queue_, job);
  const auto found = jobs_.find(job->key);
  if (found != jobs_.end() && found->second == job) jobs_.erase(found);
}

std::vector<JobPtr> LibreOffice::take_batch(const JobPtr& own) {
  std::vector<JobPtr> batch{own};
  std::erase(queue_, own);
  while (!own->alone && batch.size() < options_.batch) {
    const auto next =
        std::find_if(queue_.begin(), queue_.end(), [](const JobPtr& job) { return !job->alone; });
    if (next == queue_.end()) break;
    batch.push_back(*next);
    queue_.erase(next);
  }
  for (const JobPtr& job : batch) job->state = Job::State::running;
  return batch;
}

void LibreOffice::lead(Lock& lock, const JobPtr& own, std::stop_token stop) {
  const unsigned slot = free_slots_.back();
  free_slots_.pop_back();
  const std::vector<JobPtr> batch = take_batch(own);
  Conversion conversion;
  conversion.profile = folder_->path() / ("profile-" + std::to_string(slot));
  conversion.batch = folder_->path() / ("batch-" + std::to_string(++batches_));
  conversion.out_dir = folder_->path() / "out";
  for (const JobPtr& job : batch) conversion.inputs.push_back(input_of(*job));
  // Found out before anything is queued.
  const OfficeRunner by =
      options_.sandbox == exec::SandboxMode::off ? OfficeRunner() : runner().value();
  lock.unlock();
  auto ran = run_conversion(options_, by, conversion, stop);
  // A killed process leaves locks and half-written settings; and a file it was writing is torn.
  std::optional<Error> problem;
  if (!ran) {
    problem = std::move(ran).error();
    static_cast<void>(remove_tree(conversion.profile));
    static_cast<void>(remove_tree(conversion.batch));
    for (const JobPtr& job : batch) static_cast<void>(remove_tree(result_of(*job)));
  }
  lock.lock();
  free_slots_.push_back(slot);
  for (const JobPtr& job : batch) settle(job, problem);
  changed_.notify_all();
}

// Decides what becomes of a job after its process ended.
void LibreOffice::settle(const JobPtr& job, const std::optional<Error>& problem) {
  std::error_code ignored;
  const bool cancelled = problem && problem->code == ErrorCode::cancelled;
  if (!problem && fs::is_regular_file(result_of(*job), ignored)) {
    job->state = Job::State::done;
    static_cast<void>(remove_tree(input_of(*job)));
  } else if (job->waiters == 0) {
    jobs_.erase(job->key);
  } else if (cancelled || !job->alone) {
    // The leader was stopped, or the batch lost this file: another waiter takes it, alone.
    job->alone = job->alone || !cancelled;
    job->state = Job::State::queued;
    queue_.push_back(job);
  } else {
    job->state = Job::State::done;
    job->error = problem ? *problem
                         : Error{ErrorCode::infra,
                                 "LibreOffice made no file of this workbook",
                                 options_.program.string(),
                                 "open it with LibreOffice to see why, or use --recalc never",
                                 {}};
    // Not kept: the next caller tries again.
    jobs_.erase(job->key);
  }
}

}  // namespace

std::unique_ptr<Recalculator> make_libreoffice_recalculator(LibreOfficeOptions options) {
  return std::make_unique<LibreOffice>(std::move(options));
}

std::unique_ptr<Recalculator> make_libreoffice_recalculator(unsigned workers,
                                                            exec::SandboxMode sandbox) {
  LibreOfficeOptions options;
  options.program = exec::find_program("soffice");
  if (options.program.empty()) options.program = exec::find_program("libreoffice");
  options.workers = workers;
  options.sandbox = sandbox;
  return make_libreoffice_recalculator(std::move(options));
}

}  // namespace skillgrad::sheet
