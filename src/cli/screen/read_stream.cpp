// SPDX-License-Identifier: MIT
#include "cli/screen/read_stream.hpp"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>

#include <skillgrad/core/descriptor.hpp>

namespace skillgrad::cli {
namespace {

constexpr int kLookForStopMs = 100;
constexpr std::size_t kChunk = std::size_t{1} << 16;

/// Opening a pipe without a writer must not wait for one: nothing could end that.
Result<Descriptor> open_stream(const std::string& path) {
  const bool standard = path == "-";
  Descriptor fd(standard ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                         : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG || errno == ELOOP)
      return fail(ErrorCode::input, "no such file", path);
    return tl::unexpected(errno_error(errno, "cannot read file", path));
  }
  if (S_ISDIR(info.st_mode)) return fail(ErrorCode::input, "is a folder, expected a file", path);
  return fd;
}

/// Reads what is there. 0: the end.
Result<std::size_t> read_more(int fd, char* buffer, const std::string& path,
                              const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd ready{fd, POLLIN, 0};
    const int count = ::poll(&ready, 1, kLookForStopMs);
    if (count < 0 && errno != EINTR)
      return tl::unexpected(errno_error(errno, "cannot read file", path));
    if (count <= 0) continue;
    const ssize_t got = ::read(fd, buffer, kChunk);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR && errno != EAGAIN)
      return tl::unexpected(errno_error(errno, "cannot read file", path));
  }
  return fail(ErrorCode::cancelled, "stopped on request", path);
}

}  // namespace

Result<std::string> read_stream(const std::string& path, const std::stop_token& stop,
                                const StreamLimits& limits) {
  SKILLGRAD_TRY(const Descriptor fd, open_stream(path));
  std::string out;
  std::size_t line_start = 0;
  for (;;) {
    const std::size_t filled = out.size();
    out.resize(filled + kChunk);
    SKILLGRAD_TRY(const std::size_t count, read_more(fd.get(), out.data() + filled, path, stop));
    out.resize(filled + count);
    if (count == 0) return out;
    const std::size_t line_end = out.rfind('\n');
    if (line_end != std::string::npos && line_end >= filled) line_start = line_end + 1;
    if (out.size() - line_start > limits.line)
      return fail(ErrorCode::input, fmt::format("a line is longer than {} bytes", limits.line),
                  path, "write one JSON object a line");
    if (out.size() > limits.whole)
      return fail(ErrorCode::input, fmt::format("holds more than {} bytes", limits.whole), path,
                  "cut it into smaller files");
  }
}

}  // namespace skillgrad::cli
