// SPDX-License-Identifier: MIT
#include "exec/process/watch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exec/process/tree_memory.hpp"

namespace skillgrad::exec {

namespace {

// The limits are looked at this often: at first, and while the tree stays small.
constexpr std::int64_t kFirstCheckMs = 10;
constexpr std::int64_t kLongestCheckMs = 25;
constexpr std::int64_t kLongestCappedCheckMs = 100;  // where the kernel bounds a burst meanwhile
// Folders are measured this often; neither they nor memory for more than about the twentieth part
// of the time.
constexpr std::int64_t kMeasureMs = 50;
/// Entries that are counted, as a multiple of the limit.
constexpr std::uint64_t kMeasuredShare = 4;
constexpr std::int64_t kMeasureShare = 20;

std::int64_t now_us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

std::int64_t now_ms() { return now_us() / 1000; }

/// The descriptor that came with a byte through a local socket, or -1.
int receive_descriptor(int socket) {
  char byte = 0;
  iovec data{&byte, 1};
  int fd = -1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1) return -1;
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

void close_ear(int& fd) {
  ::close(fd);
  fd = -1;
}

/// Whether the kernel ended a member of the group for want of memory.
bool was_out_of_memory(const char* events_file) {
  if (*events_file == '\0') return false;
  const int fd = ::open(events_file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  std::array<char, 512> text{};
  const ssize_t got = ::read(fd, text.data(), text.size() - 1);
  ::close(fd);
  constexpr const char* kKills = "oom_kill ";
  const char* const at = got > 0 ? std::strstr(text.data(), kKills) : nullptr;
  return at != nullptr && at[std::strlen(kKills)] != '0';
}

}  // namespace

bool reap(pid_t command, Outcome& outcome, bool& none_left) {
  bool found = false;
  none_left = false;
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    none_left = pid < 0;
    if (pid <= 0) return found;
    if (pid != command) continue;
    outcome.wait_status = status;
    found = true;
  }
}

void Watch::begin(const ChildPlan& child) {
  child_ = &child;
  if (!watches_folders()) return;
  free_at_start_ = free_bytes(child.own_folders.paths[0]);
  at_start_ = measure();
}

bool Watch::watches_folders() const {
  return child_->own_folders.count > 0 && child_->plan->limits.disk_bytes > 0;
}

Usage Watch::measure() {
  const std::int64_t begin = now_us();
  Usage out;
  const OwnFolders& own = child_->own_folders;
  // Beyond the limit, too: what a command adds to a full folder must show. Not without end.
  const std::uint64_t most = kMeasuredShare * child_->plan->limits.entries;
  for (unsigned i = 0; i < own.count; ++i) folders_.add(own.paths[i], most, out);
  const std::int64_t took_ms = (now_us() - begin) / 1000;
  next_measure_ms_ = now_ms() + std::max(kMeasureMs, took_ms * kMeasureShare);
  return out;
}

bool Watch::memory_exceeds() {
  const std::int64_t begin = now_us();
  const bool out = uses_more_memory(tree_, child_->plan->limits.memory_bytes);
  const std::int64_t took_ms = (now_us() - begin) / 1000;
  next_memory_ms_ = now_ms() + took_ms * kMeasureShare;
  return out;
}

/// More than allowed, and more than there was: a command may clear up what another one left.
bool Watch::folders_exceed() {
  const ResourceLimits& limits = child_->plan->limits;
  const Usage now = measure();
  if (now.too_deep && !at_start_.too_deep) return true;
  if (now.bytes > limits.disk_bytes && now.bytes > at_start_.bytes) return true;
  if (now.entries > limits.entries && now.entries > at_start_.entries) return true;
  // Files that were removed while they are open take room as well. Others use this disk, too, so
  // that its free space is a hint alone.
  const char* const folder = child_->own_folders.paths[0];
  if (free_bytes(folder) + limits.disk_bytes > free_at_start_) return false;
  return now.bytes + nameless_bytes(tree_, folder) > limits.disk_bytes;
}

void Watch::check(Outcome& outcome) {
  const LaunchPlan& plan = *child_->plan;
  const std::size_t most = plan.limits.processes + plan.extra_processes;
  tree_.scan(::getpid());
  if (plan.limits.processes > 0 && tree_.size() > most) outcome.excess = Excess::processes;
  if (plan.limits.memory_bytes > 0 && now_ms() >= next_memory_ms_ && memory_exceeds())
    outcome.excess = Excess::memory;
  if (watches_folders() && now_ms() >= next_measure_ms_ && folders_exceed())
    outcome.excess = Excess::disk;
}

void Watch::plan_next_check() {
  const LaunchPlan& plan = *child_->plan;
  const bool capped = !plan.cap.join_files[0].empty() && !plan.cap.memory_events.empty();
  const std::size_t most = plan.limits.processes + plan.extra_processes;
  const std::int64_t longest = capped ? kLongestCappedCheckMs : kLongestCheckMs;
  interval_ms_ = interval_ms_ == 0 || tree_.size() * 4 > most ? kFirstCheckMs
                                                              : std::min(interval_ms_ * 2, longest);
  next_check_ms_ = now_ms() + interval_ms_;
}

void Watch::run(pid_t command, Ears ears, Outcome& outcome) {
  const ResourceLimits& limits = child_->plan->limits;
  const bool checks = limits.processes > 0 || limits.memory_bytes > 0 || watches_folders();
  plan_next_check();
  for (;;) {
    // The time of the next check stands, however much there is to hear meanwhile.
    const std::int64_t left = std::max<std::int64_t>(0, next_check_ms_ - now_ms());
    std::array<pollfd, 4> polled{{{kControl, POLLIN, 0},
                                  {ears.signals, POLLIN, 0},
                                  {ears.socket, POLLIN, 0},
                                  {ears.listener, POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), checks ? static_cast<int>(left) : -1);
    if (polled[0].revents != 0) return;
    if (polled[1].revents != 0) {
      signalfd_siginfo info;
      const ssize_t got = ::read(ears.signals, &info, sizeof info);
      static_cast<void>(got);
      bool none_left = false;
      if (reap(command, outcome, none_left) || none_left) return;
    }
    if (polled[2].revents != 0) {
      ears.listener = receive_descriptor(ears.socket);
      close_ear(ears.socket);
    }
    if ((polled[3].revents & POLLIN) != 0)
      answer_attribute_request(ears.listener, child_->own_folders);
    else if (polled[3].revents != 0)
      close_ear(ears.listener);  // the last process with the filter has ended
    if (!checks || now_ms() < next_check_ms_) continue;
    check(outcome);
    if (outcome.excess != Excess::none) return;
    plan_next_check();
  }
}

void Watch::finish(Outcome& outcome) {
  if (outcome.excess != Excess::none) return;
  if (was_out_of_memory(child_->plan->cap.memory_events.c_str())) outcome.excess = Excess::memory;
  if (watches_folders() && folders_exceed()) outcome.excess = Excess::disk;
}

}  // namespace skillgrad::exec
