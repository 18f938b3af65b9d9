// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <skillgrad/core/json.hpp>

namespace skillgrad::report {

/// Text of others for people: valid UTF-8 in which nothing acts unseen. Control characters, those
/// that turn the direction of a line and code points that are not drawn are written as \u{202E}.
[[nodiscard]] std::string visible(std::string_view text);
/// The same of each string in it, keys too.
[[nodiscard]] Json visible_texts(const Json& value);

}  // namespace skillgrad::report
