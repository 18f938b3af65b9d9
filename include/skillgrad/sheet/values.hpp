// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/sheet/workbook.hpp>

namespace skillgrad::sheet {

/// Equality of an output and a golden value by SpreadsheetBench's rule (grading.md 2.9): numbers
/// to 2 decimals, dates to days, times to minutes, numeric text as numbers, nothing equals "".
[[nodiscard]] bool same_value(const CellValue& output, const CellValue& golden);

/// "empty", "number", "bool", "string", "error", "date", "datetime", "time" or "duration".
[[nodiscard]] const char* type_name(CellType type);

/// For people and models: numbers in shortest round-trip form, dates as ISO 8601. A formula
/// without a cached value says so.
[[nodiscard]] std::string value_text(const CellValue& value);

}  // namespace skillgrad::sheet
