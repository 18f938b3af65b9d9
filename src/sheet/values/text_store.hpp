// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace skillgrad::sheet {

/// Texts that live as long as the store, side by side in a few large blocks: a heap block for each
/// of a workbook's texts costs more than reading them.
class TextStore {
 public:
  /// A copy of `text`, valid as long as the store.
  [[nodiscard]] std::string_view keep(std::string_view text);

 private:
  char* place(std::size_t size);

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;  ///< in the block that is being filled
  std::size_t left_ = 0, next_block_ = std::size_t{4} << 10;
};

}  // namespace skillgrad::sheet
