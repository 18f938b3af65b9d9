// SPDX-License-Identifier: MIT
// The cheapest endpoint there can be, so that two clients can be compared on a small machine: one
// thread, epoll, the same reply to every request after a fixed delay.
//
// usage: reply_server LATENCY_MS [tool|text]
//
// The reply is a tool call, or the text "42". Prints its base URL as the first line, serves
// loopback only, and ends when its standard input is closed; then it prints the number of replies.
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBacklog = 1024;
constexpr int kEvents = 512;

constexpr std::string_view kTool =
    R"("message":{"role":"assistant","content":null,"tool_calls":[{"id":"a1b2c3d4e",)"
    R"("type":"function","function":{"name":"shell","arguments":"{\"command\":\"ls -la\"}"}}]},)"
    R"("finish_reason":"tool_calls")";
constexpr std::string_view kText =
    R"("message":{"role":"assistant","content":"42"},"finish_reason":"stop")";

std::string body_with(std::string_view answer) {
  return R"({"id":"chatcmpl-bench","object":"chat.completion","created":0,"model":"bench",)"
         R"("choices":[{"index":0,)" +
         std::string(answer) +
         R"(}],"usage":{"prompt_tokens":1000,"completion_tokens":12,"total_tokens":1012,)"
         R"("prompt_tokens_details":{"cached_tokens":0}}})";
}

/// Bytes of the first whole request in `text`, or 0.
std::size_t request_size(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  std::size_t body = 0;
  for (std::size_t at = text.find("\r\n"); at < end; at = text.find("\r\n", at + 2)) {
    constexpr std::string_view kName = "content-length:";
    const std::string_view line = text.substr(at + 2, end - at - 2);
    if (line.size() < kName.size() || ::strncasecmp(line.data(), kName.data(), kName.size()) != 0)
      continue;
    const auto digits = line.substr(line.find_first_not_of(' ', kName.size()));
    std::from_chars(digits.data(), digits.data() + digits.size(), body);
    break;
  }
  const std::size_t size = end + 4 + body;
  return size <= text.size() ? size : 0;
}

class ReplyServer {
 public:
  ReplyServer(std::chrono::milliseconds latency, const std::string& body) : latency_(latency) {
    reply_ = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
             std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  ~ReplyServer() {
    for (const auto& [socket, text] : open_) ::close(socket);
    ::close(listener_);
    ::close(epoll_);
  }
  ReplyServer(const ReplyServer&) = delete;
  ReplyServer& operator=(const ReplyServer&) = delete;

  /// The port, or 0.
  int open() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, plain, size) != 0 || ::listen(listener_, kBacklog) != 0 ||
        ::getsockname(listener_, plain, &size) != 0 || !watch(listener_) || !watch(STDIN_FILENO))
      return 0;
    return ntohs(address.sin_port);
  }

  long serve() {
    std::array<epoll_event, kEvents> events{};
    while (true) {
      const auto limit = until_due();
      const int count =
          ::epoll_pwait2(epoll_, events.data(), kEvents, limit ? &*limit : nullptr, nullptr);
      if (count < 0 && errno != EINTR) return replies_;
      for (int i = 0; i < count; ++i) {
        const int source = events[static_cast<std::size_t>(i)].data.fd;
        if (source == STDIN_FILENO) return replies_;
        if (source == listener_) {
          accept_one();
        } else {
          receive(source);
        }
      }
      send_due();
    }
  }

 private:
  struct Due {
    Clock::time_point at;
    int socket;
  };

  bool watch(int source) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = source;
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, source, &event) == 0;
  }

  /// To the nanosecond: whole milliseconds would add one hundredth to every call.
  [[nodiscard]] std::optional<timespec> until_due() const {
    if (due_.empty()) return std::nullopt;
    const auto left = std::chrono::nanoseconds(due_.front().at - Clock::now()).count();
    if (left <= 0) return timespec{};
    return timespec{left / 1'000'000'000, left % 1'000'000'000};
  }

  void accept_one() {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    watch(socket);
    open_[socket];
  }

  void receive(int socket) {
    std::array<char, 64 * 1024> buffer{};
    const ssize_t n = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      open_.erase(socket);
      ::close(socket);
      return;
    }
    std::string& text = open_[socket];
    text.append(buffer.data(), static_cast<std::size_t>(n));
    for (std::size_t size = request_size(text); size > 0; size = request_size(text)) {
      text.erase(0, size);
      due_.push_back({Clock::now() + latency_, socket});
    }
  }

  /// A reply is smaller than any socket buffer, so one send takes it whole.
  void send_due() {
    const auto now = Clock::now();
    for (; !due_.empty() && due_.front().at <= now; due_.pop_front()) {
      if (!open_.contains(due_.front().socket)) continue;
      ::send(due_.front().socket, reply_.data(), reply_.size(), MSG_NOSIGNAL);
      ++replies_;
    }
  }

  std::chrono::milliseconds latency_;
  std::string reply_;
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  std::unordered_map<int, std::string> open_;  ///< what has come of the next request
  std::deque<Due> due_;                        ///< in order, for every delay is the same
  long replies_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc == 3 ? argv[2] : "tool";
  if (argc < 2 || argc > 3 || (kind != "tool" && kind != "text")) {
    std::fprintf(stderr, "usage: reply_server LATENCY_MS [tool|text]\n");
    return 2;
  }
  ReplyServer server{std::chrono::milliseconds(std::strtol(argv[1], nullptr, 10)),
                     body_with(kind == "text" ? kText : kTool)};
  const int port = server.open();
  if (port == 0) {
    std::perror("reply_server");
    return 1;
  }
  std::printf("http://127.0.0.1:%d/v1\n", port);
  std::fflush(stdout);
  std::printf("%ld\n", server.serve());
  return 0;
}
