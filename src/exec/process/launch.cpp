// SPDX-License-Identifier: MIT
#include "exec/process/launch.hpp"

#include <cerrno>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/process/supervisor.hpp"

namespace skillgrad::exec {

namespace {

struct Pipe {
  Descriptor read, write;
};

Error start_error(int error_number, const char* what) {
  Error error = errno_error(error_number, what, "process");
  error.code = ErrorCode::sandbox;
  if (error_number == EMFILE || error_number == ENFILE) {
    error.mend = "raise the limit of open files (ulimit -n) or run fewer tasks at once (-j)";
  } else if (error_number == EAGAIN || error_number == ENOMEM) {
    error.mend = "free memory or processes, or run fewer tasks at once (-j)";
  }
  return error;
}

Result<Pipe> make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return tl::unexpected(start_error(errno, "cannot create a pipe"));
  }
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& text : strings) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

/// Forks with all signals blocked, so that no handler of this program runs in the child. By fork
/// and not _Fork, of which the thread sanitizer knows nothing: it would report races in the child.
pid_t fork_supervisor(const ChildPlan& child) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) supervise(child);
  const int problem = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = problem;
  return pid;
}

bool unblock(const Descriptor& fd) {
  return ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK) == 0;
}

}  // namespace

Result<Launched> launch(const LaunchPlan& plan) {
  SKILLGRAD_TRY(Pipe in, make_pipe());
  SKILLGRAD_TRY(Pipe out, make_pipe());
  SKILLGRAD_TRY(Pipe err, make_pipe());
  SKILLGRAD_TRY(Pipe control, make_pipe());
  SKILLGRAD_TRY(Pipe outcome, make_pipe());
  Pipe report;
  std::vector<Move> moves = {{in.read.get(), nullptr, STDIN_FILENO},
                             {out.write.get(), nullptr, STDOUT_FILENO},
                             {err.write.get(), nullptr, STDERR_FILENO},
                             {control.read.get(), nullptr, kControl, false},
                             {outcome.write.get(), nullptr, kOutcome, false}};
  if (plan.confinement != nullptr) {
    moves.push_back({plan.confinement->ruleset, nullptr, kRuleset, false});
  }
  if (plan.report) {
    SKILLGRAD_TRY(report, make_pipe());
    moves.push_back({report.write.get(), nullptr, kReport});
  }
  std::vector<std::string> paths;
  for (const int file : plan.files) paths.push_back("/proc/self/fd/" + std::to_string(file));
  for (std::size_t i = 0; i < paths.size(); ++i) {
    moves.push_back({-1, paths[i].c_str(), kFirstFile + static_cast<int>(i)});
  }
  const std::vector<char*> argv = pointers(plan.argv);
  const std::vector<char*> env = pointers(plan.env);
  const std::vector<char*> own = pointers(plan.own_folders);
  const ChildPlan child{plan.program.c_str(),
                        argv.data(),
                        env.data(),
                        plan.work_dir.c_str(),
                        &plan,
                        moves.data(),
                        moves.size(),
                        {own.data(), static_cast<unsigned>(plan.own_folders.size())}};
  if (!unblock(in.write) || !unblock(out.read) || !unblock(err.read)) {
    return tl::unexpected(start_error(errno, "cannot prepare a pipe"));
  }
  Launched launched;
  launched.supervisor = fork_supervisor(child);
  if (launched.supervisor < 0) {
    return tl::unexpected(start_error(errno, "cannot start a process"));
  }
  launched.in = std::move(in.write);
  launched.out = std::move(out.read);
  launched.err = std::move(err.read);
  launched.control = std::move(control.write);
  launched.outcome = std::move(outcome.read);
  launched.report = std::move(report.read);
  return launched;
}

}  // namespace skillgrad::exec
