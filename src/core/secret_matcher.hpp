// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skillgrad {

/// Finds secrets in a text whichever way their characters are written: each as itself, as %XX (of
/// any depth), as \uXXXX or behind backslashes; the whole in base64 or hex. Linear in the text.
class SecretMatcher {
 public:
  explicit SecretMatcher(const std::vector<std::string>& secrets);
  /// With "***" in the place of each. JSON stays JSON.
  [[nodiscard]] std::string replace(std::string_view text) const;
  /// With "***" in the place of each word that holds the beginning or the end of a secret.
  [[nodiscard]] std::string replace_fragments(std::string_view text) const;

 private:
  struct Needle {
    std::string text;
    bool any_case = false;
  };
  [[nodiscard]] std::size_t find_end(std::string_view text, std::size_t at) const;

  std::vector<Needle> needles_;  ///< longest first: a form that holds another one goes whole
  std::array<std::vector<std::uint32_t>, 256> by_first_;  ///< needles by their first byte
  std::array<bool, 256> may_start_{};
  std::vector<std::string> fragments_;
};

}  // namespace skillgrad
