// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <unistd.h>

namespace skillgrad {

/// Owns a file descriptor. Closing keeps errno, so that an error can be read after the scope ends.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();
  /// Gives the ownership away.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
/// Owns an open folder; null where it could not be opened.
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

/// Writes all bytes, going on after EINTR and short writes; false with errno set.
[[nodiscard]] bool write_all(int fd, std::string_view bytes);

}  // namespace skillgrad
