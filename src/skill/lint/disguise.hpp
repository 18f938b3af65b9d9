// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skillgrad::skill {

/// A text by its letters and digits alone: without case, marks, separators, forms of a letter and
/// what is not drawn. Two texts that a reader takes for the same are equal in it.
struct Squeezed {
  std::string text;
  std::vector<int> lines;  ///< of each byte, from 1
};
[[nodiscard]] Squeezed squeeze(std::string_view text);

/// Finds a text in another one where it was written so as not to be found: apart, backwards, in
/// base64 or hexadecimal digits, by shifted letters (ROT13), in references and between tags of
/// HTML. A number is found by its digits, however they are set apart and filled up with zeros. Made
/// once for a text.
class Disguise {
 public:
  explicit Disguise(std::string_view text);
  /// The line of it, from 1, or nullopt. A number of fewer than five digits and another
  /// needle of fewer than eight letters and digits, or
  /// twelve letters, is never found: chance would write it.
  [[nodiscard]] std::optional<int> line_of(std::string_view needle) const;

 private:
  void find_numbers(std::string_view text);
  [[nodiscard]] std::optional<int> line_of_number(const std::string& digits) const;

  struct Run {
    std::string text;
    int line;
  };
  Squeezed plain_;
  std::vector<Run> numbers_;  ///< digits of numbers
  std::vector<Run> runs_;     ///< and of what blanks part into several
  std::vector<Run> decoded_;  ///< squeezed, of what reads as base64 or hexadecimal digits
};

}  // namespace skillgrad::skill
