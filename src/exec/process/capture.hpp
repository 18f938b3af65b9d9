// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skillgrad::exec {

/// Keeps the head and the tail of a stream of any length in bounded memory.
class Capture {
 public:
  explicit Capture(std::size_t max_bytes);
  void add(std::string_view bytes);
  [[nodiscard]] bool truncated() const { return total_ > max_bytes_; }
  /// At most max_bytes, with a marker that says how many bytes were left out. Ends its life.
  [[nodiscard]] std::string take();

 private:
  std::size_t max_bytes_;
  std::size_t total_ = 0;
  std::string head_;
  std::string tail_;  ///< between one and two halves: trimmed now and then, not at each byte
};

}  // namespace skillgrad::exec
