// SPDX-License-Identifier: MIT
// Fuzzes the xlsx reader. An input that starts with "PK" is a file as it is; any other is the text
// of parts, each under a line "=== NAME", and becomes a package around them, since a changed byte
// of a compressed part would only break its checksum.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/sheet/values.hpp>
#include <skillgrad/sheet/workbook.hpp>

#include "fakes/xlsx_writer.hpp"

namespace {

using namespace skillgrad;
using Parts = std::vector<std::pair<std::string, std::string>>;

void must(bool holds) {
  if (!holds) std::abort();
}

Parts parts_of(std::string_view text) {
  Parts parts =
      fakes::XlsxWriter().sheet("Data").number("A1", 1).shared("<si><t>x</t></si>").parts();
  std::string* part = nullptr;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with("=== ")) {
      const std::string name = line.substr(4);
      if (name.empty() || parts.size() > 50) continue;
      const auto same = [&](const auto& item) { return item.first == name; };
      auto found = std::find_if(parts.begin(), parts.end(), same);
      if (found == parts.end()) found = parts.insert(parts.end(), {name, ""});
      part = &found->second;
      part->clear();
    } else if (part != nullptr) {
      *part += (part->empty() ? "" : "\n") + line;
    }
  }
  return parts;
}

std::string zip_of(const Parts& parts) {
  zip_source_t* file = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_source_keep(file);
  zip_t* archive = zip_open_from_source(file, ZIP_TRUNCATE, nullptr);
  for (const auto& [name, bytes] : parts) {
    zip_source_t* part = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), part, ZIP_FL_OVERWRITE);
    if (index < 0) {
      zip_source_free(part);  // a name that is no UTF-8
    } else {
      zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
    }
  }
  must(zip_close(archive) == 0);
  zip_stat_t status;
  must(zip_source_stat(file, &status) == 0 && zip_source_open(file) == 0);
  std::string bytes(status.size, '\0');
  zip_source_read(file, bytes.data(), bytes.size());
  zip_source_close(file);
  zip_source_free(file);
  return bytes;
}

void look_at(const sheet::Workbook& book) {
  for (const auto& sheet : book.sheets()) {
    for (const auto& cell : sheet.stored()) {
      must(cell.row >= 1 && cell.row <= sheet.last_row());
      must(cell.column >= 1 && cell.column <= sheet.last_column());
      const auto& value = sheet.at(cell.row, cell.column);
      must(first_invalid_utf8(sheet::cell_name(cell.row, cell.column)) == std::nullopt);
      const bool nan = value.type == sheet::CellType::text;  // the text "nan" equals nothing
      must(nan || sheet::same_value(value, value));
      must(sheet::type_name(value.type)[0] != '\0');
      (void)sheet::value_text(value);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string bytes = text.starts_with("PK") ? std::string(text) : zip_of(parts_of(text));
  const int fd = ::memfd_create("workbook", MFD_CLOEXEC);
  must(fd >= 0 && ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  sheet::ReadLimits limits;
  limits.inflated_bytes = std::uint64_t{16} << 20;  // the caps must hold, and soon
  limits.cells = 100'000;
  static_cast<void>(sheet::Workbook::read_as_openpyxl(path, limits));
  const auto book = sheet::Workbook::read(path, limits);
  if (book) look_at(*book);
  if (book) must(sheet::read_sheet_names(path).has_value());
  ::close(fd);
  return 0;
}
