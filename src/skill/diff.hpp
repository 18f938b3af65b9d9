// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace skillgrad::skill {

struct ChangedBytes {
  std::size_t removed = 0, added = 0;
};
/// Bytes of the lines that a line diff removes and adds.
[[nodiscard]] ChangedBytes changed_bytes(std::string_view before, std::string_view after);

}  // namespace skillgrad::skill
