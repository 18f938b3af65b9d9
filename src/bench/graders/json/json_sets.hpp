// SPDX-License-Identifier: MIT
// Lists whose order does not count: which item of one is which of the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bench/graders/json/json_side.hpp"

namespace skillgrad::bench {

/// Finds members of an object, also where they are thousands.
class JsonFields {
 public:
  explicit JsonFields(const Json& object);
  [[nodiscard]] const Json* find(std::string_view key) const;

 private:
  const Json& object_;
  std::vector<std::pair<std::string_view, const Json*>> sorted_;  ///< empty: few, see object_
};

/// Positions of the items for which the other list has none.
struct JsonPairing {
  std::vector<std::size_t> missing;  ///< of the wanted list
  std::vector<std::size_t> surplus;  ///< of the given list
};

class JsonSets {
 public:
  JsonSets(const JsonSide& want, const JsonSide& got, const JsonOptions& options)
      : want_(want), got_(got), options_(options) {}

  /// As many pairs as possible. With equality alone items are counted by what they are; with
  /// tolerance or subset an item may fit several, so a maximum matching is sought.
  [[nodiscard]] JsonPairing pair(const Json& want, const Json& got);
  /// Of values that are not both lists or both objects.
  [[nodiscard]] bool same_scalar(const Json& want, const Json& got) const;
  /// The steps were spent: what pair() said since then is not so.
  [[nodiscard]] bool given_up() const { return steps_ > kMaxJsonSteps; }

 private:
  class Matching;
  using Id = std::uint32_t;

  [[nodiscard]] JsonPairing pair_equals(const Json& want, const Json& got);
  [[nodiscard]] JsonPairing match(const Json& want, const Json& got);
  /// Whether `got` is right; ends at the first place where it is not.
  [[nodiscard]] bool fits(const Json& want, const Json& got);
  [[nodiscard]] bool objects_fit(const Json& want, const Json& got);
  /// Equal for values that are equal when the order of no list counts.
  Id id_of(const Json& value, const JsonNumbers& numbers);
  Id known_id(const Json& value, const JsonNumbers& numbers);  ///< found once, then known
  Id intern(std::string form);
  /// False once too many were taken.
  bool take(std::size_t steps) { return (steps_ += steps) <= kMaxJsonSteps; }

  const JsonSide& want_;
  const JsonSide& got_;
  JsonOptions options_;
  std::unordered_map<std::string, Id> ids_;
  std::unordered_map<const Json*, Id> known_;  ///< of items that are matched, perhaps often
  std::unordered_map<const Json*, JsonFields> fields_;
  std::size_t steps_ = 0;
};

}  // namespace skillgrad::bench
