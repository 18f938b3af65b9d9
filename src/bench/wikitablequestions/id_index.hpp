// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace skillgrad::bench {

/// Numbers ids from 0 in the order in which they are added, and finds their numbers. All stands in
/// two blocks of memory: a node for each of thousands of ids costs more than reading them. The
/// texts of the ids must outlive it.
class IdIndex {
 public:
  void reserve(std::size_t ids);
  void clear();
  [[nodiscard]] std::size_t size() const { return ids_.size(); }
  /// The number of `id`, and whether it was not there before. At most 2^32 - 2 ids.
  std::pair<std::uint32_t, bool> add(std::string_view id);
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view id) const;

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;  ///< plus 1; 0: free
  };
  /// Where `id` stands, or is to stand.
  [[nodiscard]] std::size_t slot_of(std::string_view id, std::uint32_t hash) const;
  void rebuild(std::size_t slots);

  std::vector<Slot> slots_;  ///< none, or a power of two of which less than two thirds are taken
  std::vector<std::string_view> ids_;
};

}  // namespace skillgrad::bench
