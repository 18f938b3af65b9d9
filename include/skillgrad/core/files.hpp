// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad {

namespace fs = std::filesystem;

/// Whole file as bytes. Errors: input (missing, a directory, over `max_bytes`), io.
[[nodiscard]] Result<std::string> read_file(const fs::path& path,
                                            std::uint64_t max_bytes = std::uint64_t{1} << 30);
/// Writes a temporary file in the same folder, fsyncs, renames over `path`, fsyncs the folder.
/// Creates parent folders. On any failure the old file stays whole. Errors: io, disk_full.
[[nodiscard]] Result<> write_file_atomic(const fs::path& path, std::string_view bytes,
                                         std::uint32_t mode = 0644);
/// Appends one record (the caller includes the line end) with a single write and, if `sync`, fsync.
[[nodiscard]] Result<> append_file(const fs::path& path, std::string_view bytes, bool sync = false);
[[nodiscard]] Result<> make_directories(const fs::path& path);
/// Makes `path` an empty folder, whatever was there. Creates parent folders.
[[nodiscard]] Result<> make_fresh_directory(const fs::path& path);
/// Writes a file where it is, without waiting for the disk: after a kill in the middle, or a crash
/// of the machine before sync_file_system(), it may be missing, empty or torn. For files whose
/// readers notice. Errors: io (also a parent folder that is missing), disk_full.
[[nodiscard]] Result<> write_file_in_place(const fs::path& path, std::string_view bytes,
                                           std::uint32_t mode = 0644);
/// Returns when everything written to the file system of `path` before is on the disk. One such
/// call for hundreds of files costs less than waiting for each of them.
[[nodiscard]] Result<> sync_file_system(const fs::path& path);
enum class Links { refuse, copy };  ///< copy: the link itself, wherever it leads
/// Copies regular files and folders with their modes. Errors: input (a link to refuse, a device),
/// io.
[[nodiscard]] Result<> copy_tree(const fs::path& from, const fs::path& to,
                                 Links links = Links::refuse);
/// Removes a tree of any depth, whatever the modes in it; follows no link. A missing one is fine.
[[nodiscard]] Result<> remove_tree(const fs::path& path);
/// Puts the folder `fresh` in place of the folder `live` (both on one file system) by rename;
/// `old_copy` receives the previous content. A crash leaves either old or new, never a mixture.
[[nodiscard]] Result<> swap_directory(const fs::path& fresh, const fs::path& live,
                                      const fs::path& old_copy);
/// Relative paths of all regular files below `root`, '/'-separated, sorted by bytes.
[[nodiscard]] Result<std::vector<std::string>> list_files(const fs::path& root);

/// The folder of this process below the system's temporary folder (TMPDIR): private, locked, named
/// after the process and its start, made when first asked for. What processes of this user left
/// when they were killed is removed then. Thread-safe.
[[nodiscard]] Result<fs::path> process_folder();

/// A private folder below the process folder (or `parent`), removed on destruction.
class TempDir {
 public:
  [[nodiscard]] static Result<TempDir> create(std::string_view prefix, const fs::path& parent = {});
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) noexcept;
  ~TempDir();
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  explicit TempDir(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

}  // namespace skillgrad
