// SPDX-License-Identifier: MIT
#include "agent/relay/relay.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <list>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "agent/relay/duplex.hpp"

namespace skillgrad::agent {
namespace {

constexpr std::size_t kMostHead = 64 * 1024;
constexpr std::size_t kMostConnections = 256;
constexpr std::size_t kMostNames = 20;
constexpr int kConnectMs = 10'000;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

/// Connects within the time limit; an empty descriptor where nobody answers.
Descriptor connect_within(const addrinfo& address) {
  Descriptor out(
      ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
  if (!out) return out;
  if (::connect(out.get(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return {};
    pollfd waits{out.get(), POLLOUT, 0};
    int problem = 0;
    socklen_t size = sizeof problem;
    if (::poll(&waits, 1, kConnectMs) != 1 ||
        ::getsockopt(out.get(), SOL_SOCKET, SO_ERROR, &problem, &size) != 0 || problem != 0)
      return {};
  }
  const int on = 1;
  static_cast<void>(::setsockopt(out.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  return out;
}

Descriptor connect_endpoint(const Authority& authority) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(authority.host.c_str(), std::to_string(authority.port).c_str(), &wanted,
                    &found) != 0)
    return {};
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next)
    if (Descriptor out = connect_within(*at)) return out;
  return {};
}

std::string answer(int status, const std::string& reason, const std::string& text) {
  return "HTTP/1.1 " + std::to_string(status) + " " + reason +
         "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(text.size() + 1) +
         "\r\nConnection: close\r\n\r\n" + text + "\n";
}

class RelayThread final : public Relay {
 public:
  RelayThread(Descriptor listener, Descriptor wake, RelayOptions options)
      : options_(std::move(options)), listener_(std::move(listener)), wake_(std::move(wake)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  RelayThread(const RelayThread&) = delete;
  RelayThread& operator=(const RelayThread&) = delete;
  ~RelayThread() override { end(); }

  RelayCount close() override {
    end();
    return count_;
  }

 private:
  /// A connection whose request is not read yet, or one that is carried.
  struct Connection {
    Descriptor client;
    std::string head;
    std::unique_ptr<Duplex> duplex;
  };

  void end() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    const std::uint64_t one = 1;
    static_cast<void>(!write_all(wake_.get(), {reinterpret_cast<const char*>(&one), sizeof one}));
    thread_.join();
  }

  void serve(const std::stop_token& stop) {
    std::list<Connection> connections;
    std::vector<pollfd> polls;
    while (!stop.stop_requested()) {
      polls.clear();
      polls.push_back({wake_.get(), POLLIN, 0});
      const bool room = connections.size() < kMostConnections;
      polls.push_back({room ? listener_.get() : -1, POLLIN, 0});
      for (const Connection& one : connections) {
        if (one.duplex) {
          one.duplex->add_polls(polls);
        } else {
          polls.push_back({one.client.get(), POLLIN, 0});
          polls.push_back({-1, 0, 0});
        }
      }
      if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) return;
      std::size_t at = 2;
      for (auto it = connections.begin(); it != connections.end(); at += 2)
        it = step(*it, polls[at].revents, polls[at + 1].revents) ? std::next(it)
                                                                 : connections.erase(it);
      if (polls[1].revents != 0)
        if (Descriptor client{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)}) {
          connections.emplace_back();
          connections.back().client = std::move(client);
        }
    }
  }

  bool step(Connection& one, short left, short right) {
    if (one.duplex) return one.duplex->step(left, right);
    if (left == 0) return true;
    std::array<char, 16384> buffer;
    const ssize_t got = ::recv(one.client.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got <= 0) return false;
    one.head.append(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t end = one.head.find("\r\n\r\n");
    if (end == std::string::npos) return one.head.size() <= kMostHead;
    return begin(one, end + 4);
  }

  bool begin(Connection& one, std::size_t head_size) {
    const auto head = read_request_head(std::string_view(one.head).substr(0, head_size));
    if (!head) return reply(one, answer(400, "Bad Request", "this relay speaks HTTP/1.1"));
    const Address& endpoint = options_.endpoint;
    const bool here = !head->target || *head->target == options_.inside;
    const bool wanted = head->target && *head->target == endpoint.authority;
    const bool allowed = head->connect ? wanted : (here || wanted) && !endpoint.tls;
    if (!allowed) {
      refuse(here && !head->target ? options_.inside : *head->target);
      return reply(one,
                   answer(403, "Forbidden",
                          "skillgrad: only the model's endpoint " + to_text(endpoint.authority) +
                              " can be reached from this sandbox"));
    }
    Descriptor server = connect_endpoint(endpoint.authority);
    if (!server) {
      ++count_.unreachable;
      return reply(one, answer(502, "Bad Gateway",
                               "skillgrad: the model's endpoint does not accept a connection"));
    }
    ++count_.passed;
    std::string first = one.head.substr(head_size);
    if (head->connect) {
      if (!write_now(one.client.get(), "HTTP/1.1 200 Connection established\r\n\r\n")) return false;
    } else {
      first = request(*head) + first;
    }
    one.duplex =
        std::make_unique<Duplex>(std::move(one.client), std::move(server), std::move(first));
    return one.duplex->step(0, 0);
  }

  /// One request a connection, so that each is seen here.
  [[nodiscard]] std::string request(const RequestHead& head) const {
    std::string out = head.method + " " + head.path +
                      " HTTP/1.1\r\nHost: " + to_text(options_.endpoint.authority) +
                      "\r\nConnection: close\r\n";
    if (options_.key_header.empty()) return out + head.fields + "\r\n";
    return out + without_keys(head.fields) + options_.key_header + ": " +
           (options_.key_header == "Authorization" ? "Bearer " : "") + options_.key.reveal() +
           "\r\n\r\n";
  }

  /// The agent has a word in place of the key, which the endpoint must not see as one.
  static std::string without_keys(const std::string& fields) {
    std::string out;
    for (std::size_t at = 0; at < fields.size();) {
      const std::size_t end = fields.find("\r\n", at) + 2;
      const std::string field = fields.substr(at, end - at);
      const std::string name = to_lower(field.substr(0, field.find(':')));
      if (name != "authorization" && name != "x-api-key" && name != "api-key" &&
          name != "x-goog-api-key")
        out += field;
      at = end;
    }
    return out;
  }

  static std::string to_lower(std::string text) {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
  }

  void refuse(const Authority& target) {
    const std::string name = to_text(target);
    const bool known = count_.refused.contains(name) || count_.refused.size() < kMostNames;
    ++count_.refused[known ? name : "others"];
  }

  static bool write_now(int fd, const std::string& text) {
    return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

  /// The answer of the relay itself; the connection ends. What the client still sends is read, or
  /// the answer would be lost with the connection.
  static bool reply(Connection& one, const std::string& text) {
    static_cast<void>(write_now(one.client.get(), text));
    static_cast<void>(::shutdown(one.client.get(), SHUT_WR));
    std::array<char, 16384> rest;
    while (::recv(one.client.get(), rest.data(), rest.size(), MSG_DONTWAIT) > 0) {
    }
    return false;
  }

  RelayOptions options_;
  Descriptor listener_, wake_;
  RelayCount count_;  ///< of the thread until it has ended
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<Relay>> Relay::open(const fs::path& folder, RelayOptions options) {
  SKILLGRAD_TRY(Descriptor listener, listen_at(folder / kSocket));
  Descriptor wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake)
    return tl::unexpected(errno_error(errno, "cannot make an event descriptor", folder.string()));
  return std::unique_ptr<Relay>(
      std::make_unique<RelayThread>(std::move(listener), std::move(wake), std::move(options)));
}

}  // namespace skillgrad::agent
