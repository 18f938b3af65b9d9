// SPDX-License-Identifier: MIT
#include "bench/csv.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"

namespace skillgrad::bench {
namespace {

class CsvParser {
 public:
  CsvParser(std::string_view text, const std::string& where, char separator)
      : text_(text), where_(where), separator_(separator) {}

  Result<std::vector<CsvRow>> parse() {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      if (skip_line_end()) continue;
      CsvRow row;
      row.line = line_;
      do {
        SKILLGRAD_TRY(std::string cell, next_cell());
        row.cells.push_back(std::move(cell));
        if (++cells_ > kMaxTableCells)
          return unexpected(
              too_many("cells", kMaxTableCells, where_ + ":" + std::to_string(line_)));
      } while (skip(separator_));
      if (at_ < text_.size() && !skip_line_end())
        return problem("text after a closing quote", "put a comma or a line end there");
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  tl::unexpected<Error> problem(const std::string& what, const std::string& mend) const {
    return fail(ErrorCode::dataset, what, where_ + ":" + std::to_string(line_), mend);
  }
  bool skip(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool skip_line_end() {
    if (text_.substr(at_).starts_with("\r\n")) ++at_;
    if (!skip('\n')) return false;
    ++line_;
    return true;
  }

  Result<std::string> next_cell() {
    if (skip('"')) return quoted();
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n') {
      if (text_.substr(at_).starts_with("\r\n")) break;
      if (text_[at_] == '"')
        return problem("a quote inside an unquoted field", "quote the whole field and write \"\"");
      ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }

  Result<std::string> quoted() {
    std::string cell;
    const std::size_t opened = line_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"' && !skip('"')) return cell;
      if (c == '\n') ++line_;
      cell.push_back(c);
    }
    line_ = opened;
    return problem("a quoted field is never closed", "add the closing quote");
  }

  std::string_view text_;
  const std::string& where_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t cells_ = 0;
};

}  // namespace

Result<std::vector<CsvRow>> parse_csv(std::string_view text, const std::string& where,
                                      char separator) {
  return CsvParser(text, where, separator).parse();
}

char find_separator(std::string_view& text) {
  std::string_view header = text.substr(0, text.find('\n'));
  if (header.ends_with('\r')) header.remove_suffix(1);
  if (header.size() == 5 && header.starts_with("sep=")) {
    const char separator = header.back();
    text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
    return separator;
  }
  bool quoted = false;
  std::string plain;
  for (const char c : header) {
    if (c == '"') quoted = !quoted;
    if (!quoted) plain += c;
  }
  for (const char separator : {',', ';', '\t', '|'})
    if (plain.find(separator) != std::string::npos) return separator;
  return ',';
}

Result<std::vector<CsvRow>> parse_tsv(std::string_view text, const std::string& where) {
  std::vector<CsvRow> rows;
  std::size_t cells = 0;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (row.ends_with('\r')) row.remove_suffix(1);
    if (row.empty()) continue;
    cells += 1 + static_cast<std::size_t>(std::count(row.begin(), row.end(), '\t'));
    if (cells > kMaxTableCells)
      return unexpected(too_many("cells", kMaxTableCells, where + ":" + std::to_string(line)));
    rows.push_back({line, split(row, '\t')});
  }
  return rows;
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i)
    out += (i == 0 ? "\"" : ",\"") + replace_all(cells[i], "\"", "\"\"") + "\"";
  return out + "\n";
}

}  // namespace skillgrad::bench
