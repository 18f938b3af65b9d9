// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace skillgrad {

/// The generator of CPython's `random.Random(seed)`: MT19937 seeded with init_by_array over the
/// 32-bit little-endian words of |seed|. Equal seeds give CPython's numbers, so published splits
/// can be reproduced. Not thread-safe.
class PyRandom {
 public:
  explicit PyRandom(std::uint64_t seed);
  [[nodiscard]] std::uint32_t next_u32();
  /// 0 < bits <= 32.
  [[nodiscard]] std::uint32_t getrandbits(unsigned bits);
  /// Uniform in [0, n), n >= 1, by CPython's rejection method.
  [[nodiscard]] std::size_t randbelow(std::size_t n);
  /// Uniform in [0, 1) with 53 bits.
  [[nodiscard]] double random();
  /// random.shuffle: for i = n-1 ... 1, j = randbelow(i + 1), swap.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      const std::size_t j = randbelow(i);
      std::swap(items[i - 1], items[j]);
    }
  }

 private:
  std::array<std::uint32_t, 624> state_{};
  std::size_t index_ = 624;
};

}  // namespace skillgrad
