// SPDX-License-Identifier: MIT
#include <fstream>

#include <skillgrad/core/growing_file.hpp>

namespace skillgrad {
namespace {

constexpr std::size_t kGrowingChunk = std::size_t{1} << 16;

}  // namespace

bool GrowingFile::read(const std::function<void(std::string_view line)>& line) {
  std::ifstream file(path_, std::ios::binary | std::ios::ate);
  if (!file) return false;
  const auto size = static_cast<std::int64_t>(file.tellg());
  if (size < at_) at_ = 0, rest_.clear();  // another file has its name now
  file.seekg(at_);
  bool found = false;
  std::string chunk(kGrowingChunk, '\0');
  while (file && at_ < size) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    const auto got = static_cast<std::size_t>(file.gcount());
    if (got == 0) break;
    at_ += static_cast<std::int64_t>(got);
    rest_.append(chunk, 0, got);
    std::size_t from = 0;
    for (std::size_t end; (end = rest_.find('\n', from)) != std::string::npos; from = end + 1) {
      line(std::string_view(rest_).substr(from, end - from));
      found = true;
    }
    rest_.erase(0, from);
  }
  return found;
}

}  // namespace skillgrad
