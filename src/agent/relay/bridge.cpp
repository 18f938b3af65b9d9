// SPDX-License-Identifier: MIT
#include "agent/relay/bridge.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <skillgrad/agent/external.hpp>

#include "agent/relay/duplex.hpp"

namespace skillgrad::agent {
namespace {

constexpr std::size_t kMostBridged = 256;
constexpr int kCannotBridge = 125;

int give_up(const char* what) {
  std::fprintf(stderr, "skillgrad: the way to the model's endpoint cannot be made: %s: %s\n", what,
               std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): one thread
  return kCannotBridge;
}

Descriptor listen_on_loopback(int port) {
  Descriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!out || ::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(out.get(), 128) != 0)
    return {};
  return out;
}

/// Carries connections until the command has ended; its wait status, or -1.
int carry(const Descriptor& listener, const Descriptor& signals, const fs::path& relay,
          pid_t command) {
  std::list<Duplex> carried;
  std::vector<pollfd> polls;
  for (;;) {
    polls.clear();
    polls.push_back({signals.get(), POLLIN, 0});
    polls.push_back({carried.size() < kMostBridged ? listener.get() : -1, POLLIN, 0});
    for (const Duplex& one : carried) one.add_polls(polls);
    if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) return -1;
    std::size_t at = 2;
    for (auto it = carried.begin(); it != carried.end(); at += 2)
      it = it->step(polls[at].revents, polls[at + 1].revents) ? std::next(it) : carried.erase(it);
    if (polls[1].revents != 0)
      if (Descriptor client{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)})
        if (auto out = connect_to(relay)) carried.emplace_back(std::move(client), std::move(*out));
    if (polls[0].revents == 0) continue;
    signalfd_siginfo info{};
    static_cast<void>(::read(signals.get(), &info, sizeof info) + 1);
    int status = 0;
    if (::waitpid(command, &status, WNOHANG) == command) return status;
  }
}

}  // namespace

bool is_bridge_call(int argc, const char* const* argv) {
  return argc > 5 && std::string_view(argv[1]) == kBridgeWord && std::string_view(argv[4]) == "--";
}

int run_bridge(int argc, const char* const* argv) {
  const Descriptor listener = listen_on_loopback(std::atoi(argv[2]));  // NOLINT(cert-err34-c)
  if (!listener) return give_up("loopback");
  sigset_t child;
  sigset_t before;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, &before);
  const Descriptor signals(::signalfd(-1, &child, SFD_CLOEXEC));
  if (!signals) return give_up("signals");
  const std::vector<const char*> words(argv + 5, argv + argc);
  std::vector<char*> command;
  for (const char* word : words) command.push_back(const_cast<char*>(word));
  command.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return give_up("fork");
  if (pid == 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::execvp(command.front(), command.data());
    std::fprintf(stderr, "%s: %s\n", command.front(),
                 std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): one thread
    ::_exit(errno == ENOENT ? 127 : 126);
  }
  const int status = carry(listener, signals, argv[3], pid);
  if (status < 0) return give_up("poll");
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace skillgrad::agent
