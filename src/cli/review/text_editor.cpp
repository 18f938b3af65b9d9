// SPDX-License-Identifier: MIT
#include "cli/review/text_editor.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <sys/wait.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>

namespace skillgrad::cli {
namespace {

std::string editor_command() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): never set
    if (value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

/// Gives the terminal to a process group. A process in the background is stopped for asking, unless
/// it does not listen.
void give_terminal(pid_t group) {
  sigset_t stops;
  sigset_t before;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &stops, &before);
  ::tcsetpgrp(STDIN_FILENO, group);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// In the child: only what may be called between fork and exec. Ctrl-C in the editor is the
/// editor's: it gets a process group of its own, and the signals that this program holds back.
[[noreturn]] void become_editor(const char* const* argv) {
  ::setpgid(0, 0);
  ::signal(SIGTTOU, SIG_IGN);
  ::tcsetpgrp(STDIN_FILENO, ::getpid());
  for (const int number : {SIGTTOU, SIGPIPE, SIGINT, SIGTERM, SIGHUP}) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::execv("/bin/sh", const_cast<char* const*>(argv));
  ::_exit(127);
}

Result<> run_editor(const std::string& command, const std::string& file) {
  const std::string script = command + " \"$1\"";
  const char* const argv[] = {"sh", "-c", script.c_str(), "sh", file.c_str(), nullptr};
  const pid_t child = ::fork();
  if (child < 0) return tl::unexpected(errno_error(errno, "cannot start", command));
  if (child == 0) become_editor(argv);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  give_terminal(::getpgrp());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(ErrorCode::infra, "the editor failed, nothing was changed", command,
              "set EDITOR to one that is installed, such as EDITOR=nano");
}

}  // namespace

Result<std::string> edit_text(const std::string& text, const std::string& name) {
  SKILLGRAD_TRY(const TempDir folder, TempDir::create("review-"));
  const fs::path file = folder.path() / name;
  SKILLGRAD_CHECK(write_file_atomic(file, text, 0600));
  SKILLGRAD_CHECK(run_editor(editor_command(), file.string()));
  return read_file(file, std::uint64_t{1} << 20);
}

}  // namespace skillgrad::cli
