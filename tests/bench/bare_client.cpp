// SPDX-License-Identifier: MIT
// The cheapest client there can be, as the measure of what a run of calls costs at least: one
// thread, epoll, the same request on every connection again and again.
//
// usage: bare_client PORT CALLS IN_FLIGHT
//
// Prints one JSON object with wall and CPU seconds.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct Connection {
  int socket = -1;
  std::string reply;
};

std::string request_text() {
  const std::string body =
      R"({"model":"bench","messages":[{"role":"user","content":"Say 42."}],"max_tokens":100})";
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
         "application/json\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Whether a whole reply has come.
bool is_whole(const std::string& reply) {
  const auto end = reply.find("\r\n\r\n");
  const auto length = reply.find("Content-Length: ");
  if (end == std::string::npos || length == std::string::npos) return false;
  return reply.size() >= end + 4 + std::strtoul(reply.c_str() + length + 16, nullptr, 10);
}

class BareClient {
 public:
  BareClient(int port, long calls, std::size_t in_flight)
      : left_to_send_(calls), left_to_come_(calls), connections_(in_flight) {
    for (std::size_t i = 0; i < in_flight; ++i) connect_to(port, i);
  }
  ~BareClient() {
    for (const Connection& connection : connections_) ::close(connection.socket);
    ::close(epoll_);
  }
  BareClient(const BareClient&) = delete;
  BareClient& operator=(const BareClient&) = delete;

  /// False: a connection failed.
  bool run() {
    for (Connection& connection : connections_)
      if (!send_next(connection)) return false;
    std::array<epoll_event, 256> events{};
    while (left_to_come_ > 0) {
      const int count =
          ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10'000);
      if (count <= 0) return false;
      for (int i = 0; i < count; ++i)
        if (!receive(connections_[events[static_cast<std::size_t>(i)].data.u64])) return false;
    }
    return true;
  }

 private:
  void connect_to(int port, std::size_t number) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connections_[number].socket = socket;
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }

  bool send_next(Connection& connection) {
    if (left_to_send_ == 0) return true;
    --left_to_send_;
    connection.reply.clear();
    return ::send(connection.socket, request_.data(), request_.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(request_.size());
  }

  bool receive(Connection& connection) {
    std::array<char, 16 * 1024> buffer{};
    const ssize_t got = ::recv(connection.socket, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    connection.reply.append(buffer.data(), static_cast<std::size_t>(got));
    if (!is_whole(connection.reply)) return true;
    --left_to_come_;
    return send_next(connection);
  }

  const std::string request_ = request_text();
  long left_to_send_, left_to_come_;
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<Connection> connections_;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bare_client PORT CALLS IN_FLIGHT\n");
    return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  BareClient client(static_cast<int>(std::strtol(argv[1], nullptr, 10)),
                    std::strtol(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10));
  if (!client.run()) {
    std::fprintf(stderr, "bare_client: the server does not answer\n");
    return 1;
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  std::printf("{\"wall_s\":%.4f,\"cpu_s\":%.4f}\n", wall.count(), cpu_seconds());
  return 0;
}
