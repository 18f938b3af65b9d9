// SPDX-License-Identifier: MIT
#include "store/line_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace skillgrad::store {
namespace {

constexpr std::size_t kBlock = std::size_t{64} << 10;

}  // namespace

LineFile::LineFile(LineFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

LineFile& LineFile::operator=(LineFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  return *this;
}

LineFile::~LineFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<LineFile> LineFile::open(const std::filesystem::path& path) {
  LineFile out;
  out.path_ = path;
  out.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (out.fd_ < 0) return tl::unexpected(errno_error(errno, "cannot open", path.string()));
  struct stat info {};
  if (::fstat(out.fd_, &info) != 0)
    return tl::unexpected(errno_error(errno, "cannot read", path.string()));
  out.size_ = static_cast<std::uint64_t>(info.st_size);
  SKILLGRAD_CHECK(out.cut_torn_line());
  return out;
}

Result<> LineFile::cut_torn_line() {
  std::string block(kBlock, '\0');
  std::uint64_t end = size_;
  while (end > 0) {
    const std::uint64_t begin = end > kBlock ? end - kBlock : 0;
    const auto got = ::pread(fd_, block.data(), end - begin, static_cast<off_t>(begin));
    if (got < 0) return tl::unexpected(errno_error(errno, "cannot read", path_.string()));
    const auto last = std::string_view(block.data(), static_cast<std::size_t>(got)).rfind('\n');
    if (last != std::string_view::npos) {
      end = begin + last + 1;
      break;
    }
    end = begin;
  }
  if (end != size_ && ::ftruncate(fd_, static_cast<off_t>(end)) != 0)
    return tl::unexpected(errno_error(errno, "cannot truncate", path_.string()));
  size_ = end;
  return {};
}

Result<std::uint64_t> LineFile::append(std::string_view line) {
  std::string bytes(line);
  bytes += '\n';
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto wrote =
        ::pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_ + done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      const int error = wrote == 0 ? ENOSPC : errno;
      if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0) {
        // The torn line stays; opening the file again cuts it.
      }
      return tl::unexpected(errno_error(error, "cannot append", path_.string()));
    }
    done += static_cast<std::size_t>(wrote);
  }
  const std::uint64_t offset = size_;
  size_ += bytes.size();
  return offset;
}

Result<std::string> LineFile::line_at(std::uint64_t offset) const {
  std::string out;
  std::string block(kBlock, '\0');
  while (offset < size_) {
    const auto got = ::pread(fd_, block.data(), std::min<std::uint64_t>(kBlock, size_ - offset),
                             static_cast<off_t>(offset));
    if (got <= 0) return tl::unexpected(errno_error(errno, "cannot read", path_.string()));
    const std::string_view piece(block.data(), static_cast<std::size_t>(got));
    const auto end = piece.find('\n');
    out.append(piece.substr(0, end));
    if (end != std::string_view::npos) return out;
    offset += piece.size();
  }
  return fail(ErrorCode::io, "the file ends inside a line", path_.string(),
              "the file was changed by another program; start a new run");
}

Result<std::string> LineFile::bytes_at(std::uint64_t offset, std::size_t count) const {
  std::string out(count, '\0');
  const auto got = ::pread(fd_, out.data(), count, static_cast<off_t>(offset));
  if (got < 0) return tl::unexpected(errno_error(errno, "cannot read", path_.string()));
  out.resize(static_cast<std::size_t>(got));
  return out;
}

Result<> LineFile::each_line(
    const std::function<Result<>(std::uint64_t offset, const std::string& line)>& visit) const {
  std::ifstream in(path_, std::ios::binary);
  std::uint64_t offset = 0;
  for (std::string line; offset < size_ && std::getline(in, line); offset += line.size() + 1)
    SKILLGRAD_CHECK(visit(offset, line));
  if (offset < size_) return tl::unexpected(errno_error(EIO, "cannot read", path_.string()));
  return {};
}

}  // namespace skillgrad::store
