// SPDX-License-Identifier: MIT
#include "sheet/workbook_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sheet/openpyxl_names.hpp"
#include "sheet/python_number.hpp"

namespace skillgrad::sheet {
namespace {

using Token = XmlReader::Token;

// Blanking covered cells walks over the stored rows of each merged range; this bounds the sum.
constexpr std::size_t kMaxMergeSteps = 20'000'000;
constexpr std::size_t kMaxMerges = 1'000'000;

std::optional<std::uint64_t> index_of(std::string_view text) {
  const auto value = parse_python_int(text);
  if (!value || *value < 0 || *value > 1e9) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

void set_number(CellValue& value, double number, bool integer) {
  value.type = CellType::number;
  value.number = number;
  value.integer = integer;
}

void set_text(CellValue& value, CellType type, std::string_view text) {
  value.type = type;
  value.text = text;
}

tl::unexpected<Error> is_no(const char* what, const std::string& value) {
  return unexpected(unreadable("\"" + value.substr(0, 40) + "\" is no " + what));
}

}  // namespace

std::optional<CellRef> parse_cell_name(std::string_view name) {
  std::size_t i = 0;
  std::uint32_t column = 0;
  for (; i < name.size() && i < 4; ++i) {
    const char c = name[i];
    const bool upper = c >= 'A' && c <= 'Z';
    if (!upper && !(c >= 'a' && c <= 'z')) break;
    column = column * 26 + static_cast<std::uint32_t>(c - (upper ? 'A' : 'a')) + 1;
  }
  std::uint32_t row = 0;
  const std::size_t digits = name.size() - i;
  if (column == 0 || column > kMaxColumn || digits == 0 || digits > 9) return std::nullopt;
  for (; i < name.size(); ++i) {
    if (name[i] < '0' || name[i] > '9') return std::nullopt;
    row = row * 10 + static_cast<std::uint32_t>(name[i] - '0');
  }
  if (row == 0 || row > kMaxRow) return std::nullopt;
  return CellRef{row, column};
}

Result<Workbook> WorkbookReader::read() {
  SKILLGRAD_TRY(const PackageIndex index, read_package_index(archive_));
  if (!index.shared_strings.empty()) {
    SKILLGRAD_TRY(shared_, read_shared_strings(archive_, index.shared_strings, limits_.cells, text_,
                                               *texts_));
  }
  SKILLGRAD_TRY(const WorkbookPart part, read_workbook_part(archive_, index.workbook));
  SKILLGRAD_TRY(const auto relationships, read_relationships(archive_, index.workbook));
  SKILLGRAD_TRY(styles_, read_cell_styles(archive_));
  epoch_1904_ = part.epoch_1904;
  Workbook workbook;
  workbook.recalculates_on_load_ = part.recalculates_on_load;
  std::vector<std::string> titles;
  for (const auto& entry : part.sheets) {
    if (entry.relationship.empty()) continue;
    const auto found = relationships.find(entry.relationship);
    if (found == relationships.end()) {
      return unexpected(unreadable("sheet \"" + entry.name + "\" has no part"));
    }
    const std::string& target = found->second.target;
    if (!archive_.has(target)) continue;
    titles.push_back(openpyxl_title(titles, entry.name));
    if (is_refused_title(entry.name))
      workbook.openpyxl_problem_ = "openpyxl refuses a sheet named \"" + entry.name + "\"";
    if (found->second.type.find("chartsheet") != std::string::npos) {
      if (titles.size() == 1) workbook.starts_with_chart_ = true;
      if (!archive_.has(relationships_of(target)))
        workbook.openpyxl_problem_ = "openpyxl refuses a sheet of charts that has none";
      continue;
    }
    SheetState state;
    state.sheet.name_ = entry.name;
    state.sheet.openpyxl_name_ = titles.back();
    state.sheet.texts_ = texts_;
    SKILLGRAD_CHECK(read_sheet(target, state));
    workbook.sheets_.push_back(std::move(state.sheet));
  }
  if (archive_.found_in_other_case())
    workbook.openpyxl_problem_ = "openpyxl does not find a part whose name differs in case";
  return workbook;
}

Result<> WorkbookReader::read_sheet(const std::string& part, SheetState& state) {
  SKILLGRAD_TRY(ZipPart source, archive_.part(part));
  XmlReader reader(std::move(source));
  enum class Section { other, data, merges } section = Section::other;
  bool in_row = false;
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed) return unexpected(reader.error());
    if (token == Token::done) break;
    if (token != Token::start) continue;
    if (reader.depth() == 2) {
      section = reader.is("sheetData")    ? Section::data
                : reader.is("mergeCells") ? Section::merges
                                          : Section::other;
    } else if (reader.depth() == 3 && section == Section::data) {
      in_row = reader.is("row");
      if (in_row) SKILLGRAD_CHECK(start_row(reader, state));
    } else if (reader.depth() == 3 && section == Section::merges) {
      if (reader.is("mergeCell")) SKILLGRAD_CHECK(read_merge(reader, state));
    } else if (reader.depth() == 4 && section == Section::data && in_row) {
      if (reader.is("c")) SKILLGRAD_CHECK(read_cell(reader, state));
    }
  }
  sort_cells(state);
  SKILLGRAD_CHECK(blank_covered_cells(state));
  for (const auto& cell : state.sheet.cells_) {
    if (cell.value.formula_uncached) state.sheet.has_uncached_formula_ = true;
  }
  return {};
}

Result<> WorkbookReader::start_row(const XmlReader& reader, SheetState& state) {
  state.column = 0;
  const auto row = reader.attribute("r");
  if (!row) {
    ++state.row;
  } else {
    const auto number = parse_python_float(*row);
    if (!number || *number != std::floor(*number) || *number < 0 || *number > kMaxRow) {
      return unexpected(unreadable("\"" + std::string(*row) + "\" is no row number"));
    }
    state.row = static_cast<std::uint32_t>(*number);
  }
  return {};
}

Result<> WorkbookReader::place_cell(const XmlReader& reader, SheetState& state, CellRef& cell) {
  const auto name = reader.attribute("r");
  if (name && !name->empty()) {
    const auto parsed = parse_cell_name(*name);
    if (!parsed) return unexpected(unreadable("\"" + std::string(*name) + "\" is no cell"));
    cell = *parsed;
    state.column = cell.column;
    return {};
  }
  cell = {state.row, ++state.column};
  if (cell.row == 0 || cell.row > kMaxRow || cell.column > kMaxColumn) {
    return unexpected(unreadable("a cell lies outside the sheet"));
  }
  return {};
}

Result<> WorkbookReader::read_cell(XmlReader& reader, SheetState& state) {
  if (++cells_ > limits_.cells) {
    return unexpected(unreadable("more than " + std::to_string(limits_.cells) + " cells"));
  }
  CellRef cell;
  SKILLGRAD_CHECK(place_cell(reader, state, cell));
  SKILLGRAD_CHECK(start_cell(reader));
  SKILLGRAD_CHECK(read_cell_content(reader));
  static_assert(sizeof(Worksheet::Stored) <= TextBudget::kCell);
  constexpr std::size_t kShort = 15;
  const bool long_text = raw_.type != RawCell::Type::number && raw_.value.size() > kShort;
  if (!text_.take(TextBudget::kCell + (long_text ? TextBudget::kLongText : 0)))
    return unexpected(unreadable("holds too many cells with too much text"));
  Worksheet& sheet = state.sheet;
  const std::uint64_t key = Worksheet::key(cell.row, cell.column);
  if (!sheet.cells_.empty() && sheet.cells_.back().key >= key) state.sorted = false;
  sheet.cells_.push_back({key, {}});
  sheet.last_row_ = std::max(sheet.last_row_, cell.row);
  sheet.last_column_ = std::max(sheet.last_column_, cell.column);
  return read_value(raw_, sheet.cells_.back().value);
}

WorkbookReader::RawCell::Type WorkbookReader::type_of(const XmlReader& reader) {
  using Type = RawCell::Type;
  static constexpr std::pair<std::string_view, Type> kTypes[] = {{"s", Type::shared_text},
                                                                 {"n", Type::number},
                                                                 {"b", Type::boolean},
                                                                 {"e", Type::error},
                                                                 {"str", Type::formula_text},
                                                                 {"d", Type::date},
                                                                 {"inlineStr", Type::inline_text}};
  const auto name = reader.attribute("t");
  if (!name) return Type::number;
  for (const auto& [known, type] : kTypes) {
    if (*name == known) return type;
  }
  return Type::text;
}

Result<> WorkbookReader::start_cell(const XmlReader& reader) {
  raw_.type = type_of(reader);
  raw_.has_formula = raw_.has_inline = false;
  raw_.style = 0;
  raw_.value.clear();
  if (const auto style = reader.attribute("s"); style && !style->empty()) {
    const auto index = index_of(*style);
    if (!index) return unexpected(unreadable("\"" + std::string(*style) + "\" is no style"));
    raw_.style = *index;
  }
  if (raw_.style >= styles_.size()) {
    return unexpected(unreadable("style " + std::to_string(raw_.style) + " of a cell is missing"));
  }
  return {};
}

Result<> WorkbookReader::read_cell_content(XmlReader& reader) {
  const std::size_t base = reader.depth();
  const bool inline_text = raw_.type == RawCell::Type::inline_text;
  bool in_value = false, seen_value = false;
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed) return unexpected(reader.error());
    if (token == Token::done) return unexpected(unreadable("a cell has no end"));
    if (token == Token::end) {
      if (reader.depth() == base) return {};
      if (reader.depth() == base + 1) in_value = false;
    } else if (token == Token::text) {
      if (!in_value || reader.depth() != base + 1) continue;
      if (!text_.take_text(reader.text().size(), raw_.value.size()))
        return unexpected(unreadable("holds too much text"));
      raw_.value.append(reader.text());
    } else if (reader.depth() == base + 1) {
      raw_.has_formula = raw_.has_formula || reader.is("f");
      in_value = reader.is("v") && !seen_value && !inline_text;
      seen_value = seen_value || in_value;
      if (reader.is("is") && inline_text && !raw_.has_inline) {
        raw_.has_inline = true;
        SKILLGRAD_CHECK(read_rich_text(reader, text_, raw_.value));
      }
    }
  }
}

Result<> WorkbookReader::read_value(const RawCell& raw, CellValue& value) {
  const bool stored = !raw.value.empty();
  if (stored) {
    SKILLGRAD_CHECK(read_typed_value(raw, value));
  } else if (raw.has_inline) {
    value.type = CellType::text;
  }
  value.formula = raw.has_formula;
  // A formula whose cached result is the empty text says so by its type.
  value.formula_uncached = raw.has_formula && !stored && raw.type != RawCell::Type::formula_text;
  return {};
}

Result<> WorkbookReader::read_number(const RawCell& raw, CellValue& value) {
  const bool integer = std::none_of(raw.value.begin(), raw.value.end(),
                                    [](char c) { return c == '.' || c == 'e' || c == 'E'; });
  const auto number = integer ? parse_python_int(raw.value) : parse_python_float(raw.value);
  if (!number) return is_no("number", raw.value);
  const NumberKind kind = styles_[raw.style];
  if (kind == NumberKind::plain) {
    set_number(value, *number, integer);
  } else {
    value = value_of_serial(*number, kind, epoch_1904_);
  }
  return {};
}

Result<> WorkbookReader::read_typed_value(const RawCell& raw, CellValue& value) {
  switch (raw.type) {
    case RawCell::Type::number:
      return read_number(raw, value);
    case RawCell::Type::shared_text: {
      const auto index = index_of(raw.value);
      if (!index || *index >= shared_.size()) return is_no("shared string", raw.value);
      // Kept once, but whoever compares or prints the cells goes through it each time.
      if (!text_.take(shared_[*index].size())) return unexpected(unreadable("holds too much text"));
      set_text(value, CellType::text, shared_[*index]);
      return {};
    }
    case RawCell::Type::boolean: {
      const auto number = parse_python_int(raw.value);
      if (!number) return is_no("truth value", raw.value);
      set_number(value, *number != 0 ? 1 : 0, true);
      value.type = CellType::boolean;
      return {};
    }
    case RawCell::Type::date: {
      auto date = value_of_iso8601(raw.value);
      if (!date) return is_no("date", raw.value);
      value = std::move(*date);
      return {};
    }
    case RawCell::Type::error:
      set_text(value, CellType::error, texts_->keep(raw.value));
      return {};
    case RawCell::Type::inline_text:
    case RawCell::Type::formula_text:
    case RawCell::Type::text:
      break;
  }
  set_text(value, CellType::text, texts_->keep(raw.value));
  return {};
}

Result<> WorkbookReader::read_merge(const XmlReader& reader, SheetState& state) {
  const std::string_view ref = reader.attribute("ref").value_or("");
  const std::size_t colon = ref.find(':');
  const auto first = parse_cell_name(ref.substr(0, colon));
  const auto last =
      colon == std::string_view::npos ? first : parse_cell_name(ref.substr(colon + 1));
  if (!first || !last || last->row < first->row || last->column < first->column) {
    return unexpected(unreadable("\"" + std::string(ref) + "\" is no merged range"));
  }
  if (state.merges.size() == kMaxMerges) return unexpected(unreadable("too many merged ranges"));
  state.merges.push_back({*first, *last});
  state.sheet.last_row_ = std::max(state.sheet.last_row_, last->row);
  state.sheet.last_column_ = std::max(state.sheet.last_column_, last->column);
  return {};
}

void WorkbookReader::sort_cells(SheetState& state) {
  auto& cells = state.sheet.cells_;
  if (state.sorted) return;
  std::stable_sort(cells.begin(), cells.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  // Of two elements for one cell the last one counts.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i + 1 < cells.size() && cells[i].key == cells[i + 1].key) continue;
    if (kept != i) cells[kept] = std::move(cells[i]);
    ++kept;
  }
  cells.resize(kept);
}

Result<> WorkbookReader::blank_covered_cells(SheetState& state) {
  auto& cells = state.sheet.cells_;
  const auto seek = [&cells](std::uint64_t key) {
    return std::lower_bound(cells.begin(), cells.end(), key,
                            [](const auto& cell, std::uint64_t k) { return cell.key < k; });
  };
  std::size_t steps = 0;
  for (const Merge& merge : state.merges) {
    const std::uint64_t anchor = Worksheet::key(merge.first.row, merge.first.column);
    auto at = seek(anchor);
    while (at != cells.end() && at->key <= Worksheet::key(merge.last.row, merge.last.column)) {
      if (++steps > kMaxMergeSteps) return unexpected(unreadable("too many merged cells"));
      const auto row = static_cast<std::uint32_t>(at->key >> 16);
      const auto column = static_cast<std::uint32_t>(at->key & 0xFFFF);
      if (column < merge.first.column) {
        at = seek(Worksheet::key(row, merge.first.column));
      } else if (column > merge.last.column) {
        at = seek(Worksheet::key(row + 1, merge.first.column));
      } else {
        if (at->key != anchor) at->value = CellValue{};
        ++at;
      }
    }
  }
  return {};
}

}  // namespace skillgrad::sheet
