// SPDX-License-Identifier: MIT
#include <bit>

#include <skillgrad/core/random.hpp>

namespace skillgrad {

namespace {

constexpr std::size_t kWords = 624;
constexpr std::size_t kShift = 397;

std::uint32_t twist(std::uint32_t upper, std::uint32_t lower) {
  const std::uint32_t y = (upper & 0x80000000U) | (lower & 0x7fffffffU);
  return (y >> 1) ^ ((y & 1U) != 0 ? 0x9908b0dfU : 0U);
}

}  // namespace

PyRandom::PyRandom(std::uint64_t seed) {
  // init_genrand(19650218), then init_by_array over the words of the seed (one word for 0).
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(seed),
                                            static_cast<std::uint32_t>(seed >> 32)};
  const std::size_t length = key[1] != 0 ? 2 : 1;
  auto& s = state_;
  s[0] = 19650218U;
  for (std::uint32_t i = 1; i < kWords; ++i) {
    s[i] = 1812433253U * (s[i - 1] ^ (s[i - 1] >> 30)) + i;
  }
  std::size_t i = 1;
  std::size_t j = 0;
  const auto advance = [&] {
    if (++i >= kWords) {
      s[0] = s[kWords - 1];
      i = 1;
    }
  };
  for (std::size_t k = kWords; k > 0; --k) {
    s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1664525U)) + key[j] +
           static_cast<std::uint32_t>(j);
    advance();
    if (++j >= length) j = 0;
  }
  for (std::size_t k = kWords - 1; k > 0; --k) {
    s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1566083941U)) - static_cast<std::uint32_t>(i);
    advance();
  }
  s[0] = 0x80000000U;
}

std::uint32_t PyRandom::next_u32() {
  if (index_ >= kWords) {
    auto& s = state_;
    for (std::size_t k = 0; k < kWords; ++k) {
      s[k] = s[(k + kShift) % kWords] ^ twist(s[k], s[(k + 1) % kWords]);
    }
    index_ = 0;
  }
  std::uint32_t y = state_[index_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680U;
  y ^= (y << 15) & 0xefc60000U;
  return y ^ (y >> 18);
}

std::uint32_t PyRandom::getrandbits(unsigned bits) { return next_u32() >> (32U - bits); }

std::size_t PyRandom::randbelow(std::size_t n) {
  const auto bits = static_cast<unsigned>(std::bit_width(n));
  const auto draw = [&]() -> std::uint64_t {
    if (bits <= 32) return getrandbits(bits);
    // CPython fills 32-bit words from the least significant one.
    const std::uint64_t low = next_u32();
    return low | (static_cast<std::uint64_t>(getrandbits(bits - 32)) << 32);
  };
  std::uint64_t value = draw();
  while (value >= n) value = draw();
  return value;
}

double PyRandom::random() {
  const std::uint32_t a = next_u32() >> 5;
  const std::uint32_t b = next_u32() >> 6;
  return (static_cast<double>(a) * 67108864.0 + static_cast<double>(b)) / 9007199254740992.0;
}

}  // namespace skillgrad
