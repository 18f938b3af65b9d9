// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <skillgrad/sheet/workbook.hpp>

namespace skillgrad::sheet {

inline constexpr std::int64_t kDayMs = 86'400'000;

enum class NumberKind { plain, date_time, duration };

/// How numbers in this format code are to be read (docs/rules-grading.md 2.8; openpyxl 3.1's rule).
[[nodiscard]] NumberKind kind_of_format(std::string_view code);
/// Same for a built-in format id without a code of its own.
[[nodiscard]] NumberKind kind_of_builtin_format(unsigned id);

/// Serial number in a date or duration format: time, datetime, duration, or the error `#VALUE!`.
/// `epoch_1904`: the workbook counts from 1904-01-01.
[[nodiscard]] CellValue value_of_serial(double serial, NumberKind kind, bool epoch_1904);

/// Text of a cell of type "d". nullopt: not a date, time or duration.
[[nodiscard]] std::optional<CellValue> value_of_iso8601(std::string_view text);

}  // namespace skillgrad::sheet
