// SPDX-License-Identifier: MIT
#include <cerrno>

#include <skillgrad/core/descriptor.hpp>

namespace skillgrad {

void Descriptor::reset() {
  if (fd_ < 0) return;
  const int saved = errno;
  ::close(fd_);
  fd_ = -1;
  errno = saved;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace skillgrad
