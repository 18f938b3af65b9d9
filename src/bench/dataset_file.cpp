// SPDX-License-Identifier: MIT
#include "bench/dataset_file.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::bench {
namespace {

Error encoding_error(const std::string& text, std::size_t offset, const std::string& what,
                     const std::string& file) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(offset);
  const auto line = 1 + std::count(text.begin(), end, '\n');
  return {ErrorCode::dataset,
          "not UTF-8: " + what,
          fmt::format("{}:{}", file, line),
          "save the file as UTF-8",
          {}};
}

}  // namespace

Result<std::string> read_dataset_bytes(const fs::path& path, std::uint64_t max_bytes) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_directory(status) && !fs::is_regular_file(status)) {
    return fail(ErrorCode::dataset, "is no regular file", path.string(),
                "put the data set's own file there");
  }
  if (fs::is_regular_file(status)) {
    const std::uintmax_t size = fs::file_size(path, error);
    if (!error && size > max_bytes) {
      return fail(ErrorCode::dataset,
                  fmt::format("has {} bytes, expected at most {}", size, max_bytes), path.string(),
                  "get the file anew, or cut it into smaller ones");
    }
  }
  auto bytes = read_file(path, max_bytes);
  if (bytes && bytes->starts_with("version https://git-lfs.github.com/spec/"))
    return fail(ErrorCode::dataset, "is a pointer of Git LFS, the data itself is not here",
                path.string(), "get it with `git lfs pull`");
  if (bytes || !bytes.error().mend.empty()) return bytes;
  Error failure = std::move(bytes).error();
  failure.mend = "check the path, or get the data set anew";
  return unexpected(std::move(failure));
}

Result<std::string> read_dataset_text(const fs::path& path, std::uint64_t max_bytes) {
  SKILLGRAD_TRY(std::string text, read_dataset_bytes(path, max_bytes));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (const auto bad = first_invalid_utf8(text)) {
    const bool utf16 = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
    const std::string what =
        utf16 ? "it looks like UTF-16" : "bad byte at offset " + std::to_string(*bad);
    return unexpected(encoding_error(text, *bad, what, path.string()));
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string::npos) {
    return unexpected(encoding_error(text, nul, "it holds NUL bytes", path.string()));
  }
  return text;
}

Result<Json> read_dataset_json(const fs::path& path) {
  SKILLGRAD_TRY(const std::string text, read_dataset_text(path, kMaxJsonBytes));
  auto value = parse_json(text, path.string());
  if (value) return value;
  Error error = std::move(value).error();
  if (error.mend.empty()) error.mend = "correct the JSON there, or get the file anew";
  return unexpected(std::move(error));
}

Error too_many(const std::string& what, std::uint64_t limit, const std::string& where) {
  return {ErrorCode::dataset,
          fmt::format("more than {} {}", limit, what),
          where,
          "get the file anew, or cut it into smaller ones",
          {}};
}

}  // namespace skillgrad::bench
