// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/exec/sandbox.hpp>

#include "exec/process/detour.hpp"

namespace skillgrad::exec {

/// Who a command runs as.
struct SandboxUser {
  bool active = false;  ///< false: as this process
  uid_t uid = 0;
  gid_t gid = 0;
};

struct IdRange {
  std::uint64_t first = 0, count = 0;
};

/// Numbers that no user has: 2,100,000,000 and the 40,000,000 after it, above what directories of
/// users and containers hand out. In a user namespace without them, the last numbers that it has.
/// By the text of /proc/self/uid_map; nullopt where all are somebody's.
[[nodiscard]] std::optional<IdRange> unused_ids(std::string_view id_map);

/// Run by root, commands belong to a user that is nobody on this machine: another one for each work
/// folder, so that tasks cannot touch each other. Thread-safe.
class SandboxUsers {
 public:
  SandboxUsers();
  /// Whether commands run as another user than this process.
  [[nodiscard]] bool active() const { return active_; }
  /// The owner-to-be of a work folder and of everything in it, or the one it has. The folder
  /// becomes usable again where a command took its own rights away. Errors: sandbox (a parent
  /// folder that is closed to others, a full disk).
  [[nodiscard]] Result<SandboxUser> adopt(const fs::path& work_dir);
  /// Makes `folder` that user's, too.
  [[nodiscard]] static Result<> give(const fs::path& folder, const SandboxUser& user);
  /// After this process wrote into a work folder: the next command's user gets everything in it.
  static void take_back(const fs::path& folder);
  /// `path`, or a copy that the user of a sandbox can read where it is closed to others; kept as
  /// long as this lives. Errors: sandbox.
  [[nodiscard]] Result<fs::path> readable(const fs::path& path);
  /// What must be done for the user to reach these paths, adopted or readable.
  [[nodiscard]] std::vector<Detour> detours(const std::vector<fs::path>& paths) const;
  /// Lets the users of sandboxes, and nobody else, pass through the folder of this process.
  [[nodiscard]] Result<> open_process_folder() const;

 private:
  /// The uppermost folder above `path` that is closed to the user; "": none.
  [[nodiscard]] fs::path closed_above(const fs::path& path) const;
  [[nodiscard]] Result<> check_reachable(const fs::path& path) const;
  [[nodiscard]] bool can_pass(const fs::path& folder) const;

  bool active_ = false;
  bool mounts_ = false;  ///< this process may mount
  IdRange ids_;
  gid_t group_ = 0;
  std::uint64_t next_ = 0;
  std::mutex mutex_;
  std::map<fs::path, std::optional<TempDir>> views_;  ///< nullopt: can be read as it is
};

/// Takes the place of `user`, in a child; async-signal-safe.
[[nodiscard]] bool become(const SandboxUser& user);

/// Weakness to name where root cannot become another user.
inline constexpr const char* kNoOtherUser =
    "commands run as root's own user: this container has no other, or forbids to become one";

}  // namespace skillgrad::exec
