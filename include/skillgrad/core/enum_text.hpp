// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace skillgrad {

/// One row of the table from which both directions come.
template <class E>
struct EnumName {
  E value;
  const char* name;
};

/// Names of an enum's values in files, messages and JSON. To be specialised beside the enum:
///   template <>
///   struct EnumText<Colour> {
///     static constexpr EnumName<Colour> kTable[] = {{Colour::red, "red"}, ...};
///   };
/// The rows stand in the order of the enumerators, which count from 0; a table that lacks one, or
/// has them in another order, does not compile.
template <class E>
struct EnumText;

namespace enum_text {

template <class E>
constexpr bool in_order() {
  std::size_t at = 0;
  for (const auto& row : EnumText<E>::kTable)
    if (static_cast<std::size_t>(row.value) != at++) return false;
  return true;
}

/// A value without a name of its own is written as a cast: "value = (Colour)3".
template <auto value>
constexpr bool is_enumerator() {
  return std::string_view(__PRETTY_FUNCTION__).find("value = (") == std::string_view::npos;
}

template <class E>
constexpr bool is_complete() {
  return in_order<E>() && !is_enumerator<static_cast<E>(std::size(EnumText<E>::kTable))>();
}

}  // namespace enum_text

template <class E>
[[nodiscard]] constexpr const char* name_of(E value) {
  static_assert(enum_text::is_complete<E>(), "the table does not have each enumerator, in order");
  const auto at = static_cast<std::size_t>(value);
  if (at >= std::size(EnumText<E>::kTable)) throw std::logic_error("a value outside of its enum");
  return EnumText<E>::kTable[at].name;
}

/// "" for no value.
template <class E>
[[nodiscard]] constexpr const char* name_of(const std::optional<E>& value) {
  return value ? name_of(*value) : "";
}

/// The value with this name, letter by letter.
template <class E>
[[nodiscard]] constexpr std::optional<E> named(std::string_view text) {
  for (const auto& row : EnumText<E>::kTable)
    if (text == row.name) return row.value;
  return std::nullopt;
}

/// All names, in the order of the table.
template <class E>
[[nodiscard]] std::vector<std::string> names_of() {
  std::vector<std::string> out;
  for (const auto& row : EnumText<E>::kTable) out.emplace_back(row.name);
  return out;
}

/// Orders values by their names, for maps whose order reaches an output.
struct ByName {
  template <class E>
  bool operator()(E a, E b) const {
    return std::string_view(name_of(a)) < name_of(b);
  }
};

}  // namespace skillgrad
