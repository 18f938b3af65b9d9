// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::store {

/// What processes on several machines need of a folder that they share. All of it rests on link()
/// and rename(), which are atomic on NFS, too; no locks. Thread-safe. Errors of all: io, disk_full.
class SharedFiles {
 public:
  virtual ~SharedFiles() = default;
  /// Makes the file with these bytes, whole at once. False: there is one already, which stays.
  [[nodiscard]] virtual Result<bool> create(const std::filesystem::path& path,
                                            std::string_view bytes) = 0;
  /// Puts the file in place of what is there. Readers see the old one or the new one.
  [[nodiscard]] virtual Result<> replace(const std::filesystem::path& path,
                                         std::string_view bytes) = 0;
  /// Gives a whole folder its place. False: one is there already, and `from` stays where it is.
  [[nodiscard]] virtual Result<bool> place_folder(const std::filesystem::path& from,
                                                  const std::filesystem::path& to) = 0;
  /// nullopt: there is none.
  [[nodiscard]] virtual Result<std::optional<std::string>> read(
      const std::filesystem::path& path) = 0;
  /// Names in a folder, sorted; of one that is missing none. Names that begin with a dot are files
  /// on their way and left out.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(
      const std::filesystem::path& folder) = 0;
  /// One that is missing is fine.
  [[nodiscard]] virtual Result<> remove(const std::filesystem::path& path) = 0;
};

/// Those of this machine; `name` is that of the process, unique among all that share the folder.
[[nodiscard]] std::unique_ptr<SharedFiles> make_shared_files(std::string name);

/// Of this process: host, process id and a random part, as a file name: "node7-4711-1f6e0a2b".
[[nodiscard]] std::string process_name();

}  // namespace skillgrad::store
