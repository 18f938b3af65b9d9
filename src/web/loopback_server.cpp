// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <skillgrad/web/loopback_server.hpp>

namespace skillgrad::web {
namespace {

constexpr int kBacklog = 1024;
constexpr int kTransferTimeoutMs = 30'000;
constexpr int kIdlePollMs = 500;

bool poll_for(socket_t socket, short events, int timeout_ms) {
  pollfd entry{socket, events, 0};
  int count = 0;
  do {
    count = ::poll(&entry, 1, timeout_ms);
  } while (count < 0 && errno == EINTR);
  return count > 0 && (entry.revents & events) != 0;
}

/// Reads through a buffer, because the library asks for header bytes one by one; gathers what is
/// written, so that header and body leave in one segment.
class BufferedStream final : public httplib::Stream {
 public:
  explicit BufferedStream(socket_t socket) : socket_(socket) {}

  bool is_readable() const override {
    return begin_ < end_ || poll_for(socket_, POLLIN, kTransferTimeoutMs);
  }
  bool is_writable() const override { return !broken_; }

  ssize_t read(char* target, size_t size) override {
    if (begin_ == end_ && !fill()) return 0;
    const std::size_t n = std::min(size, end_ - begin_);
    std::memcpy(target, buffer_.data() + begin_, n);
    begin_ += n;
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* bytes, size_t size) override {
    if (broken_) return -1;
    out_.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  bool flush() {
    std::size_t sent = 0;
    while (sent < out_.size() && !broken_) {
      const ssize_t n = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (n > 0) {
        sent += static_cast<std::size_t>(n);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        broken_ = !poll_for(socket_, POLLOUT, kTransferTimeoutMs);
      } else if (errno != EINTR) {
        broken_ = true;
      }
    }
    out_.clear();
    return !broken_;
  }
  [[nodiscard]] bool has_buffered() const { return begin_ < end_; }

  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = "127.0.0.1";
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip = "127.0.0.1";
    port = 0;
  }
  socket_t socket() const override { return socket_; }

 private:
  bool fill() {
    ssize_t n = 0;
    do {
      n = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    } while (n < 0 && errno == EINTR);
    begin_ = 0;
    end_ = n > 0 ? static_cast<std::size_t>(n) : 0;
    return n > 0;
  }

  socket_t socket_;
  std::array<char, 16 * 1024> buffer_{};
  std::size_t begin_ = 0, end_ = 0;
  std::string out_;
  bool broken_ = false;
};

}  // namespace

LazyThreadPool::LazyThreadPool(unsigned limit, std::atomic<bool>& crowded)
    : limit_(limit), crowded_(crowded) {
  threads_.emplace_back([this] { work(); });
}

void LazyThreadPool::enqueue(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  bool started = false;
  if (idle_ < tasks_.size() && threads_.size() < limit_) {
    try {
      threads_.emplace_back([this] { work(); });
      started = true;
    } catch (const std::system_error&) {
      // No thread to be had now: the connection waits for one that is at work. The first was
      // started before the port was served, so there always is one.
    }
  }
  crowded_ = tasks_.size() > idle_ && !started;
  wake_.notify_one();
}

void LazyThreadPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    wake_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
    --idle_;
    if (tasks_.empty()) return;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    if (tasks_.empty()) crowded_ = false;
    lock.unlock();
    task();
    lock.lock();
  }
}

void LazyThreadPool::shutdown() {
  std::vector<std::jthread> threads;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    threads.swap(threads_);
  }
  wake_.notify_all();
}

LoopbackServer::LoopbackServer(unsigned threads) : threads_(std::max(1U, threads)) {
  // The default also sets SO_REUSEPORT, with which two servers share a port without noticing.
  set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
}

LoopbackServer::~LoopbackServer() { close(); }

Result<int> LoopbackServer::open(int port) {
  const int bound = port == 0                         ? bind_to_any_port("127.0.0.1")
                    : bind_to_port("127.0.0.1", port) ? port
                                                      : -1;
  if (bound < 0)
    return fail(ErrorCode::io, "cannot listen on port " + std::to_string(port), "127.0.0.1",
                "choose another port, or 0 for any free one");
  ::listen(svr_sock_, kBacklog);
  try {
    pool_ = std::make_unique<LazyThreadPool>(threads_, crowded_);
    new_task_queue = [this]() -> httplib::TaskQueue* { return pool_.release(); };
    thread_ = std::jthread([this] { listen_after_bind(); });
  } catch (const std::system_error& error) {
    return fail(ErrorCode::io, std::string("cannot start a thread: ") + error.what(), "127.0.0.1",
                "end other programs or raise the limit of processes");
  }
  while (!is_running()) std::this_thread::yield();
  return bound;
}

void LoopbackServer::close() {
  closing_ = true;
  if (!thread_.joinable()) return;
  stop();
  {
    const std::lock_guard lock(mutex_);
    for (const socket_t socket : open_) ::shutdown(socket, SHUT_RDWR);
  }
  thread_.join();
}

bool LoopbackServer::wait_for_request(socket_t socket) const {
  while (!closing_) {
    if (poll_for(socket, POLLIN, kIdlePollMs)) return true;
    if (crowded_) return false;  // another connection waits for this thread
    pollfd entry{socket, POLLIN, 0};
    if (::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
      return false;
  }
  return false;
}

void LoopbackServer::serve_connection(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  BufferedStream stream(socket);
  // Content is compressed neither for gzip nor for brotli: over loopback it only costs time.
  const auto plain = [](httplib::Request& request) { request.headers.erase("Accept-Encoding"); };
  while (stream.has_buffered() || wait_for_request(socket)) {
    bool closed = false;
    const bool ok = process_request(stream, crowded_, closed, plain);
    if (!stream.flush() || !ok || closed) break;
  }
}

bool LoopbackServer::process_and_close_socket(socket_t socket) {
  {
    const std::lock_guard lock(mutex_);
    open_.insert(socket);
    if (closing_) ::shutdown(socket, SHUT_RDWR);
  }
  serve_connection(socket);
  const std::lock_guard lock(mutex_);
  open_.erase(socket);
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
  return true;
}

}  // namespace skillgrad::web
