// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

namespace skillgrad::sheet {

/// What CPython's float(text) accepts: white space around, a sign, any Unicode decimal digits with
/// single '_' between them, point, exponent, inf, infinity, nan. Overflow gives infinity.
[[nodiscard]] std::optional<double> parse_python_float(std::string_view text);

/// What CPython's int(text) accepts, as the nearest double.
[[nodiscard]] std::optional<double> parse_python_int(std::string_view text);

}  // namespace skillgrad::sheet
