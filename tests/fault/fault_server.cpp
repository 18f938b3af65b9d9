// SPDX-License-Identifier: MIT
#include "fault/fault_server.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad::fault {

namespace {

/// A connected socket; closes itself.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const { return fd_; }
  void reset_on_close() const {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  int fd_;
};

}  // namespace

struct Server::State {
  int listener = -1;
  int wake = -1;  ///< eventfd, readable once the server stops
  int port = 0;
  std::atomic<bool> stopping{false};
  std::atomic<bool> silent{false};
  mutable std::mutex mutex;
  std::vector<Hit> hits;
  Handler fallback;
  struct Route {
    Handler handler;
    std::size_t count = 0;
  };
  std::map<std::string, Route> routes;
  std::vector<std::thread> connections;
  std::thread acceptor;

  void accept_loop();
  void serve(int fd, int number);
  bool read_request(const Socket& socket, std::string& buffer, Hit& hit);
  /// False when the connection is over.
  bool play(const Socket& socket, const Step& step);
  bool pause(Milliseconds delay) const;
  bool fill(const Socket& socket, std::string& buffer) const;
  std::optional<Step> choose(Hit hit);
};

std::string Hit::header(const std::string& lower_name) const {
  const auto found = headers.find(lower_name);
  return found == headers.end() ? "" : found->second;
}

bool Server::State::pause(Milliseconds delay) const {
  if (delay.count() <= 0) return !stopping;
  pollfd watch{wake, POLLIN, 0};
  ::poll(&watch, 1, static_cast<int>(delay.count()));
  return !stopping;
}

bool Server::State::fill(const Socket& socket, std::string& buffer) const {
  std::vector<pollfd> watch = {{socket.fd(), POLLIN, 0}, {wake, POLLIN, 0}};
  ::poll(watch.data(), watch.size(), -1);
  if (stopping) return false;
  char bytes[16384];
  const ssize_t n = ::recv(socket.fd(), bytes, sizeof bytes, 0);
  if (n <= 0) return false;
  buffer.append(bytes, static_cast<std::size_t>(n));
  return true;
}

bool Server::State::read_request(const Socket& socket, std::string& buffer, Hit& hit) {
  std::size_t head_end = buffer.find("\r\n\r\n");
  while (head_end == std::string::npos) {
    if (!fill(socket, buffer)) return false;
    head_end = buffer.find("\r\n\r\n");
  }
  const std::vector<std::string> lines = split_lines(buffer.substr(0, head_end));
  const std::vector<std::string> first = split(lines.front(), ' ');
  if (first.size() >= 3) {
    hit.method = first[0];
    hit.target = first[1];
    hit.version = first[2];
  }
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto colon = lines[i].find(':');
    if (colon == std::string::npos) continue;
    hit.headers[to_lower_ascii(lines[i].substr(0, colon))] = trim(lines[i].substr(colon + 1));
  }
  const std::size_t length = std::strtoul(hit.header("content-length").c_str(), nullptr, 10);
  const std::size_t body_at = head_end + 4;
  while (buffer.size() < body_at + length) {
    if (!fill(socket, buffer)) return false;
  }
  hit.body = buffer.substr(body_at, length);
  buffer.erase(0, body_at + length);
  hit.time = std::chrono::steady_clock::now();
  return true;
}

std::optional<Step> Server::State::choose(Hit hit) {
  Handler handler;
  std::size_t number = 0;
  {
    const std::scoped_lock lock(mutex);
    const std::string name = hit.method + " " + hit.target.substr(0, hit.target.find('?'));
    number = hits.size();
    if (const auto found = routes.find(name); found != routes.end()) {
      handler = found->second.handler;
      number = found->second.count++;
    } else {
      handler = fallback;
    }
    hits.push_back(hit);
  }
  if (!handler) return std::nullopt;
  return handler(hit, number);
}

namespace {

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string head_of(const Step& step) {
  if (step.status_line.empty()) return {};
  std::string head = step.status_line + "\r\n";
  bool sized = false;
  for (const auto& [name, value] : step.headers) {
    const std::string lower = to_lower_ascii(name);
    sized = sized || lower == "content-length" || lower == "transfer-encoding";
    head += name + ": " + value + "\r\n";
  }
  if (step.content_length && !sized) {
    std::size_t bytes = 0;
    for (const Chunk& chunk : step.chunks) bytes += chunk.bytes.size();
    head += "Content-Length: " + std::to_string(bytes) + "\r\n";
  }
  return head + "\r\n";
}

}  // namespace

bool Server::State::play(const Socket& socket, const Step& step) {
  bool alive = send_all(socket.fd(), head_of(step));
  for (const Chunk& chunk : step.chunks) {
    if (!alive || !pause(chunk.delay)) return false;
    alive = send_all(socket.fd(), chunk.bytes);
  }
  if (step.end == End::reset) {
    socket.reset_on_close();
    return false;
  }
  if (step.end == End::hang) {
    std::string ignored;
    while (fill(socket, ignored)) ignored.clear();
    return false;
  }
  return alive && step.end == End::keep_alive;
}

void Server::State::serve(int fd, int number) {
  const Socket socket(fd);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::string buffer;
  if (silent) {
    while (fill(socket, buffer)) buffer.clear();
    return;
  }
  while (!stopping) {
    Hit hit;
    hit.connection = number;
    if (!read_request(socket, buffer, hit)) return;
    const auto step = choose(std::move(hit));
    if (!step || !play(socket, *step)) return;
  }
}

void Server::State::accept_loop() {
  int number = 0;
  while (true) {
    std::vector<pollfd> watch = {{listener, POLLIN, 0}, {wake, POLLIN, 0}};
    ::poll(watch.data(), watch.size(), -1);
    if (stopping) return;
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const std::scoped_lock lock(mutex);
    connections.emplace_back([this, fd, n = number++] { serve(fd, n); });
  }
}

Server::Server() : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  s.wake = ::eventfd(0, EFD_CLOEXEC);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (s.listener < 0 || s.wake < 0 || ::bind(s.listener, generic, length) != 0 ||
      ::listen(s.listener, 1024) != 0 || ::getsockname(s.listener, generic, &length) != 0) {
    throw std::runtime_error("fault server: no loopback socket");
  }
  s.port = ntohs(address.sin_port);
  s.acceptor = std::thread([&s] { s.accept_loop(); });
}

Server::~Server() {
  State& s = *state_;
  s.stopping = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(s.wake, &one, sizeof one);
  s.acceptor.join();
  for (std::thread& thread : s.connections) thread.join();
  ::close(s.listener);
  ::close(s.wake);
}

namespace {

Server::Handler in_order(std::vector<Step> steps) {
  return [steps = std::move(steps)](const Hit&, std::size_t number) {
    return steps[std::min(number, steps.size() - 1)];
  };
}

}  // namespace

void Server::script(std::vector<Step> steps) { handler(in_order(std::move(steps))); }

void Server::handler(Handler handler) {
  const std::scoped_lock lock(state_->mutex);
  state_->fallback = std::move(handler);
}

void Server::route(const std::string& method_and_path, Handler handler) {
  const std::scoped_lock lock(state_->mutex);
  state_->routes[method_and_path] = {std::move(handler), 0};
}

void Server::route(const std::string& method_and_path, std::vector<Step> steps) {
  route(method_and_path, in_order(std::move(steps)));
}

void Server::accept_silently() { state_->silent = true; }

int Server::port() const { return state_->port; }
std::string Server::origin() const { return "http://127.0.0.1:" + std::to_string(port()); }
std::string Server::base_url() const { return origin() + "/v1"; }

std::vector<Hit> Server::hits() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->hits;
}

std::size_t Server::hit_count() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->hits.size();
}

std::size_t Server::hit_count(const std::string& method) const {
  const std::scoped_lock lock(state_->mutex);
  return static_cast<std::size_t>(
      std::count_if(state_->hits.begin(), state_->hits.end(),
                    [&](const Hit& hit) { return hit.method == method; }));
}

}  // namespace skillgrad::fault
