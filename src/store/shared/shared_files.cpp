// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/store/shared_files.hpp>

namespace skillgrad::store {
namespace {

/// Of one file, for this process and the name of its file on the way.
class SystemSharedFiles final : public SharedFiles {
 public:
  explicit SystemSharedFiles(std::string name) : name_(std::move(name)) {}

  Result<bool> create(const fs::path& path, std::string_view bytes) override {
    const fs::path fresh = on_the_way(path);
    SKILLGRAD_CHECK(write(fresh, bytes));
    const bool linked = ::link(fresh.c_str(), path.c_str()) == 0;
    const int problem = errno;
    // An answer may get lost on the way from a file server: the number of links tells.
    struct stat info {};
    const bool mine = linked || (::stat(fresh.c_str(), &info) == 0 && info.st_nlink == 2);
    ::unlink(fresh.c_str());
    if (mine) return true;
    if (problem == EEXIST) return false;
    return tl::unexpected(errno_error(problem, "cannot link", path.string()));
  }

  Result<> replace(const fs::path& path, std::string_view bytes) override {
    const fs::path fresh = on_the_way(path);
    SKILLGRAD_CHECK(write(fresh, bytes));
    if (::rename(fresh.c_str(), path.c_str()) == 0) return {};
    const int problem = errno;
    ::unlink(fresh.c_str());
    return tl::unexpected(errno_error(problem, "cannot rename", path.string()));
  }

  Result<bool> place_folder(const fs::path& from, const fs::path& to) override {
    SKILLGRAD_CHECK(make_directories(to.parent_path()));
    if (::rename(from.c_str(), to.c_str()) == 0) return true;
    const int problem = errno;
    if (problem == ENOTEMPTY || problem == EEXIST) return false;
    std::error_code ignored;
    // It was done, and the answer got lost.
    if (problem == ENOENT && !fs::exists(from, ignored) && fs::exists(to, ignored)) return true;
    return tl::unexpected(errno_error(problem, "cannot rename", to.string()));
  }

  Result<std::optional<std::string>> read(const fs::path& path) override {
    auto text = read_file(path);
    if (text) return std::optional<std::string>(std::move(*text));
    std::error_code ignored;
    if (!fs::exists(path, ignored)) return std::nullopt;
    return tl::unexpected(std::move(text).error());
  }

  Result<std::vector<std::string>> list(const fs::path& folder) override {
    std::vector<std::string> out;
    std::error_code problem;
    for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end;
         entry.increment(problem)) {
      std::string name = entry->path().filename().string();
      if (!name.starts_with('.')) out.push_back(std::move(name));
    }
    if (problem && problem != std::errc::no_such_file_or_directory)
      return tl::unexpected(errno_error(problem.value(), "cannot read", folder.string()));
    std::sort(out.begin(), out.end());
    return out;
  }

  Result<> remove(const fs::path& path) override {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return tl::unexpected(errno_error(errno, "cannot remove", path.string()));
  }

 private:
  [[nodiscard]] fs::path on_the_way(const fs::path& path) {
    return path.parent_path() / fmt::format(".{}.{}", name_, next_++);
  }
  static Result<> write(const fs::path& path, std::string_view bytes) {
    auto done = write_file_in_place(path, bytes);
    if (!done) {
      std::error_code ignored;
      if (!fs::exists(path.parent_path(), ignored)) {
        SKILLGRAD_CHECK(make_directories(path.parent_path()));
        done = write_file_in_place(path, bytes);
      }
    }
    if (!done) ::unlink(path.c_str());
    return done;
  }

  const std::string name_;
  std::atomic<std::uint64_t> next_ = 0;
};

}  // namespace

std::unique_ptr<SharedFiles> make_shared_files(std::string name) {
  return std::make_unique<SystemSharedFiles>(std::move(name));
}

std::string process_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0')
    std::snprintf(host.data(), host.size(), "host");
  std::string name;
  for (const char c : std::string_view(host.data())) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    name += plain || c == '-' ? c : '_';
  }
  return fmt::format("{}-{}-{:08x}", name.substr(0, 60), ::getpid(), std::random_device{}());
}

}  // namespace skillgrad::store
