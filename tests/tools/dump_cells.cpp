// SPDX-License-Identifier: MIT
// Prints what the xlsx reader sees, for tests/scripts/compare_openpyxl.py.
//
// usage: dump_cells WORKBOOK...
//
// For each workbook one line "F<tab>path", or "E<tab>path<tab>message" when it is unreadable; below
// it, for each sheet "S<tab>name" and for each stored cell that is not empty
// "C<tab>A1<tab>type<tab>value". Texts are JSON strings. Numbers are hexadecimal floats, so that
// nothing is lost on the way: a serial day for a datetime, a fraction of a day for a time, days for
// a duration.
#include <cstdio>

#include <fmt/format.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/sheet/values.hpp>
#include <skillgrad/sheet/workbook.hpp>

namespace {

using namespace skillgrad;

std::string value_of(const sheet::CellValue& value) {
  const bool text = value.type == sheet::CellType::text || value.type == sheet::CellType::error;
  return text ? dump_json(Json(value.text)) : fmt::format("{:a}", value.number);
}

void dump(const sheet::Worksheet& sheet) {
  std::string out = "S\t" + dump_json(Json(sheet.name())) + "\n";
  for (const auto& cell : sheet.stored()) {
    const auto& value = sheet.at(cell.row, cell.column);
    if (value.type == sheet::CellType::empty) continue;
    const bool integer = value.type == sheet::CellType::number && value.integer;
    out += fmt::format("C\t{}\t{}\t{}\n", sheet::cell_name(cell.row, cell.column),
                       integer ? "integer" : sheet::type_name(value.type), value_of(value));
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: dump_cells WORKBOOK...\n", stderr);
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    const auto book = sheet::Workbook::read_as_openpyxl(argv[i]);
    if (!book) {
      fmt::print("E\t{}\t{}\n", argv[i], dump_json(Json(book.error().message)));
      continue;
    }
    fmt::print("F\t{}\n", argv[i]);
    for (const auto& sheet : book->sheets()) dump(sheet);
  }
  return 0;
}
