// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skillgrad::sheet {

/// Why openpyxl raises. Some of its callers go on after a TypeError.
struct OpenpyxlRefusal {
  bool type_error = true;
  std::string what;
};

/// How openpyxl takes a value that the table describes by `rule`; `value` nullopt: None.
///   x anything; s text; N text without a blank; i int, n float; miLOW,HIGH and mnLOW,HIGH with
///   bounds; eA|B one of these; oA|B one of these or none; pNAME a pattern; d a date; r a list of
///   ranges; V a number or the name of a cell; %LOW,HIGH a share; ? behind it: None is allowed.
[[nodiscard]] std::optional<OpenpyxlRefusal> check_openpyxl_value(
    std::string_view rule, std::optional<std::string_view> value);

/// The boundaries of "A1", "A1:B2", "A:B", "1:2" with any "$"; nullopt: openpyxl refuses it.
struct OpenpyxlRange {
  std::optional<long> first_row, first_column, last_row, last_column;
};
[[nodiscard]] std::optional<OpenpyxlRange> openpyxl_range(std::string_view text);

/// What a Python list of `size` gives for an index: negative ones count from the end.
[[nodiscard]] std::optional<std::size_t> python_index(double index, std::size_t size);

}  // namespace skillgrad::sheet
