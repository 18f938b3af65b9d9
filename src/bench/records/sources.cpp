// SPDX-License-Identifier: MIT
// Files that a record brings along.
#include <cstdint>
#include <fstream>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"
#include "bench/grade_tools.hpp"
#include "bench/records/record.hpp"

namespace skillgrad::bench {
namespace {

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

std::optional<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out.push_back(static_cast<char>(bits >> have & 0xFFU));
  }
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

Result<FileSource> read_data_uri(const std::string& name, std::string_view uri,
                                 const RecordPlace& place) {
  const std::size_t comma = uri.find(',');
  const bool base64 = comma != std::string_view::npos && uri.substr(0, comma).ends_with(";base64");
  const auto bytes = comma == std::string_view::npos ? std::nullopt
                     : base64                        ? decode_base64(uri.substr(comma + 1))
                                                     : decode_percent(uri.substr(comma + 1));
  if (!bytes)
    return fail(ErrorCode::dataset, "the data URI of file \"" + name + "\" cannot be decoded",
                place.where, "write data:;base64,... or data:,text with %XX");
  return FileSource{name, *bytes, {}};
}

Result<FileSource> read_path(const std::string& name, const std::string& path,
                             const RecordPlace& place) {
  SKILLGRAD_TRY(fs::path file, confined_file(place.base_dir, path, place.where));
  return FileSource{name, {}, std::move(file)};
}

Result<FileSource> read_bare(const std::string& name, const std::string& text,
                             const RecordPlace& place, Notices& notices) {
  if (text.starts_with("data:")) return read_data_uri(name, text, place);
  std::error_code error;
  const bool maybe_path = text.size() < 4096 && text.find('\n') == std::string::npos &&
                          text.find('\0') == std::string::npos && !text.empty();
  if (maybe_path && fs::is_regular_file(place.base_dir / text, error))
    return read_path(name, text, place);
  notices.add(place.where, "no file \"" + truncate_middle(text, 60) +
                               "\": taken as the text of \"" + name +
                               "\"; write {\"path\":...} or {\"text\":...}");
  return FileSource{name, text, {}};
}

}  // namespace

Result<FileSource> read_source(const std::string& name, const Json& source,
                               const RecordPlace& place, Notices& notices) {
  if (!is_confined(name))
    return fail(ErrorCode::dataset, "file name \"" + name + "\" leaves the work directory",
                place.where, "use a relative name without \"..\"");
  if (source.is_string()) return read_bare(name, source.get<std::string>(), place, notices);
  if (source.is_object() && source.size() == 1) {
    const auto first = source.begin();
    if (first.key() == "path" && first->is_string())
      return read_path(name, first->get<std::string>(), place);
    if (first.key() == "text" && first->is_string())
      return FileSource{name, first->get<std::string>(), {}};
  }
  return fail(ErrorCode::dataset, "unknown source of file \"" + name + "\": " + dump_json(source),
              place.where, "write a data URI, {\"path\":...} or {\"text\":...}");
}

Result<std::string> content_of(const FileSource& source) {
  if (source.path.empty()) return source.text;
  return read_dataset_bytes(source.path);
}

Result<> write_sources(const std::vector<FileSource>& sources, const fs::path& work_dir) {
  for (const FileSource& source : sources) {
    const fs::path target = work_dir / source.name;
    SKILLGRAD_CHECK(make_directories(target.parent_path()));
    SKILLGRAD_TRY(const std::string content, content_of(source));
    std::ofstream out(target, std::ios::binary | std::ios::trunc);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (!out) return unexpected(errno_error(errno, "cannot write", target.string()));
  }
  return {};
}

}  // namespace skillgrad::bench
