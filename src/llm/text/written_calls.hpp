// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

/// A call as source code writes it.
struct WrittenCall {
  std::string name;
  Json named = Json::object();   ///< arguments by name
  std::vector<Json> positional;  ///< arguments without one
  std::size_t end = 0;           ///< behind the call
};

/// name(key="value", 7, other=[True, None]), with the literals of Python and JSON; print(...)
/// around it is taken off. nullopt: anything else stands at `at`.
[[nodiscard]] std::optional<WrittenCall> python_call(std::string_view text, std::size_t at);
/// name{key:<escape>value<escape>,n:5}, with the literals that Gemma's templates write.
[[nodiscard]] std::optional<WrittenCall> braced_call(std::string_view text, std::size_t at);
/// A value with its end.
struct WrittenValue {
  Json value;
  std::size_t end = 0;
};
/// An object or list in the literals of Python or JSON.
[[nodiscard]] std::optional<WrittenValue> python_value(std::string_view text, std::size_t at);
/// A letter, digit, or one of "_-.".
[[nodiscard]] bool is_call_name_char(char c);

}  // namespace skillgrad::llm
