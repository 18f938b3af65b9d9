// SPDX-License-Identifier: MIT
#include "bench/wikitablequestions/id_index.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace skillgrad::bench {
namespace {

std::uint32_t hash_of(std::string_view id) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>()(id));
}

std::size_t slots_for(std::size_t ids) { return std::bit_ceil(ids + ids / 2 + 1); }

}  // namespace

void IdIndex::reserve(std::size_t ids) {
  ids_.reserve(ids);
  if (slots_for(ids) > slots_.size()) rebuild(slots_for(ids));
}

void IdIndex::clear() {
  std::fill(slots_.begin(), slots_.end(), Slot());
  ids_.clear();
}

std::pair<std::uint32_t, bool> IdIndex::add(std::string_view id) {
  if (slots_for(ids_.size() + 1) > slots_.size()) rebuild(slots_for(2 * ids_.size() + 1));
  const std::uint32_t hash = hash_of(id);
  Slot& slot = slots_[slot_of(id, hash)];
  if (slot.number != 0) return {slot.number - 1, false};
  ids_.push_back(id);
  slot = {hash, static_cast<std::uint32_t>(ids_.size())};
  return {slot.number - 1, true};
}

std::optional<std::uint32_t> IdIndex::find(std::string_view id) const {
  if (ids_.empty()) return std::nullopt;
  const std::uint32_t number = slots_[slot_of(id, hash_of(id))].number;
  return number == 0 ? std::nullopt : std::optional(number - 1);
}

std::size_t IdIndex::slot_of(std::string_view id, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.number == 0 || (slot.hash == hash && ids_[slot.number - 1] == id)) return at;
  }
}

void IdIndex::rebuild(std::size_t slots) {
  const std::size_t mask = slots - 1;
  std::vector<Slot> old(slots);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.number == 0) continue;
    std::size_t at = slot.hash & mask;
    while (slots_[at].number != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

}  // namespace skillgrad::bench
