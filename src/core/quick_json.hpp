// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include <skillgrad/core/json.hpp>

namespace skillgrad {

/// The value of a JSON text as nearly all are: small, without fractions and mistakes. It takes a
/// third of the JSON library's time. nullopt is no verdict: the text may be right all the same, and
/// if it is wrong, the library says how.
[[nodiscard]] std::optional<Json> read_quick_json(std::string_view text);

}  // namespace skillgrad
