// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <skillgrad/core/files.hpp>

namespace skillgrad {

/// What was appended to a file of lines since the last look. A line that is not whole waits; where
/// the file became shorter it is taken for another one, and read from its beginning.
class GrowingFile {
 public:
  explicit GrowingFile(fs::path path) : path_(std::move(path)) {}

  /// Calls `line` for each new line, without its line break; true if there was one. A file that is
  /// not there, or not for the moment, has no new lines.
  bool read(const std::function<void(std::string_view line)>& line);

 private:
  fs::path path_;
  std::int64_t at_ = 0;
  std::string rest_;
};

}  // namespace skillgrad
