// SPDX-License-Identifier: MIT
#include "report/table.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

namespace skillgrad::report {

std::string format_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c == widths.size()) widths.push_back(0);
      widths[c] = std::max(widths[c], count_code_points(row[c]));
    }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string& cell = row[c];
      const std::string pad(widths[c] - count_code_points(cell), ' ');
      const bool right = !cell.empty() && cell.find_first_of("0123456789+-") == 0;
      if (c > 0) line += "  ";
      line += right ? pad + cell : cell + pad;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace skillgrad::report
