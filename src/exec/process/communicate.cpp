// SPDX-License-Identifier: MIT
#include "exec/process/communicate.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/process/capture.hpp"
#include "exec/process/folder_usage.hpp"
#include "exec/process/tree_cap.hpp"

namespace skillgrad::exec {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How long a supervisor may take to end its tree before it is killed itself.
constexpr milliseconds kEndGrace{5000};
// How long output may follow once the whole tree has ended (a descriptor that leaked elsewhere).
constexpr milliseconds kDrainGrace{500};
constexpr std::size_t kReportBytes = 4096;

/// A write to a closed pipe raises SIGPIPE in the writing thread; this takes it away again.
class SigpipeGuard {
 public:
  SigpipeGuard() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~SigpipeGuard() {
    const timespec now{};
    while (!was_pending_ && ::sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

/// What a user of the command reads on why it ended, or "".
std::string explain(Excess excess, const ResourceLimits& limits) {
  const auto mib = [](std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; };
  switch (excess) {
    case Excess::none:
      return {};
    case Excess::processes:
      return "\nskillgrad: ended, too many processes\n";
    case Excess::memory:
      return "\nskillgrad: ended, all processes together use more than " +
             mib(limits.memory_bytes) + " of memory\n";
    case Excess::disk:
      return "\nskillgrad: ended, the work directory may hold " + mib(limits.disk_bytes) + " in " +
             std::to_string(limits.entries) + " files and folders, " +
             std::to_string(FolderUsage::kMostDepth) + " in each other\n";
  }
  return {};
}

class Conversation {
 public:
  Conversation(Launched& launched, const LaunchPlan& plan, const std::string& input)
      : launched_(launched),
        input_(input),
        out_(plan.limits.output_bytes),
        err_(plan.limits.output_bytes),
        report_(kReportBytes),
        limits_(plan.limits),
        begin_(Clock::now()),
        deadline_(begin_ + std::min(plan.limits.wall, milliseconds(std::chrono::hours(24 * 30)))) {
    if (input_.empty()) launched_.in.reset();
  }

  Finished run(const std::stop_token& stop) {
    const Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    {
      const std::stop_callback on_stop(stop, [&] {
        const std::uint64_t one = 1;
        const ssize_t sent = ::write(wake.get(), &one, sizeof one);
        static_cast<void>(sent);
      });
      while (!done()) step(wake.get(), stop);
    }
    reap();
    return finish();
  }

 private:
  [[nodiscard]] bool done() const {
    if (launched_.outcome) return false;
    return (!launched_.out && !launched_.err && !launched_.report) || Clock::now() >= drain_until_;
  }

  void step(int wake, const std::stop_token& stop) {
    std::array<pollfd, 6> polled{{{launched_.in.get(), POLLOUT, 0},
                                  {launched_.out.get(), POLLIN, 0},
                                  {launched_.err.get(), POLLIN, 0},
                                  {launched_.report.get(), POLLIN, 0},
                                  {launched_.outcome.get(), POLLIN, 0},
                                  {launched_.control ? wake : -1, POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), wait_ms(stop, wake));
    if (polled[0].revents != 0) feed();
    if (polled[1].revents != 0) read_into(launched_.out, out_);
    if (polled[2].revents != 0) read_into(launched_.err, err_);
    if (polled[3].revents != 0) read_into(launched_.report, report_);
    if (polled[4].revents != 0) read_outcome();
    if (launched_.control && launched_.outcome) {
      cancelled_ = stop.stop_requested();
      timed_out_ = !cancelled_ && Clock::now() >= deadline_;
      if (cancelled_ || timed_out_) let_go();
    } else if (launched_.outcome && Clock::now() >= end_until_) {
      ::kill(launched_.supervisor, SIGKILL);
      launched_.outcome.reset();
      drain_until_ = Clock::now() + kDrainGrace;
    }
  }

  [[nodiscard]] int wait_ms(const std::stop_token& stop, int wake) const {
    const auto until = launched_.control && launched_.outcome ? deadline_
                       : launched_.outcome                    ? end_until_
                                                              : drain_until_;
    auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    // Without a wake-up descriptor the stop token is looked at now and then.
    if (wake < 0 && stop.stop_possible()) left = std::min(left, milliseconds(50));
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
  }

  /// The supervisor ends the tree when it sees the control pipe close.
  void let_go() {
    launched_.control.reset();
    launched_.in.reset();
    end_until_ = Clock::now() + kEndGrace;
  }

  void feed() {
    const ssize_t count = ::write(launched_.in.get(), input_.data() + fed_, input_.size() - fed_);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count > 0) fed_ += static_cast<std::size_t>(count);
    // A command need not read its input: EPIPE is its choice.
    if (count < 0 || fed_ == input_.size()) launched_.in.reset();
  }

  void read_into(Descriptor& fd, Capture& capture) {
    const ssize_t count = ::read(fd.get(), buffer_.data(), buffer_.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
      fd.reset();
      return;
    }
    capture.add({buffer_.data(), static_cast<std::size_t>(count)});
  }

  void read_outcome() {
    Outcome got;
    const ssize_t count = ::read(launched_.outcome.get(), &got, sizeof got);
    if (count < 0 && errno == EINTR) return;
    if (count == static_cast<ssize_t>(sizeof got)) {
      // A start that failed is told by the command's process, then by its supervisor.
      if (!outcome_ || outcome_->exec_errno == 0) outcome_ = got;
      return;
    }
    launched_.outcome.reset();
    drain_until_ = Clock::now() + kDrainGrace;
  }

  void reap() {
    while (::waitpid(launched_.supervisor, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  Finished finish() {
    Finished out;
    out.outcome = outcome_.value_or(Outcome{SIGKILL, 0, Excess::none});
    const int status = out.outcome.wait_status;
    CommandResult& result = out.result;
    result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result.exit_code = WIFSIGNALED(status) ? 128 + result.signal : WEXITSTATUS(status);
    result.timed_out = timed_out_;
    result.cancelled = cancelled_;
    result.output_truncated = out_.truncated() || err_.truncated();
    err_.add(explain(out.outcome.excess, limits_));
    result.out = out_.take();
    result.err = err_.take();
    result.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    out.report = report_.take();
    return out;
  }

  Launched& launched_;
  const std::string& input_;
  std::size_t fed_ = 0;
  Capture out_, err_, report_;
  const ResourceLimits& limits_;
  Clock::time_point begin_, deadline_;
  Clock::time_point end_until_ = Clock::time_point::max();
  Clock::time_point drain_until_ = Clock::time_point::max();
  bool timed_out_ = false;
  bool cancelled_ = false;
  std::optional<Outcome> outcome_;
  std::array<char, 65536> buffer_;
};

}  // namespace

Result<Finished> run_plan(LaunchPlan plan, const std::string& stdin_text, std::stop_token stop) {
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped before the command began");
  const TreeCap cap(plan.limits);
  plan.cap = cap.paths();
  SKILLGRAD_TRY(Launched launched, launch(plan));
  const SigpipeGuard guard;
  return Conversation(launched, plan, stdin_text).run(stop);
}

}  // namespace skillgrad::exec
