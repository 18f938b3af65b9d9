// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

struct CsvRow {
  std::size_t line = 1;  ///< 1-based line on which the row starts
  std::vector<std::string> cells;
};

/// RFC 4180: commas (or another separator), "" for a quote inside quotes, LF or CRLF; empty lines
/// are left out. Errors (dataset) name `where`:line; also more cells than kMaxTableCells.
[[nodiscard]] Result<std::vector<CsvRow>> parse_csv(std::string_view text, const std::string& where,
                                                    char separator = ',');
/// What separates the fields of the header: a comma wherever there is one, else a semicolon, tab or
/// bar. A first line "sep=;" says it and is taken off the text.
[[nodiscard]] char find_separator(std::string_view& text);
/// Tabs, no quoting. Errors (dataset): more cells than kMaxTableCells.
[[nodiscard]] Result<std::vector<CsvRow>> parse_tsv(std::string_view text,
                                                    const std::string& where);
/// One row of RFC 4180, every cell quoted, with LF.
[[nodiscard]] std::string csv_line(const std::vector<std::string>& cells);

}  // namespace skillgrad::bench
