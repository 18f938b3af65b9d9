// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace skillgrad::exec {

/// A path such as "/proc/PID/task/TID/children", put together without functions that may allocate:
/// for use between fork and exec. Parts come to at most 127 bytes.
class ProcPath {
 public:
  ProcPath& text(const char* part) {
    while (*part != '\0' && used_ + 1 < bytes_.size()) bytes_[used_++] = *part++;
    bytes_[used_] = '\0';
    return *this;
  }
  ProcPath& number(std::int64_t value) {
    std::array<char, 24> digits{};
    std::size_t count = 0;
    do {
      digits[count++] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value > 0);
    while (count > 0 && used_ + 1 < bytes_.size()) bytes_[used_++] = digits[--count];
    bytes_[used_] = '\0';
    return *this;
  }
  [[nodiscard]] const char* get() const { return bytes_.data(); }

 private:
  std::array<char, 128> bytes_{};
  std::size_t used_ = 0;
};

/// As the kernel writes directory entries (getdents64); the name follows at kNameOffset.
struct KernelEntry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;
  std::uint8_t type;
};
inline constexpr std::size_t kNameOffset = 19;

}  // namespace skillgrad::exec
