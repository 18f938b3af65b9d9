// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace skillgrad {

/// Lower-case hex SHA-256 of the bytes.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

/// Incremental SHA-256 whose parts are length-prefixed, so that ("ab","c") differs from ("a","bc").
class PartHasher {
 public:
  PartHasher();
  ~PartHasher();
  PartHasher(const PartHasher&) = delete;
  PartHasher& operator=(const PartHasher&) = delete;
  PartHasher& add(std::string_view part);
  /// Lower-case hex; ends the hasher's life.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skillgrad
