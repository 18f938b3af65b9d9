// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <skillgrad/core/error.hpp>

namespace skillgrad::store {

/// An append-only file of whole lines. A last line without its end (a kill or a full disk while
/// writing) is cut away when the file is opened and when an append fails. Not thread-safe.
class LineFile {
 public:
  [[nodiscard]] static Result<LineFile> open(const std::filesystem::path& path);
  LineFile() = default;
  LineFile(LineFile&& other) noexcept;
  LineFile& operator=(LineFile&& other) noexcept;
  ~LineFile();

  /// Offset at which the line begins. `line` has no line end. Errors: io, disk_full; the file is as
  /// before then.
  [[nodiscard]] Result<std::uint64_t> append(std::string_view line);
  /// The line that begins at `offset`, without its end.
  [[nodiscard]] Result<std::string> line_at(std::uint64_t offset) const;
  /// At most so many bytes from `offset` on.
  [[nodiscard]] Result<std::string> bytes_at(std::uint64_t offset, std::size_t count) const;
  /// Calls `visit` with the offset and the text of each line in order, until it fails.
  [[nodiscard]] Result<> each_line(
      const std::function<Result<>(std::uint64_t offset, const std::string& line)>& visit) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] int descriptor() const { return fd_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  Result<> cut_torn_line();
  std::filesystem::path path_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace skillgrad::store
