// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <httplib.h>

#include <skillgrad/core/error.hpp>

namespace skillgrad::web {

/// Threads are started when they are needed, up to a limit; each serves one connection at a time.
class LazyThreadPool final : public httplib::TaskQueue {
 public:
  /// Starts the first thread. Throws std::system_error when there is none to be had.
  LazyThreadPool(unsigned limit, std::atomic<bool>& crowded);
  ~LazyThreadPool() override { LazyThreadPool::shutdown(); }
  void enqueue(std::function<void()> task) override;
  void shutdown() override;

 private:
  void work();

  const unsigned limit_;
  std::atomic<bool>& crowded_;  ///< more connections than threads
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::jthread> threads_;
  std::size_t idle_ = 0;
  bool closing_ = false;
};

/// cpp-httplib's server with what a load of hundreds of connections needs: a listen backlog of
/// 1024 (the library compiles 5 in), connections that wait in poll() instead of waking a hundred
/// times a second, one send per reply, and a stop that ends open connections at once.
class LoopbackServer final : public httplib::Server {
 public:
  explicit LoopbackServer(unsigned threads);
  ~LoopbackServer() override;

  /// Binds 127.0.0.1 and starts to serve in a thread of its own. 0: any free port. Returns the
  /// port. Errors: io (port taken, no thread to be had).
  [[nodiscard]] Result<int> open(int port);
  /// Ends all connections and joins. Idempotent.
  void close();

 private:
  bool process_and_close_socket(socket_t socket) override;
  void serve_connection(socket_t socket);
  [[nodiscard]] bool wait_for_request(socket_t socket) const;

  const unsigned threads_;
  std::atomic<bool> closing_{false}, crowded_{false};
  std::unique_ptr<LazyThreadPool> pool_;  ///< until the library takes it over
  std::mutex mutex_;
  std::set<socket_t> open_;
  std::jthread thread_;
};

}  // namespace skillgrad::web
