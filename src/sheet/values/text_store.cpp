// SPDX-License-Identifier: MIT
#include "sheet/values/text_store.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace skillgrad::sheet {
namespace {

constexpr std::size_t kLargestBlock = std::size_t{256} << 10;

}  // namespace

std::string_view TextStore::keep(std::string_view text) {
  if (text.empty()) return {};
  char* const copy = place(text.size());
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

char* TextStore::place(std::size_t size) {
  if (size > left_) {
    // A long text gets a block of its own, so that no more than a quarter of any block is wasted.
    const bool own = size > next_block_ / 4;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(own ? size : next_block_));
    if (own) return blocks_.back().get();
    free_ = blocks_.back().get();
    left_ = next_block_;
    next_block_ = std::min(2 * next_block_, kLargestBlock);
  }
  left_ -= size;
  return std::exchange(free_, free_ + size);
}

}  // namespace skillgrad::sheet
