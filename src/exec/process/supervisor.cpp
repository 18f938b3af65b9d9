// SPDX-License-Identifier: MIT
#include "exec/process/supervisor.hpp"

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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/process/watch.hpp"

namespace skillgrad::exec {

namespace {

// Sources are first moved above every target, so that no target overwrites a source.
constexpr int kParking = 64;
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

/// The supervisor, as the command's process knows it.
struct Supervisor {
  pid_t pid;
  int socket;  ///< to it, or -1
};

[[noreturn]] void become_command(const ChildPlan& child, const Supervisor& supervisor) {
  // Should the supervisor be killed, no command may stay behind without limits on its time.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) give_up(errno);
  if (::getppid() != supervisor.pid) give_up(ECANCELED);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);  // NOLINT(concurrency-mt-unsafe): one thread
  // Not ENOENT: that would name the program as missing.
  for (const std::string& file : child.plan->cap.join_files)
    if (!join_cap(file.c_str())) give_up(EAGAIN);
  if (::setpgid(0, 0) != 0 || ::chdir(child.work_dir) != 0) give_up(errno);
  if (!confine(*child.plan, supervisor.socket)) give_up(errno);
  // The kernel forgets it when a process becomes another user.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) give_up(errno);
  if (::getppid() != supervisor.pid) give_up(ECANCELED);
  ::execve(child.program, child.argv, child.env);
  give_up(errno);
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

}  // namespace

void supervise(const ChildPlan& child) {
  static constinit Watch watch;  // too large for a stack of unknown size
  if (!set_up_descriptors(child)) give_up(errno);
  default_signals();
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);  // NOLINT(concurrency-mt-unsafe): one thread
  ::setsid();
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) give_up(errno);
  std::array<int, 2> sockets{-1, -1};
  const bool asks = child.plan->confinement != nullptr && child.plan->confinement->asks;
  if (asks && ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0)
    give_up(errno);
  watch.begin(child);

  const pid_t self = ::getpid();
  // The command's process shares this one's memory until its program is started, which saves a copy
  // of all page tables; but not one that asks the supervisor while it prepares itself.
  const pid_t command = asks ? ::_Fork() : ::vfork();
  if (command < 0) give_up(errno);
  if (command == 0) become_command(child, {self, sockets[1]});
  take_precedence();
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(fd);
  Ears ears;
  if (asks) ears.socket = ::dup2(sockets[0], kRuleset);
  close_from(asks ? kRuleset + 1 : kRuleset);
  sigset_t ended;
  ::sigemptyset(&ended);
  ::sigaddset(&ended, SIGCHLD);
  ears.signals = ::signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
  Outcome outcome;
  outcome.wait_status = SIGKILL;  // should the command outlive every attempt to end it
  if (ears.signals >= 0) watch.run(command, ears, outcome);
  end_tree(command, outcome, watch.tree());
  watch.finish(outcome);
  // Here and not only in the owner, who may be dead.
  for (const std::string& folder : child.plan->cap.folders)
    if (!folder.empty()) ::rmdir(folder.c_str());
  send(outcome);
  leave(0);
}

}  // namespace skillgrad::exec
