// SPDX-License-Identifier: MIT
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/files.hpp>

#include "exec/backends.hpp"
#include "exec/process/sandbox_user.hpp"
#include "exec/process/tree_cap.hpp"
#include "exec/seccomp_filter.hpp"

namespace skillgrad::exec {

namespace {

// The kernel's interface, written down here because Debian's headers are older than some kernels
// this runs on; unknown fields must be zero, hence the cut by ABI version below.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr unsigned kQueryVersion = 1;
constexpr int kPathBeneath = 1;

struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};
struct __attribute__((packed)) PathRule {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};

constexpr std::uint64_t kExecute = 1U << 0U;
constexpr std::uint64_t kWriteFile = 1U << 1U;
constexpr std::uint64_t kReadFile = 1U << 2U;
constexpr std::uint64_t kReadDir = 1U << 3U;
constexpr std::uint64_t kRefer = 1U << 13U;     // ABI 2
constexpr std::uint64_t kTruncate = 1U << 14U;  // ABI 3
constexpr std::uint64_t kIoctlDev = 1U << 15U;  // ABI 5
constexpr std::uint64_t kAbi1 = (1U << 13U) - 1;
constexpr std::uint64_t kReadOnly = kExecute | kReadFile | kReadDir;
constexpr std::uint64_t kForFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDev;

int landlock_version() {
  return static_cast<int>(::syscall(kCreateRuleset, nullptr, 0, kQueryVersion));
}

class Rules {
 public:
  explicit Rules(int version) {
    handled_ = kAbi1 | (version >= 2 ? kRefer : 0) | (version >= 3 ? kTruncate : 0) |
               (version >= 5 ? kIoctlDev : 0);
    // TCP bind and connect since ABI 4; abstract sockets and signals to outsiders since ABI 6.
    const RulesetAttributes attributes{handled_, version >= 4 ? 3U : 0U, version >= 6 ? 3U : 0U};
    ruleset_ =
        Descriptor(static_cast<int>(::syscall(kCreateRuleset, &attributes, sizeof attributes, 0)));
    if (!ruleset_) problem_ = errno;
  }
  void allow(const std::string& path, std::uint64_t access) {
    const Descriptor fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!fd) return;  // not on this machine: nothing to allow
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return;
    if (!S_ISDIR(info.st_mode)) access &= kForFiles;
    const PathRule rule{access & handled_, fd.get()};
    if (::syscall(kAddRule, ruleset_.get(), kPathBeneath, &rule, 0) != 0 && problem_ == 0) {
      problem_ = errno;
    }
  }
  void allow_all(const std::string& path) { allow(path, handled_ & ~kIoctlDev); }
  [[nodiscard]] int problem() const { return problem_; }
  [[nodiscard]] int fd() const { return ruleset_.get(); }

 private:
  std::uint64_t handled_ = 0;
  Descriptor ruleset_;
  int problem_ = 0;
};

class LandlockSandbox final : public Sandbox {
 public:
  explicit LandlockSandbox(int version) : version_(version) {}

  /// Builds the filter. Errors: sandbox.
  Result<> prepare() {
    FilterRules rules;
    // Another user can change nothing but its own files in the first place.
    if (users_.active()) rules.attributes = FilterRules::Attributes::free;
    SKILLGRAD_TRY(filter_, make_seccomp_filter(rules));
    return {};
  }

  Result<CommandResult> run(const CommandSpec& spec, std::stop_token stop) override {
    SKILLGRAD_CHECK(check_spec(spec));
    if (!spec.writable.empty()) {
      return fail(ErrorCode::sandbox, "the sandbox \"landlock\" has no further folders to write",
                  spec.writable.front().host.string(), "apt install bubblewrap");
    }
    SKILLGRAD_TRY(const TempDir temporary, TempDir::create("skillgrad-tmp-"));
    LaunchPlan plan;
    SKILLGRAD_TRY(plan.user, users_.adopt(spec.work_dir));
    SKILLGRAD_CHECK(SandboxUsers::give(temporary.path(), plan.user));
    CommandSpec changed = spec;
    std::vector<fs::path> reached = {spec.work_dir, temporary.path()};
    for (ReadOnlyMount& mount : changed.mounts) {
      SKILLGRAD_TRY(mount.host, users_.readable(mount.host));
      reached.push_back(mount.host);
    }
    plan.detours = users_.detours(reached);
    const Rules rules = rules_for(changed, temporary.path().string());
    if (rules.problem() != 0) {
      return fail(ErrorCode::sandbox,
                  "cannot set up Landlock: " + std::generic_category().message(rules.problem()),
                  spec.work_dir.string(), "apt install bubblewrap");
    }
    Confinement confinement;
    confinement.ruleset = rules.fd();
    confinement.filter = {static_cast<unsigned short>(filter_.size()),
                          const_cast<sock_filter*>(filter_.data())};
    confinement.asks = !users_.active();
    plan.confinement = &confinement;
    plan.work_dir = fs::canonical(spec.work_dir).string();
    for (const fs::path& folder : {spec.work_dir, temporary.path()}) {
      plan.own_folders.push_back(fs::canonical(folder).string());
    }
    redirect_temporary_folder(changed.env, temporary.path().string());
    return run_direct(std::move(plan), changed, std::move(stop));
  }

  [[nodiscard]] Result<fs::path> shown_at(const fs::path& host) override {
    return users_.readable(host);
  }

  [[nodiscard]] SandboxInfo info() const override {
    SandboxInfo info;
    info.backend = "landlock";
    info.isolates_files = info.isolates_network = true;
    info.ends_process_tree = true;
    info.weaknesses = {"paths inside are those of the host",
                       "names and attributes of files can be seen, though not their content",
                       "other processes can be listed, with their command lines",
                       "shared memory (/dev/shm, Python's multiprocessing) does not work"};
    if (::geteuid() == 0 && !users_.active()) info.weaknesses.emplace_back(kNoOtherUser);
    if (version_ < 6 && !users_.active()) {
      info.weaknesses.emplace_back(
          "processes of this user can be sent signals (Linux before 6.12)");
    }
    if (version_ < 3 && !users_.active()) {
      info.weaknesses.emplace_back(
          "files of this user can be cut to length zero (Linux before 6.2)");
    }
    if (!can_cap_processes() && !users_.active()) info.weaknesses.emplace_back(kCountedOnly);
    if (!can_cap_memory()) info.weaknesses.emplace_back(kMeasuredOnly);
    return info;
  }

 private:
  [[nodiscard]] Rules rules_for(const CommandSpec& spec, const std::string& temporary) const {
    Rules rules(version_);
    for (const char* path : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
      rules.allow(path, kReadOnly);
    }
    for (const std::string& path : readable_settings()) rules.allow(path, kReadFile | kReadDir);
    for (const char* path :
         {"/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts", "/proc"}) {
      rules.allow(path, kReadFile | kReadDir);
    }
    for (const char* path :
         {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
      rules.allow(path, kReadFile | kWriteFile | kTruncate);
    }
    for (const ReadOnlyMount& mount : spec.mounts) {
      rules.allow(fs::absolute(mount.host).string(), kReadOnly);
    }
    rules.allow_all(fs::absolute(spec.work_dir).string());
    rules.allow_all(temporary);
    return rules;
  }

  int version_;
  std::vector<sock_filter> filter_;
  SandboxUsers users_;
};

}  // namespace

Result<std::unique_ptr<Sandbox>> make_landlock() {
  const int version = landlock_version();
  if (version < 1) {
    return fail(ErrorCode::sandbox, "this kernel has no Landlock", "", "apt install bubblewrap");
  }
  auto sandbox = std::make_unique<LandlockSandbox>(version);
  SKILLGRAD_CHECK(sandbox->prepare());
  return sandbox;
}

}  // namespace skillgrad::exec
