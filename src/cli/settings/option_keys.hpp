// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/exec/sandbox.hpp>
#include <skillgrad/optim/optimizer_kind.hpp>

#include "cli/settings/choices.hpp"
#include "cli/settings/option_table.hpp"

namespace skillgrad::cli {

/// A row of the option table together with the type of its value.
template <class T>
struct Key {
  const OptionSpec* spec;
  // NOLINTNEXTLINE(google-explicit-constructor): a key is its row wherever the type does not matter
  constexpr operator const OptionSpec&() const { return *spec; }
};

/// A config key as an argument of a template.
template <std::size_t size>
struct KeyText {
  char text[size];
  // NOLINTNEXTLINE(google-explicit-constructor)
  consteval KeyText(const char (&from)[size]) { std::copy_n(from, size, text); }
};

/// The enum of an option with words to choose from; such options are texts unless named here.
template <KeyText key>
struct Choice {
  using type = std::string;
};
template <>
struct Choice<"gate"> {
  using type = GateChoice;
};
template <>
struct Choice<"optimizer"> {
  using type = optim::OptimizerKind;
};
template <>
struct Choice<"approve"> {
  using type = ApprovalPlace;
};
template <>
struct Choice<"keep"> {
  using type = KeptSkill;
};
template <>
struct Choice<"lint_profile"> {
  using type = BlockingRules;
};
template <>
struct Choice<"on_truncation"> {
  using type = OnTruncation;
};
template <>
struct Choice<"grading_mode"> {
  using type = bench::GradingMode;
};
template <>
struct Choice<"recalc"> {
  using type = bench::RecalcMode;
};
template <>
struct Choice<"cases"> {
  using type = bench::CaseMode;
};
template <>
struct Choice<"sandbox"> {
  using type = exec::SandboxMode;
};

namespace option_types {

/// Does not compile for a key that the table lacks.
consteval const OptionSpec& row_of(std::string_view key) {
  for (const OptionSpec& spec : option_table())
    if (key == spec.key) return spec;
  throw "the option table has no such key";
}

/// The words of the table, "a|b|c", are the names of the enum.
template <class E>
consteval bool lists(std::string_view choices) {
  for (const auto& row : EnumText<E>::kTable) {
    if (choices.substr(0, choices.find('|')) != row.name) return false;
    const std::size_t bar = choices.find('|');
    choices.remove_prefix(bar == std::string_view::npos ? choices.size() : bar + 1);
  }
  return choices.empty();
}

template <ValueType type, class Chosen>
struct Plain {
  using Value = Json;
};
template <class Chosen>
struct Plain<ValueType::boolean, Chosen> {
  using Value = bool;
};
template <class Chosen>
struct Plain<ValueType::integer, Chosen> {
  using Value = std::int64_t;
};
template <class Chosen>
struct Plain<ValueType::number, Chosen> {
  using Value = double;
};
template <class Chosen>
struct Plain<ValueType::path, Chosen> {
  using Value = std::string;
};
template <class Chosen>
struct Plain<ValueType::text, Chosen> {
  using Value = Chosen;
};

template <KeyText key>
consteval auto key_of() {
  constexpr const OptionSpec& spec = row_of(key.text);
  using Chosen = typename Choice<key>::type;
  if constexpr (std::is_enum_v<Chosen>)
    static_assert(lists<Chosen>(spec.choices), "the enum has other names than the table");
  using Value = typename Plain<spec.type, Chosen>::Value;
  constexpr bool kMayBeAbsent = std::string_view(spec.fallback) == "null";
  if constexpr (kMayBeAbsent && spec.type != ValueType::json)
    return Key<std::optional<Value>>{&spec};
  else
    return Key<Value>{&spec};
}

template <class T>
struct Reading {
  static T of(const Json& value) {
    if constexpr (std::is_enum_v<T>)
      return named<T>(value.get_ref<const std::string&>()).value();
    else
      return value.get<T>();
  }
};
template <class T>
struct Reading<std::optional<T>> {
  static std::optional<T> of(const Json& value) {
    return value.is_null() ? std::nullopt : std::optional<T>(Reading<T>::of(value));
  }
};

}  // namespace option_types

/// The key of the option, from the table: option<"jobs"> is a Key<std::int64_t>. An option that may
/// be absent is an optional, one with words to choose from an enum where Choice names it.
template <KeyText key>
inline constexpr auto option = option_types::key_of<key>();

/// Rows of several options, for what is done with each.
template <KeyText... keys>
inline constexpr std::array<const OptionSpec*, sizeof...(keys)> options = {option<keys>.spec...};

template <KeyText key>
[[nodiscard]] constexpr bool is_option(const OptionSpec& spec) {
  return &spec == option<key>.spec;
}

}  // namespace skillgrad::cli
