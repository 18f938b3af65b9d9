// SPDX-License-Identifier: MIT
#include "bench/spreadsheetbench/position.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

namespace skillgrad::bench {
namespace {

constexpr std::int64_t kMaxRow = 1'048'576;
constexpr std::int64_t kMaxColumn = 16'384;
constexpr std::int64_t kMaxLetters = 18'278;  // ZZZ, the last column that openpyxl can name
constexpr std::int64_t kHuge = std::int64_t{1} << 40;

// Removes white space of any script (U+00A0 too, as Python's strip) and, if `quotes`, apostrophes
// at both ends.
std::string_view strip(std::string_view text, bool quotes) {
  while (true) {
    const std::size_t before = text.size();
    text = trim_white_space_utf8(text);
    if (quotes && text.starts_with('\'')) text.remove_prefix(1);
    if (quotes && text.ends_with('\'')) text.remove_suffix(1);
    if (text.size() == before) return text;
  }
}

std::string_view strip_quotes(std::string_view text) {
  while (text.starts_with('\'')) text.remove_prefix(1);
  while (text.ends_with('\'')) text.remove_suffix(1);
  return text;
}

// One end of a range: [$]letters[$]digits, either may be absent but not both.
struct End {
  std::optional<std::int64_t> column, row;
};

std::optional<End> parse_end(std::string_view text) {
  End end;
  std::size_t i = 0;
  const auto skip_dollar = [&] {
    if (i < text.size() && text[i] == '$') ++i;
  };
  skip_dollar();
  const std::size_t letters = i;
  for (std::int64_t column = 0; i < text.size() && is_letter(text[i]); ++i) {
    if (i - letters == 3) return std::nullopt;
    column = column * 26 + (text[i] | 0x20) - 'a' + 1;
    end.column = column;
  }
  if (end.column) skip_dollar();
  for (std::int64_t row = 0; i < text.size() && is_digit(text[i]); ++i) {
    row = std::min(kHuge, row * 10 + (text[i] - '0'));
    end.row = row;
  }
  if (i != text.size() || (!end.column && !end.row) || text.back() == '$') return std::nullopt;
  return end;
}

// Both ends of the same kind: cells, columns or rows.
std::optional<RangeText> parse_range(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto first = parse_end(text.substr(0, colon));
  const auto last = colon == std::string_view::npos ? first : parse_end(text.substr(colon + 1));
  if (!first || !last) return std::nullopt;
  if (first->column.has_value() != last->column.has_value()) return std::nullopt;
  if (first->row.has_value() != last->row.has_value()) return std::nullopt;
  return RangeText{first->column, first->row, last->column, last->row,
                   colon == std::string_view::npos};
}

bool rows_up_to(const RangeText& range, std::int64_t limit) {
  return !range.row1 ||
         (*range.row1 >= 1 && *range.row1 <= limit && *range.row2 >= 1 && *range.row2 <= limit);
}

// P2
std::optional<RangeText> strict_range(std::string_view text) {
  const auto range = parse_range(strip(text, true));
  if (!range || !rows_up_to(*range, kMaxRow)) return std::nullopt;
  if (range->single_cell && (!range->column1 || !range->row1)) return std::nullopt;
  if (range->column1 && std::max(*range->column1, *range->column2) > kMaxColumn) {
    return std::nullopt;
  }
  return range;
}

// Python's str.isdigit() beyond the decimal digits: superscripts, digits in circles and the like.
// int() refuses them.
bool is_digit_without_value(char32_t c) {
  static constexpr std::pair<char32_t, char32_t> kRanges[] = {
      {0xB2, 0xB3},       {0xB9, 0xB9},       {0x1369, 0x1371},   {0x19DA, 0x19DA},
      {0x2070, 0x2070},   {0x2074, 0x2079},   {0x2080, 0x2089},   {0x2460, 0x2468},
      {0x2474, 0x247C},   {0x2488, 0x2490},   {0x24EA, 0x24EA},   {0x24F5, 0x24FD},
      {0x24FF, 0x24FF},   {0x2776, 0x277E},   {0x2780, 0x2788},   {0x278A, 0x2792},
      {0x10A40, 0x10A43}, {0x10E60, 0x10E68}, {0x11052, 0x1105A}, {0x1F100, 0x1F10A}};
  return std::any_of(std::begin(kRanges), std::end(kRanges),
                     [c](const auto& range) { return c >= range.first && c <= range.second; });
}

// O5: digits of any script form the row, all other signs the column in base 26 without any check.
struct LooseEnd {
  std::int64_t column = 0, row = 0;
};
std::optional<LooseEnd> loose_end(std::string_view text) {
  LooseEnd end;
  bool any_digit = false;
  for (const char32_t c : to_code_points(text)) {
    if (const auto digit = decimal_digit(c)) {
      end.row = std::min(kHuge, end.row * 10 + static_cast<std::int64_t>(*digit));
      any_digit = true;
    } else if (is_digit_without_value(c)) {
      return std::nullopt;
    } else {
      end.column = std::clamp(end.column * 26 + static_cast<std::int64_t>(c) - 64, -kHuge, kHuge);
    }
  }
  if (!any_digit) return std::nullopt;
  return end;
}

// O4: one cell as openpyxl's pattern reads it, whose \d is any decimal digit and whose $ also
// matches before a line break at the end.
std::optional<End> official_cell(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::string plain;
  for (const char32_t c : to_code_points(text)) {
    const auto digit = decimal_digit(c);
    plain += digit ? std::string(1, static_cast<char>('0' + *digit)) : to_utf8({&c, 1});
  }
  return parse_end(plain);
}

}  // namespace

std::vector<Rect> subtract(const Rect& rect, const std::vector<Rect>& taken, std::size_t& steps,
                           std::size_t max_steps) {
  std::vector<Rect> left;
  if (!rect.empty()) left.push_back(rect);
  for (const Rect& hole : taken) {
    steps += left.size();
    if (steps > max_steps) break;
    std::vector<Rect> next;
    const auto keep = [&next](const Rect& piece) {
      if (!piece.empty()) next.push_back(piece);
    };
    for (const Rect& r : left) {
      const Rect shared{std::max(r.row1, hole.row1), std::max(r.column1, hole.column1),
                        std::min(r.row2, hole.row2), std::min(r.column2, hole.column2)};
      if (shared.empty()) {
        next.push_back(r);
        continue;
      }
      keep({r.row1, r.column1, shared.row1 - 1, r.column2});
      keep({shared.row1, r.column1, shared.row2, shared.column1 - 1});
      keep({shared.row1, shared.column2 + 1, shared.row2, r.column2});
      keep({shared.row2 + 1, r.column1, r.row2, r.column2});
    }
    left = std::move(next);
  }
  return left;
}

std::optional<std::vector<StrictPart>> parse_strict(std::string_view position) {
  std::vector<StrictPart> parts;
  std::string joined;
  bool open = false;
  for (const std::string& piece : split(position, ',')) {
    joined = open ? joined + "," + piece : piece;
    const std::size_t bang = joined.rfind('!');
    const bool named = bang != std::string::npos;
    const auto range = strict_range(named ? std::string_view(joined).substr(bang + 1) : joined);
    open = !range;
    if (open) continue;
    StrictPart part{std::nullopt, *range};
    if (named) part.sheet = joined.substr(0, bang);
    parts.push_back(std::move(part));
  }
  if (open || parts.empty()) return std::nullopt;
  return parts;
}

std::vector<std::string> sheet_candidates(const std::string& sheet) {
  const std::string name(strip_quotes(strip(sheet, false)));
  return {name, std::string(strip(name, false)), replace_all(name, "''", "'")};
}

std::vector<std::optional<PositionPart>> parse_official(std::string_view position) {
  std::vector<std::optional<PositionPart>> parts;
  for (const std::string& piece : split(position, ',')) {
    const std::size_t bang = piece.find('!');
    if (bang == std::string::npos) {
      parts.push_back(PositionPart{std::nullopt, std::string(strip_quotes(piece))});
    } else if (piece.find('!', bang + 1) != std::string::npos) {
      parts.push_back(std::nullopt);
    } else {
      const std::string_view view = piece;
      parts.push_back(PositionPart{std::string(strip_quotes(view.substr(0, bang))),
                                   std::string(strip_quotes(view.substr(bang + 1)))});
    }
  }
  return parts;
}

std::optional<Rect> official_rect(std::string_view range) {
  const std::size_t colon = range.find(':');
  Rect rect;
  if (colon == std::string_view::npos) {
    const auto cell = official_cell(range);
    if (!cell || !cell->column || !cell->row) return std::nullopt;
    rect = {*cell->row, *cell->column, *cell->row, *cell->column};
  } else {
    if (range.find(':', colon + 1) != std::string_view::npos) return std::nullopt;
    const auto first = loose_end(range.substr(0, colon));
    const auto last = loose_end(range.substr(colon + 1));
    if (!first || !last) return std::nullopt;
    rect = {first->row, first->column, last->row, last->column};
  }
  if (rect.empty()) return rect;
  // A column below 1 leaves a bare row name, others cannot be named: both raise upstream.
  const bool nameable =
      rect.column1 >= 1 && rect.column2 <= kMaxLetters && rect.row1 >= 1 && rect.row2 <= kMaxRow;
  if (!nameable) return std::nullopt;
  return rect;
}

std::vector<PositionPart> parse_skillgrad(std::string_view position) {
  std::vector<std::string> texts(1);
  bool quoted = false;
  for (const char c : position) {
    if (c == '\'') quoted = !quoted;
    if (c == ',' && !quoted) {
      texts.emplace_back();
    } else {
      texts.back().push_back(c);
    }
  }
  for (std::string& text : texts) text = std::string(strip(text, false));
  if (texts.back().empty()) texts.pop_back();
  std::vector<PositionPart> parts;
  for (const std::string& text : texts) {
    const std::size_t bang = text.find('!');
    if (bang == std::string::npos) {
      parts.push_back({std::nullopt, text});
      continue;
    }
    const std::string_view view = text;
    PositionPart part{std::string(strip_quotes(view.substr(0, bang))),
                      std::string(strip_quotes(view.substr(bang + 1)))};
    if (part.sheet->empty()) part.sheet.reset();
    parts.push_back(std::move(part));
  }
  return parts;
}

std::optional<RangeText> skillgrad_range(std::string_view range) {
  const auto parsed = parse_range(range);
  if (!parsed || !rows_up_to(*parsed, kMaxRow)) return std::nullopt;
  return parsed;
}

}  // namespace skillgrad::bench
