// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skillgrad::skill {

struct ChangedBytes {
  std::size_t removed = 0, added = 0;
};
/// Bytes of the lines that a line diff removes and adds.
[[nodiscard]] ChangedBytes changed_bytes(std::string_view before, std::string_view after);

/// Lines that one text has and the other has not.
struct LineChanges {
  std::vector<std::string> added;
  std::size_t removed = 0;
};
[[nodiscard]] LineChanges line_changes(std::string_view before, std::string_view after);

}  // namespace skillgrad::skill
