// SPDX-License-Identifier: MIT
#include <array>
#include <cstdint>
#include <new>

#include <openssl/evp.h>

#include <skillgrad/core/hashing.hpp>

namespace skillgrad {

namespace {

class Sha256 {
 public:
  Sha256() { require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1); }
  void update(std::string_view bytes) {
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    out.reserve(std::size_t{2} * size);
    for (unsigned i = 0; i < size; ++i) {
      out += kHex[digest[i] >> 4U];
      out += kHex[digest[i] & 15U];
    }
    return out;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  // SHA-256 over memory fails only when OpenSSL cannot allocate its context.
  static void require(bool worked) {
    if (!worked) throw std::bad_alloc();
  }
  std::unique_ptr<EVP_MD_CTX, Free> context_{EVP_MD_CTX_new()};
};

}  // namespace

struct PartHasher::State {
  Sha256 hash;
};

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

PartHasher::PartHasher() : state_(std::make_unique<State>()) {}
PartHasher::~PartHasher() = default;

PartHasher& PartHasher::add(std::string_view part) {
  std::array<char, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<char>((static_cast<std::uint64_t>(part.size()) >> (8 * i)) & 0xffU);
  }
  state_->hash.update({length.data(), length.size()});
  state_->hash.update(part);
  return *this;
}

std::string PartHasher::finish() { return state_->hash.finish(); }

}  // namespace skillgrad
