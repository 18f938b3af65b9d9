// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace skillgrad::llm {

/// How a JSON object or array in the middle of a text ends.
struct JsonScan {
  enum class Ending {
    whole,   ///< `end` is behind its last bracket
    broken,  ///< at `end` stands what no JSON goes on with
    cut      ///< the text ends inside
  };
  Ending ending = Ending::broken;
  std::size_t end = 0;
};

/// Follows the object or array that begins at `start`, without building it, as far as it is JSON
/// (names and numbers are not checked to the letter; at most 256 levels). Looks at each byte once.
/// Because it stops where JSON does, scans from many starts of one text cost little altogether: two
/// that overlap are, at each quotation mark, one inside and one outside a string, and outside of
/// strings no text goes on for long.
[[nodiscard]] JsonScan scan_json(std::string_view text, std::size_t start);

/// Follows one JSON object that comes in pieces.
class ObjectProgress {
 public:
  void add(std::string_view piece);
  /// An object has begun and all its brackets are closed.
  [[nodiscard]] bool closed() const { return begun_ && depth_ == 0; }

 private:
  std::size_t depth_ = 0;
  bool begun_ = false, in_string_ = false, escaped_ = false;
};

}  // namespace skillgrad::llm
