// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include <nlohmann/json_fwd.hpp>

namespace skillgrad::bench {

/// The numbers of one JSON text, as exactly as they are written there: an integer of any length
/// keeps its digits, however it is written (12e2, 1200.0); any other number is a double.
class JsonNumbers {
 public:
  /// `value` is what `text` was parsed to, and stays where it is.
  JsonNumbers(std::string_view text, const nlohmann::ordered_json& value);
  /// Equal for equal numbers, different for others: the digits of an integer, else the shortest
  /// form of the double.
  [[nodiscard]] std::string canonical(const nlohmann::ordered_json& number) const;
  /// For people: as written where a double would say less.
  [[nodiscard]] std::string shown(const nlohmann::ordered_json& number) const;

 private:
  /// Of the numbers that a double or a 64-bit integer does not hold exactly; these are few.
  std::unordered_map<const nlohmann::ordered_json*, std::string> digits_;
};

}  // namespace skillgrad::bench
