// SPDX-License-Identifier: MIT
#include "exec/supervisor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/process_tree.hpp"

namespace skillgrad::exec {

namespace {

// Sources are first moved above every target, so that no target overwrites a source.
constexpr int kParking = 64;
// The process limit is looked at this often: at first, and while the tree stays small.
constexpr int kFirstWatchMs = 10;
constexpr int kLongestWatchMs = 25;
constexpr int kLongestCappedWatchMs = 100;  // where the kernel bounds a burst meanwhile
// A tree that forks as fast as it is killed, or hangs in the kernel, is given up after this.
constexpr int kMaxKillRounds = 3000;

void send(const Outcome& outcome) {
  // Smaller than PIPE_BUF, hence written whole. A reader that is gone needs no answer.
  const ssize_t sent = ::write(kOutcome, &outcome, sizeof outcome);
  static_cast<void>(sent);
}

/// Ends at once: no hook that a library or a sanitizer put on the end of the program runs here.
[[noreturn]] void leave(int code) {
  for (;;) ::syscall(SYS_exit_group, code);
}

[[noreturn]] void give_up(int error_number) {
  Outcome outcome;
  outcome.exec_errno = error_number;
  send(outcome);
  leave(127);
}

void close_from(unsigned first) {
  if (::syscall(SYS_close_range, first, UINT_MAX, 0) == 0) return;
  const long most = ::sysconf(_SC_OPEN_MAX);
  for (int fd = static_cast<int>(first); fd < std::max(most, 1024L); ++fd) ::close(fd);
}

/// Afterwards exactly the targets are open: nothing of other threads' runs is kept alive here.
bool set_up_descriptors(const ChildPlan& child) {
  int last = 0;
  for (std::size_t i = 0; i < child.move_count; ++i) {
    Move& move = child.moves[i];
    const int from = move.path != nullptr ? ::open(move.path, O_RDONLY | O_CLOEXEC) : move.from;
    move.parked = ::fcntl(from, F_DUPFD_CLOEXEC, kParking);
    if (move.parked < 0) return false;
    last = std::max(last, move.to);
  }
  for (int target = 0; target <= last; ++target) {
    const Move* const begin = child.moves;
    const Move* const end = begin + child.move_count;
    const Move* move = std::find_if(begin, end, [&](const Move& m) { return m.to == target; });
    if (move == end) {
      ::close(target);
      continue;
    }
    if (::dup2(move->parked, target) < 0) return false;
    if (!move->for_command && ::fcntl(target, F_SETFD, FD_CLOEXEC) != 0) return false;
  }
  close_from(static_cast<unsigned>(last) + 1);
  return true;
}

void default_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
}

/// Enters the group that bounds the tree; everything started later is born there.
bool join_cap(const char* path) {
  if (*path == '\0') return true;
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool joined = ::write(fd, "0", 1) == 1;
  ::close(fd);
  return joined;
}

/// The supervisor must get its turn also below a tree that takes every processor. Only root may
/// raise a priority; for others the kernel's fairness towards sleepers has to do.
void take_precedence() {
  const sched_param lowest{1};
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest) == 0) return;
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, -20));
}

[[noreturn]] void become_command(const ChildPlan& child, pid_t supervisor) {
  // Should the supervisor be killed, no command may stay behind without limits on its time.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) give_up(errno);
  if (::getppid() != supervisor) give_up(ECANCELED);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);  // NOLINT(concurrency-mt-unsafe): one thread
  // Not ENOENT: that would name the program as missing.
  if (!join_cap(child.plan->cap_file.c_str())) give_up(EAGAIN);
  if (::setpgid(0, 0) != 0 || ::chdir(child.work_dir) != 0) give_up(errno);
  if (!confine(*child.plan)) give_up(errno);
  ::execve(child.program, child.argv, child.env);
  give_up(errno);
}

/// Takes every ended child; returns true once `command` is among them (status in `outcome`).
bool reap(pid_t command, Outcome& outcome, bool& none_left) {
  bool found = false;
  none_left = false;
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    none_left = pid < 0;
    if (pid <= 0) return found;
    if (pid != command) continue;
    outcome.wait_status = status;
    found = true;
  }
}

void end_tree(pid_t command, Outcome& outcome, ProcessTree& tree) {
  const pid_t self = ::getpid();
  // The group first: one call that no fork inside the group can outrun.
  ::kill(-command, SIGKILL);
  bool none_left = false;
  for (int round = 0; round < kMaxKillRounds; ++round) {
    reap(command, outcome, none_left);
    if (none_left) return;
    tree.kill_all(self);
    if (round > 2) ::poll(nullptr, 0, 1);
  }
}

/// Waits until the command ends, the owner lets go, or the tree grows beyond its limit.
void watch(pid_t command, int signals, const LaunchPlan& plan, Outcome& outcome,
           ProcessTree& tree) {
  const pid_t self = ::getpid();
  const std::size_t most = plan.limits.processes + plan.extra_processes;
  const int longest = plan.cap_file.empty() ? kLongestWatchMs : kLongestCappedWatchMs;
  int wait = kFirstWatchMs;
  for (;;) {
    std::array<pollfd, 2> polled{{{kControl, POLLIN, 0}, {signals, POLLIN, 0}}};
    const int ready = ::poll(polled.data(), polled.size(), plan.limits.processes > 0 ? wait : -1);
    if (polled[0].revents != 0) return;
    if (polled[1].revents != 0) {
      signalfd_siginfo info;
      const ssize_t got = ::read(signals, &info, sizeof info);
      static_cast<void>(got);
      bool none_left = false;
      if (reap(command, outcome, none_left) || none_left) return;
    }
    if (ready != 0) continue;
    tree.scan(self);
    if (tree.size() > most) {
      outcome.process_limit = true;
      return;
    }
    wait = tree.size() * 4 > most ? kFirstWatchMs : std::min(wait * 2, longest);
  }
}

}  // namespace

void supervise(const ChildPlan& child) {
  static constinit ProcessTree tree;  // too large for a stack of unknown size
  if (!set_up_descriptors(child)) give_up(errno);
  default_signals();
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);  // NOLINT(concurrency-mt-unsafe): one thread
  ::setsid();
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) give_up(errno);

  const pid_t self = ::getpid();
  const pid_t command = ::_Fork();
  if (command < 0) give_up(errno);
  if (command == 0) become_command(child, self);
  take_precedence();
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(fd);
  close_from(kRuleset);
  sigset_t ended;
  ::sigemptyset(&ended);
  ::sigaddset(&ended, SIGCHLD);
  const int signals = ::signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
  Outcome outcome;
  outcome.wait_status = SIGKILL;  // should the command outlive every attempt to end it
  if (signals >= 0) watch(command, signals, *child.plan, outcome, tree);
  end_tree(command, outcome, tree);
  // Here and not only in the owner, who may be dead.
  if (!child.plan->cap_folder.empty()) ::rmdir(child.plan->cap_folder.c_str());
  send(outcome);
  leave(0);
}

}  // namespace skillgrad::exec
