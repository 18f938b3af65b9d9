// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::exec {

struct ResourceLimits {
  std::chrono::milliseconds wall{120'000};
  /// Address space of each process, and memory in use of all of them together.
  std::uint64_t memory_bytes = std::uint64_t{4} << 30;
  bool bound_addresses = true;  ///< false: memory in use alone, for programs that reserve much more
  std::uint64_t file_bytes = std::uint64_t{256} << 20;  ///< largest file a process may write
  std::uint64_t cpu_seconds = 600;                      ///< CPU time of each process
  unsigned processes = 256;
  /// What the work folder may hold; a command that finds more there may only make it less. 0: any.
  std::uint64_t disk_bytes = std::uint64_t{2} << 30;
  std::uint64_t entries = 20'000;                   ///< files and folders in it
  std::size_t output_bytes = std::size_t{1} << 20;  ///< kept of stdout and of stderr, each
};

/// A host path made visible read-only at a path inside the sandbox.
struct ReadOnlyMount {
  std::filesystem::path host;
  std::string inside;  ///< absolute, e.g. "/skills/xlsx"
};

/// A host folder that the command may write besides its work folder; its files count against the
/// same limits. Where paths cannot be remapped it is seen at `host`.
struct WritableFolder {
  std::filesystem::path host;
  std::string inside;  ///< absolute
};

struct CommandSpec {
  std::vector<std::string> argv;           ///< program looked up in PATH of the sandbox
  std::filesystem::path work_dir;          ///< host folder, writable; appears as `kWorkDir` inside
  std::map<std::string, std::string> env;  ///< the whole environment; nothing is inherited
  std::string stdin_text;
  std::vector<ReadOnlyMount> mounts;
  std::vector<WritableFolder> writable;  ///< not by every backend: Error sandbox where it cannot
  ResourceLimits limits;
};

/// Where the work directory appears for sandboxed commands (all backends that can remap paths).
inline constexpr const char* kWorkDir = "/task";

struct CommandResult {
  int exit_code = -1;  ///< of the command, or 128 + signal
  int signal = 0;      ///< signal that ended it, 0 if none
  bool timed_out = false;
  bool cancelled = false;
  bool output_truncated = false;
  std::string out;  ///< stdout, at most limits.output_bytes (head and tail kept)
  std::string err;
  double seconds = 0;
};

struct SandboxInfo {
  std::string backend;          ///< "bwrap", "landlock" or "none"
  bool isolates_files = false;  ///< host files outside the mounts cannot be read
  bool isolates_network = false;
  bool ends_process_tree = false;       ///< also children that left the process group
  bool remaps_paths = false;            ///< work_dir appears as kWorkDir, mounts at `inside`
  std::vector<std::string> weaknesses;  ///< one sentence each; empty for the full sandbox
};

/// Runs untrusted commands. Thread-safe: many commands at once.
/// A command that fails, times out or is killed is a CommandResult; an Error (sandbox, cancelled)
/// means that the sandbox itself could not do its work.
class Sandbox {
 public:
  virtual ~Sandbox() = default;
  [[nodiscard]] virtual Result<CommandResult> run(const CommandSpec& spec,
                                                  std::stop_token stop) = 0;
  [[nodiscard]] virtual SandboxInfo info() const = 0;
  /// Where commands of a backend that cannot remap paths see `host` of a ReadOnlyMount: there, or
  /// in a copy where it is closed to the user they run as. Errors: sandbox.
  [[nodiscard]] virtual Result<std::filesystem::path> shown_at(const std::filesystem::path& host) {
    return host;
  }
};

enum class SandboxMode {
  automatic,  ///< best backend that works here: bwrap, then Landlock + seccomp
  require,    ///< full isolation or an error
  off         ///< plain process with limits; named loudly
};

/// Probes by really running a command. Errors: sandbox, with the program to install.
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_sandbox(SandboxMode mode);
/// A given backend ("bwrap", "landlock", "none"), for doctor and tests.
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_sandbox_backend(const std::string& backend);

/// PATH, HOME, LANG=C.UTF-8, TZ=UTC, PYTHONHASHSEED=0, ...: constant bytes, no secret.
[[nodiscard]] std::map<std::string, std::string> scrubbed_environment();

}  // namespace skillgrad::exec

namespace skillgrad {

template <>
struct EnumText<exec::SandboxMode> {
  using enum exec::SandboxMode;
  static constexpr EnumName<exec::SandboxMode> kTable[] = {
      {automatic, "auto"}, {require, "require"}, {off, "off"}};
};

}  // namespace skillgrad
