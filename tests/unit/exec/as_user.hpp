// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <functional>
#include <string>

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad::exec {

/// A user of this machine's with no name, as ordinary users are numbered.
inline constexpr uid_t kOrdinaryUser = 54'321;

/// Runs `body` in a child process that is an ordinary user with a temporary folder of its own, and
/// returns what it returned. For root, who alone can do that.
inline std::string as_ordinary_user(const std::function<std::string()>& body,
                                    uid_t user = kOrdinaryUser) {
  std::string folder = "/tmp/sg-as-user-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr || ::chown(folder.c_str(), user, user) != 0) return "?";
  int ends[2];
  if (::pipe(ends) != 0) return "?";
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    std::string said = "cannot become an ordinary user";
    if (::setgroups(0, nullptr) == 0 && ::setresgid(user, user, user) == 0 &&
        ::setresuid(user, user, user) == 0 && ::setenv("TMPDIR", folder.c_str(), 1) == 0) {
      said = body();
    }
    static_cast<void>(write_all(ends[1], said));
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string out;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  static_cast<void>(remove_tree(folder));
  return out;
}

}  // namespace skillgrad::exec
