// SPDX-License-Identifier: MIT
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/publish.hpp>

namespace skillgrad {

Result<> publish_file(const std::filesystem::path& path, std::string_view bytes) {
  static std::atomic<unsigned> number{0};
  const std::string temporary =
      path.string() + "." + std::to_string(::getpid()) + "-" + std::to_string(++number) + ".tmp";
  const auto create = [&] {
    return ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  };
  int opened = create();
  if (opened < 0 && errno == ENOENT) {
    SKILLGRAD_CHECK(make_directories(path.parent_path()));
    opened = create();
  }
  const Descriptor file(opened);
  if (!file) return tl::unexpected(errno_error(errno, "cannot create file", temporary));
  if (write_all(file.get(), bytes) && std::rename(temporary.c_str(), path.c_str()) == 0) return {};
  const int problem = errno;
  ::unlink(temporary.c_str());
  return tl::unexpected(errno_error(problem, "cannot write file", path.string()));
}

}  // namespace skillgrad
