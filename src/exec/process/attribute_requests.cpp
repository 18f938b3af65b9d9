// SPDX-License-Identifier: MIT
#include "exec/process/attribute_requests.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "exec/process/proc_path.hpp"

namespace skillgrad::exec {

namespace {

constexpr long kFchmodat2Call = 452;
constexpr mode_t kSetId = S_ISUID | S_ISGID;
constexpr std::uint64_t kPage = 4096;  // the smallest there is: reads never cross into another page

/// One call, brought to a common form.
struct Request {
  bool by_descriptor = false;  ///< of the open file `folder`, without a path
  int folder = AT_FDCWD;
  std::uint64_t path = 0;  ///< in the memory of the caller
  bool follow = true;
  bool empty_path = false;  ///< "" means `folder` itself
  bool changes_mode = false;
  mode_t mode = 0;
  std::uint64_t times = 0;  ///< in the memory of the caller; 0: now
  enum class Times { specs, values, seconds } form = Times::specs;
};

/// The call's arguments by their position, as the kernel narrows them.
Request understand(const seccomp_data& call) {
  const auto integer = [&](int index) { return static_cast<int>(call.args[index]); };
  Request out;
  switch (call.nr) {
#ifdef SYS_chmod
    case SYS_chmod:
      out.path = call.args[0];
      out.changes_mode = true;
      out.mode = static_cast<mode_t>(call.args[1]);
      return out;
#endif
    case SYS_fchmod:
      out.by_descriptor = out.changes_mode = true;
      out.folder = integer(0);
      out.mode = static_cast<mode_t>(call.args[1]);
      return out;
    case SYS_fchmodat:
    case kFchmodat2Call:
      out.folder = integer(0);
      out.path = call.args[1];
      out.changes_mode = true;
      out.mode = static_cast<mode_t>(call.args[2]);
      if (call.nr == kFchmodat2Call) {
        out.follow = (call.args[3] & AT_SYMLINK_NOFOLLOW) == 0;
        out.empty_path = (call.args[3] & AT_EMPTY_PATH) != 0;
      }
      return out;
#ifdef SYS_utime
    case SYS_utime:
      out.path = call.args[0];
      out.times = call.args[1];
      out.form = Request::Times::seconds;
      return out;
#endif
#ifdef SYS_utimes
    case SYS_utimes:
      out.path = call.args[0];
      out.times = call.args[1];
      out.form = Request::Times::values;
      return out;
#endif
#ifdef SYS_futimesat
    case SYS_futimesat:
      out.folder = integer(0);
      out.path = call.args[1];
      out.by_descriptor = out.path == 0;
      out.times = call.args[2];
      out.form = Request::Times::values;
      return out;
#endif
    default:  // utimensat
      out.folder = integer(0);
      out.path = call.args[1];
      out.by_descriptor = out.path == 0;
      out.times = call.args[2];
      out.follow = (call.args[3] & AT_SYMLINK_NOFOLLOW) == 0;
      out.empty_path = (call.args[3] & AT_EMPTY_PATH) != 0;
      return out;
  }
}

bool read_memory(pid_t pid, std::uint64_t from, void* to, std::size_t size) {
  const iovec here{to, size};
  const iovec there{reinterpret_cast<void*>(from), size};  // NOLINT(performance-no-int-to-ptr)
  return ::syscall(SYS_process_vm_readv, pid, &here, 1UL, &there, 1UL, 0UL) ==
         static_cast<long>(size);
}

using PathText = std::array<char, PATH_MAX>;

/// 0, or the error number that the caller gets.
int read_path(pid_t pid, std::uint64_t from, PathText& path) {
  for (std::size_t used = 0; used < path.size();) {
    const std::size_t part =
        std::min<std::size_t>(path.size() - used, kPage - (from + used) % kPage);
    if (!read_memory(pid, from + used, path.data() + used, part)) return EFAULT;
    if (std::memchr(path.data() + used, 0, part) != nullptr) return 0;
    used += part;
  }
  return ENAMETOOLONG;
}

class Answer {
 public:
  Answer(pid_t pid, const Request& request, const OwnFolders& folders)
      : pid_(pid), request_(request), folders_(folders) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() {
    if (target_ >= 0) ::close(target_);
  }

  /// Opens the file; 0 or an error number.
  int open_target() {
    if (request_.by_descriptor) return open_of_caller(request_.folder);
    PathText path;
    if (const int problem = read_path(pid_, request_.path, path); problem != 0) return problem;
    if (path[0] == '\0') return request_.empty_path ? open_of_caller(request_.folder) : ENOENT;
    if (path[0] != '/') {
      if (const int problem = open_of_caller(request_.folder); problem != 0) return problem;
    }
    const int base = target_;
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC | (request_.follow ? 0U : static_cast<unsigned>(O_NOFOLLOW));
    // The links of /proc/self would lead to what this process has open.
    how.resolve = RESOLVE_NO_MAGICLINKS;
    target_ = static_cast<int>(::syscall(SYS_openat2, base, path.data(), &how, sizeof how));
    const int problem = errno;
    if (base >= 0) ::close(base);
    return target_ >= 0 ? 0 : problem;
  }

  int apply() {
    if (!is_own()) return EPERM;
    const ProcPath self = ProcPath().text("/proc/self/fd/").number(target_);
    if (request_.changes_mode) {
      if ((request_.mode & kSetId) != 0) return EPERM;
      return ::chmod(self.get(), request_.mode & 07777U) == 0 ? 0 : errno;
    }
    std::array<timespec, 2> times{};
    if (!read_times(times)) return EFAULT;
    return ::utimensat(AT_FDCWD, self.get(), request_.times == 0 ? nullptr : times.data(), 0) == 0
               ? 0
               : errno;
  }

 private:
  /// What the caller has open as `fd`, or its current folder.
  int open_of_caller(int fd) {
    ProcPath path = ProcPath().text("/proc/").number(pid_);
    if (fd < 0 && fd != AT_FDCWD) return EBADF;
    if (fd == AT_FDCWD)
      path.text("/cwd");
    else
      path.text("/fd/").number(fd);
    target_ = ::open(path.get(), O_PATH | O_CLOEXEC);
    return target_ >= 0 ? 0 : errno == ENOENT ? EBADF : errno;
  }

  /// By the path of the open file itself, which the kernel tells.
  [[nodiscard]] bool is_own() const {
    PathText real;
    const ProcPath self = ProcPath().text("/proc/self/fd/").number(target_);
    const ssize_t size = ::readlink(self.get(), real.data(), real.size());
    if (size <= 0 || size >= static_cast<ssize_t>(real.size())) return false;
    for (unsigned i = 0; i < folders_.count; ++i) {
      const std::size_t length = std::strlen(folders_.paths[i]);
      if (static_cast<std::size_t>(size) < length) continue;
      const bool below = static_cast<std::size_t>(size) == length || real[length] == '/';
      if (below && std::memcmp(real.data(), folders_.paths[i], length) == 0) return true;
    }
    return false;
  }

  bool read_times(std::array<timespec, 2>& out) const {
    if (request_.times == 0) return true;
    if (request_.form == Request::Times::specs)
      return read_memory(pid_, request_.times, out.data(), sizeof out);
    if (request_.form == Request::Times::seconds) {
      std::array<std::int64_t, 2> seconds{};
      if (!read_memory(pid_, request_.times, seconds.data(), sizeof seconds)) return false;
      for (std::size_t i = 0; i < 2; ++i) out[i].tv_sec = seconds[i];
      return true;
    }
    std::array<timeval, 2> values{};
    if (!read_memory(pid_, request_.times, values.data(), sizeof values)) return false;
    for (std::size_t i = 0; i < 2; ++i) out[i] = {values[i].tv_sec, values[i].tv_usec * 1000};
    return true;
  }

  pid_t pid_;
  const Request& request_;
  const OwnFolders& folders_;
  int target_ = -1;
};

}  // namespace

void answer_attribute_request(int listener, const OwnFolders& folders) {
  // Larger than today's structures: a newer kernel writes more.
  alignas(8) std::array<char, 512> bytes{};
  auto* const notice = reinterpret_cast<seccomp_notif*>(bytes.data());
  if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, notice) != 0) return;
  const Request request = understand(notice->data);
  Answer answer(static_cast<pid_t>(notice->pid), request, folders);
  int problem = answer.open_target();
  // Should the caller be gone, its number may be another's, whose memory was read.
  const bool waits = ::ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notice->id) == 0;
  if (problem == 0 && waits) problem = answer.apply();
  alignas(8) std::array<char, 512> reply_bytes{};
  auto* const reply = reinterpret_cast<seccomp_notif_resp*>(reply_bytes.data());
  reply->id = notice->id;
  reply->error = -problem;
  static_cast<void>(::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, reply));
}

}  // namespace skillgrad::exec
