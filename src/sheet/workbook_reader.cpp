// SPDX-License-Identifier: MIT
#include "sheet/workbook_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sheet/openpyxl/openpyxl_names.hpp"
#include "sheet/values/python_number.hpp"

namespace skillgrad::sheet {
namespace {

using Token = XmlReader::Token;

constexpr std::size_t kPlainStyle = std::numeric_limits<std::size_t>::max();

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
  if (as_openpyxl_) archive_.exact_names();
  SKILLGRAD_TRY(const PackageIndex index, read_package_index(archive_));
  if (!index.shared_strings.empty()) {
    SKILLGRAD_TRY(shared_, read_shared_strings(archive_, index.shared_strings, limits_.cells, text_,
                                               *texts_, as_openpyxl_ ? &elements_ : nullptr));
  }
  if (as_openpyxl_) {
    SKILLGRAD_TRY(openpyxl_, check_openpyxl_workbook(archive_, index.workbook));
  }
  SKILLGRAD_TRY(WorkbookPart part, read_workbook_part(archive_, index.workbook));
  SKILLGRAD_TRY(styles_, read_cell_styles(archive_));
  epoch_1904_ = part.epoch_1904;
  Workbook workbook;
  workbook.recalculates_on_load_ = part.recalculates_on_load;
  if (as_openpyxl_) {
    context_.emplace(OpenpyxlContext{archive_, openpyxl_, index.workbook, styles_.size(), 0, {}});
    SKILLGRAD_TRY(context_->differential_styles, check_openpyxl_styles(archive_));
    part.sheets.clear();
    for (const auto& sheet : openpyxl_.sheets) part.sheets.push_back({sheet.name, sheet.id});
  }
  SKILLGRAD_CHECK(read_sheets(part, index, workbook));
  if (as_openpyxl_) SKILLGRAD_CHECK(check_openpyxl_names(openpyxl_, titles_.size()));
  return workbook;
}

Result<> WorkbookReader::read_sheets(const WorkbookPart& part, const PackageIndex& index,
                                     Workbook& workbook) {
  std::map<std::string, Relationship> relationships;
  if (as_openpyxl_ && !part.sheets.empty()) {
    SKILLGRAD_TRY(const auto found, OpenpyxlRelations::read(archive_, index.workbook));
    for (const auto& one : found.all()) relationships[one.id] = {one.type, one.target};
  } else if (!part.sheets.empty()) {
    SKILLGRAD_TRY(relationships, read_relationships(archive_, index.workbook));
  }
  for (const auto& entry : part.sheets) {
    if (entry.relationship.empty()) continue;
    const auto found = relationships.find(entry.relationship);
    if (found == relationships.end())
      return unexpected(unreadable("sheet \"" + entry.name + "\" has no part"));
    if (archive_.has(found->second.target))
      SKILLGRAD_CHECK(add_sheet(entry.name, found->second, workbook));
  }
  return {};
}

Result<> WorkbookReader::add_sheet(const std::string& name, const Relationship& relationship,
                                   Workbook& workbook) {
  titles_.push_back(openpyxl_title(titles_, name));
  if (as_openpyxl_ && is_refused_title(name))
    return openpyxl_refuses("a sheet", "named \"" + name + "\"");
  if (relationship.type.find("chartsheet") != std::string::npos) {
    if (titles_.size() == 1) workbook.starts_with_chart_ = true;
    return as_openpyxl_ ? check_openpyxl_chartsheet(archive_, relationship.target) : Result<>();
  }
  SheetState state;
  state.sheet.name_ = as_openpyxl_ ? titles_.back() : name;
  state.sheet.texts_ = texts_;
  SKILLGRAD_CHECK(read_sheet(relationship.target, state));
  workbook.sheets_.push_back(std::move(state.sheet));
  return {};
}

bool WorkbookReader::counts(const XmlReader& reader) const {
  using Space = XmlReader::Space;
  if (reader.space() == Space::main) return true;
  return !as_openpyxl_ && (reader.space() != Space::other || reader.root_space() == Space::other);
}

Result<> WorkbookReader::read_sheet(const std::string& part, SheetState& state) {
  SKILLGRAD_TRY(ZipPart source, archive_.part(part));
  XmlReader reader(std::move(source));
  std::optional<OpenpyxlSheet> sheet;
  if (as_openpyxl_) sheet.emplace(*context_, part);
  SKILLGRAD_CHECK(read_elements(reader, sheet ? &*sheet : nullptr, state));
  sort_cells(state);
  SKILLGRAD_CHECK(blank_covered_cells(state));
  if (sheet) {
    SKILLGRAD_CHECK(sheet->finish());
    SKILLGRAD_CHECK(place_links(sheet->links(), state));
  }
  for (const auto& cell : state.sheet.cells_) {
    if (cell.value.formula_uncached) state.sheet.has_uncached_formula_ = true;
  }
  return {};
}

Result<> WorkbookReader::read_elements(XmlReader& reader, OpenpyxlSheet* sheet, SheetState& state) {
  // Where rows and merged ranges are looked for: openpyxl takes them from anywhere.
  constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
  std::size_t rows = sheet != nullptr ? 0 : kNowhere, merges = kNowhere, row = kNowhere;
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed) return unexpected(reader.error());
    if (token == Token::done) return {};
    const std::size_t depth = reader.depth();
    if (token == Token::end && depth == row) row = kNowhere;
    if (token != Token::start) continue;
    const bool counted = counts(reader);
    if (row != kNowhere) {
      // openpyxl takes whatever stands in a row for a cell.
      if (depth == row + 1 && (sheet != nullptr || (counted && reader.is("c"))))
        SKILLGRAD_CHECK(read_cell(reader, state));
      continue;
    }
    if (depth == 2) {
      if (sheet == nullptr) rows = counted && reader.is("sheetData") ? 3 : kNowhere;
      merges = counted && reader.is("mergeCells") ? 3 : kNowhere;
    }
    if (counted && reader.is("row") && (rows == 0 || depth == rows)) {
      row = depth;
      SKILLGRAD_CHECK(start_row(reader, state));
      if (sheet != nullptr) SKILLGRAD_CHECK(sheet->check_row(reader));
    } else if (depth == merges && reader.is("mergeCell")) {
      if (counted || sheet != nullptr) SKILLGRAD_CHECK(read_merge(reader, state));
    } else if (sheet != nullptr) {
      SKILLGRAD_TRY(const bool taken, sheet->take(reader));
      static_cast<void>(taken);
    }
  }
}

Result<> WorkbookReader::start_row(const XmlReader& reader, SheetState& state) {
  state.column = 0;
  const auto row = reader.attribute("r");
  if (!row) {
    ++state.row;
  } else {
    const auto number = parse_python_float(*row);
    const double least = as_openpyxl_ ? -static_cast<double>(kMaxRow) : 0;
    if (!number || *number != std::floor(*number) || *number < least || *number > kMaxRow) {
      return unexpected(unreadable("\"" + std::string(*row) + "\" is no row number"));
    }
    state.row = static_cast<std::int64_t>(*number);
  }
  return {};
}

namespace {

/// "B0", which is a cell for openpyxl alone.
std::optional<CellRef> cell_of_row_zero(std::string_view name) {
  const std::size_t zeros = name.find('0');
  if (zeros == std::string_view::npos ||
      name.find_first_not_of('0', zeros) != std::string_view::npos)
    return std::nullopt;
  const auto below = parse_cell_name(std::string(name.substr(0, zeros)) + "1");
  return below ? std::optional(CellRef{0, below->column}) : std::nullopt;
}

}  // namespace

Result<> WorkbookReader::place_cell(const XmlReader& reader, SheetState& state, CellRef& cell) {
  const auto name = reader.attribute("r");
  if (name && !name->empty()) {
    auto parsed = parse_cell_name(*name);
    if (!parsed && as_openpyxl_) parsed = cell_of_row_zero(*name);
    if (!parsed) return unexpected(unreadable("\"" + std::string(*name) + "\" is no cell"));
    cell = *parsed;
    state.column = cell.column;
    return {};
  }
  const bool above = state.row < 1;
  cell = {above ? 0 : static_cast<std::uint32_t>(state.row), ++state.column};
  if ((above && !as_openpyxl_) || cell.row > kMaxRow || cell.column > kMaxColumn) {
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
  if (cell.row == 0) {  // openpyxl keeps it where no name of a cell leads
    CellValue unseen;
    return read_value(raw_, unseen);
  }
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
  const auto style = reader.attribute("s");
  if (!style || style->empty()) return {};
  const auto number = parse_python_int(*style);
  const auto index = number ? python_index(*number, styles_.size()) : std::nullopt;
  if (!index)
    return unexpected(unreadable("style \"" + std::string(*style) + "\" of a cell is missing"));
  // Counted from the end it is found, but its kind of number is looked up by the number itself.
  raw_.style = *number < 0 ? kPlainStyle : *index;
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
      if (!counts(reader)) continue;
      raw_.has_formula = raw_.has_formula || reader.is("f");
      in_value = reader.is("v") && !seen_value && !inline_text;
      seen_value = seen_value || in_value;
      if (reader.is("is") && inline_text && !raw_.has_inline) {
        raw_.has_inline = true;
        SKILLGRAD_CHECK(
            read_rich_text(reader, text_, raw_.value, as_openpyxl_ ? &elements_ : nullptr));
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
  const NumberKind kind = raw.style == kPlainStyle ? NumberKind::plain : styles_[raw.style];
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
      const auto number = parse_python_int(raw.value);
      const auto index = number ? python_index(*number, shared_.size()) : std::nullopt;
      if (!index) return is_no("shared string", raw.value);
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

}  // namespace skillgrad::sheet
