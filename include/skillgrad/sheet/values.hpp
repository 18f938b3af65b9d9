// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/sheet/workbook.hpp>

namespace skillgrad::sheet {

/// `published`: as SpreadsheetBench's evaluator compares, with what is odd about it: a text "nan"
/// is a number that differs from itself, "inf" and "1e400" are equal numbers, and a cell that
/// stores a date without a time equals no other kind of date. `plain`: such texts are texts, and
/// such cells are dates.
enum class ValueRules { published, plain };

/// Equality of an output and a golden value by SpreadsheetBench's rule (docs/rules-grading.md 2.9):
/// numbers to 2 decimals, dates to days, times to minutes, numeric text as numbers, nothing equals
/// "".
[[nodiscard]] bool same_value(const CellValue& output, const CellValue& golden,
                              ValueRules rules = ValueRules::published);

/// "empty", "number", "bool", "string", "error", "date", "datetime", "time" or "duration".
[[nodiscard]] const char* type_name(CellType type);

/// For people and models: numbers in shortest round-trip form, dates as ISO 8601. A formula
/// without a cached value says so.
[[nodiscard]] std::string value_text(const CellValue& value);

}  // namespace skillgrad::sheet
