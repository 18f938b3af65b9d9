// SPDX-License-Identifier: MIT
#include "exec/folder_image.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>

namespace skillgrad::exec {
namespace {

/// Adds an entry; false: it cannot be a part of an image.
bool add_entry(const fs::path& path, const std::string& name, std::uintmax_t& room,
               FolderImage& out) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return false;
  ImageEntry entry;
  entry.mode = info.st_mode & 07777U;
  if (S_ISDIR(info.st_mode)) {
    entry.kind = 'd';
  } else if (S_ISLNK(info.st_mode)) {
    std::error_code unreadable;
    entry.kind = 'l';
    entry.mode = 0;
    entry.content = fs::read_symlink(path, unreadable).string();
    if (unreadable) return false;
  } else if (S_ISREG(info.st_mode)) {
    const auto bytes = read_file(path, room);
    if (!bytes) return false;
    room -= bytes->size();
    entry.content = sha256_hex(*bytes);
  } else {
    return false;
  }
  out.emplace(name, std::move(entry));
  return true;
}

}  // namespace

std::optional<FolderImage> image_of(const fs::path& root, const ImageLimits& limits) {
  FolderImage out;
  std::uintmax_t room = limits.bytes;
  std::error_code failed;
  for (fs::recursive_directory_iterator at(root, failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string name = at->path().lexically_relative(root).generic_string();
    if (out.size() == limits.entries || !add_entry(at->path(), name, room, out))
      return std::nullopt;
  }
  if (failed) return std::nullopt;
  return out;
}

std::string hash_of(const FolderImage& image) {
  PartHasher hasher;
  for (const auto& [name, entry] : image)
    hasher.add(name)
        .add(std::string_view(&entry.kind, 1))
        .add(std::to_string(entry.mode))
        .add(entry.content);
  return hasher.finish();
}

}  // namespace skillgrad::exec
