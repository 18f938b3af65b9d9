// SPDX-License-Identifier: MIT
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <skillgrad/store/at_work.hpp>

namespace skillgrad::store {

bool is_at_work(const std::filesystem::path& run_dir) {
  const int fd = ::open((run_dir / ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool held = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(fd);
  return held;
}

}  // namespace skillgrad::store
