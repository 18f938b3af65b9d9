// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>

#include "exec/backends.hpp"
#include "exec/memory_file.hpp"
#include "exec/process/sandbox_user.hpp"
#include "exec/process/tree_cap.hpp"
#include "exec/seccomp_filter.hpp"
#include "exec/settings_folder.hpp"

namespace skillgrad::exec {

namespace {

/// Runs inside, before the command: for ordinary users RLIMIT_NPROC counts per user namespace
/// (since Linux 5.14), so it is set there. Run by root, the command is a user who has nothing else,
/// so it is set outside. "-p" is dash's letter for it, "-u" bash's.
constexpr const char* kStart =
    "ulimit -p \"$0\" 2>/dev/null || ulimit -u \"$0\" 2>/dev/null; exec \"$@\"";

/// Processes of bubblewrap itself: the monitor outside and the first process inside.
constexpr unsigned kOwnProcesses = 2;

bool can_limit_inside() {
  if (::geteuid() == 0) return false;
  utsname name{};
  int major = 0;
  int minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 14);
}

bool is_elf(const std::string& file) {
  std::array<char, 4> magic{};
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  return fd && ::access(file.c_str(), X_OK) == 0 &&
         ::read(fd.get(), magic.data(), magic.size()) == 4 &&
         std::string_view(magic.data(), magic.size()) ==
             "\x7f"
             "ELF";
}

/// A program of the system, which is inside as it is here. Folders of PATH before it hide nothing:
/// each is the system's, too. Scripts are not among them, whose interpreter may be missing inside.
bool surely_starts(const CommandSpec& spec) {
  const auto of_system = [](const std::string& folder) {
    return folder == "/usr/bin" || folder == "/bin";
  };
  const std::string& program = spec.argv.front();
  if (const auto slash = program.rfind('/'); slash != std::string::npos)
    return of_system(program.substr(0, slash)) && is_elf(program);
  const auto path = spec.env.find("PATH");
  if (path == spec.env.end()) return false;
  for (const std::string& folder : split(path->second, ':')) {
    if (!of_system(folder)) return false;
    const std::string file = folder + "/" + program;
    if (std::error_code none; fs::exists(fs::symlink_status(file, none))) return is_elf(file);
  }
  return false;
}

class BwrapSandbox final : public Sandbox {
 public:
  BwrapSandbox(std::string program, Descriptor filter, bool locks_namespaces)
      : program_(std::move(program)),
        filter_(std::move(filter)),
        locks_namespaces_(locks_namespaces) {}

  Result<CommandResult> run(const CommandSpec& spec, std::stop_token stop) override {
    SKILLGRAD_CHECK(check_spec(spec));
    LaunchPlan plan;
    SKILLGRAD_TRY(plan.user, users_.adopt(spec.work_dir));
    plan.program = program_;
    CommandSpec changed = spec;
    changed.work_dir = fs::canonical(spec.work_dir);
    SKILLGRAD_TRY(const SettingsFolder* const settings, shared_settings());
    std::vector<fs::path> reached = {changed.work_dir, settings->folder.path()};
    for (ReadOnlyMount& mount : changed.mounts) {
      SKILLGRAD_TRY(mount.host, users_.readable(mount.host));
      reached.push_back(mount.host);
    }
    plan.own_folders = {changed.work_dir.string()};
    for (WritableFolder& folder : changed.writable) {
      folder.host = fs::canonical(folder.host);
      SKILLGRAD_CHECK(SandboxUsers::give(folder.host, plan.user));
      reached.push_back(folder.host);
      plan.own_folders.push_back(folder.host.string());
    }
    plan.detours = users_.detours(reached);
    plan.argv = arguments(changed, *settings);
    plan.env = environment_block(spec.env);
    plan.work_dir = "/";
    plan.limits = spec.limits;
    plan.extra_processes = kOwnProcesses;
    plan.report = true;
    plan.files.push_back(filter_.get());
    SKILLGRAD_TRY(Finished finished, run_plan(plan, spec.stdin_text, std::move(stop)));
    return judge(std::move(finished), spec);
  }

  [[nodiscard]] SandboxInfo info() const override {
    SandboxInfo info;
    info.backend = "bwrap";
    info.isolates_files = info.isolates_network = true;
    info.ends_process_tree = info.remaps_paths = true;
    if (!locks_namespaces_) {
      info.weaknesses.emplace_back(
          "bubblewrap is older than 0.8: commands can create namespaces of their own");
    }
    if (::geteuid() == 0 && !users_.active()) info.weaknesses.emplace_back(kNoOtherUser);
    if (!can_cap_processes() && !can_limit_inside() && !users_.active())
      info.weaknesses.emplace_back(kCountedOnly);
    return info;
  }

 private:
  /// bubblewrap reports an exit code on the status descriptor only if it started the command.
  static Result<CommandResult> judge(Finished finished, const CommandSpec& spec) {
    CommandResult& result = finished.result;
    if (finished.outcome.exec_errno != 0) {
      return fail(ErrorCode::sandbox,
                  "cannot start bubblewrap: " +
                      std::generic_category().message(finished.outcome.exec_errno),
                  spec.work_dir.string());
    }
    const bool started = finished.report.find("\"exit-code\"") != std::string::npos;
    const bool ended_by_us =
        result.timed_out || result.cancelled || finished.outcome.excess != Excess::none;
    if (!started && !ended_by_us && result.signal == 0) {
      const std::string said(trim(sanitize_utf8(result.err)));
      return fail(ErrorCode::sandbox,
                  "bubblewrap could not set up the sandbox" + (said.empty() ? "" : ": " + said),
                  spec.work_dir.string(),
                  "apt install bubblewrap, and allow user namespaces (sysctl "
                  "kernel.unprivileged_userns_clone=1; in a container, allow it to create them)");
    }
    // It hands on the death by a signal as a shell does.
    if (result.signal == 0 && result.exit_code > 128 && result.exit_code <= 128 + 64) {
      result.signal = result.exit_code - 128;
    }
    return std::move(result);
  }

  Result<const SettingsFolder*> shared_settings() {
    SKILLGRAD_CHECK(users_.open_process_folder());  // where they are
    const std::lock_guard lock(making_);
    if (!settings_) {
      SKILLGRAD_TRY(settings_, make_settings_folder());
    }
    return &*settings_;
  }

  [[nodiscard]] std::vector<std::string> arguments(const CommandSpec& spec,
                                                   const SettingsFolder& settings) const {
    std::vector<std::string> out = {program_,
                                    "--unshare-user",
                                    "--unshare-ipc",
                                    "--unshare-pid",
                                    "--unshare-net",
                                    "--unshare-uts",
                                    "--unshare-cgroup-try",
                                    "--uid",
                                    "65534",
                                    "--gid",
                                    "65534",
                                    "--hostname",
                                    "sandbox",
                                    "--cap-drop",
                                    "ALL",
                                    "--die-with-parent",
                                    "--new-session",
                                    "--json-status-fd",
                                    std::to_string(kReport),
                                    "--seccomp",
                                    std::to_string(kFirstFile)};
    const auto add = [&](std::initializer_list<std::string> words) {
      out.insert(out.end(), words.begin(), words.end());
    };
    if (locks_namespaces_) add({"--disable-userns"});
    add_system(out, settings);
    add({"--perms", "1777", "--size", std::to_string(temporary_bytes(spec.limits)), "--tmpfs",
         "/tmp"});
    for (const ReadOnlyMount& mount : spec.mounts) {
      add({"--ro-bind", fs::absolute(mount.host).string(), mount.inside});
    }
    for (const WritableFolder& folder : spec.writable) {
      add({"--bind", folder.host.string(), folder.inside});
    }
    add({"--bind", fs::absolute(spec.work_dir).string(), kWorkDir, "--remount-ro", "/", "--chdir",
         kWorkDir});
    add({"--"});
    const bool limited = spec.limits.processes > 0 && can_limit_inside() && !users_.active();
    // A program that may not be there is told by a shell as everywhere else.
    if (limited || !surely_starts(spec)) {
      add({"/bin/sh", "-c", kStart,
           limited ? std::to_string(bearable_tasks(spec.limits.processes)) : "unlimited"});
    }
    out.insert(out.end(), spec.argv.begin(), spec.argv.end());
    return out;
  }

  /// Programs and libraries of the host read-only, and of /etc only what programs need to start.
  static void add_system(std::vector<std::string>& out, const SettingsFolder& settings) {
    const auto add = [&](std::initializer_list<std::string> words) {
      out.insert(out.end(), words.begin(), words.end());
    };
    add({"--ro-bind", "/usr", "/usr"});
    std::error_code problem;
    for (const char* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
      if (fs::is_symlink(name, problem)) {
        add({"--symlink", fs::read_symlink(name, problem).string(), name});
      } else if (fs::is_directory(name, problem)) {
        add({"--ro-bind", name, name});
      }
    }
    add({"--ro-bind", settings.folder.path().string(), "/etc"});
    for (const std::string& name : settings.shown) add({"--ro-bind-try", name, name});
    // Not for the modes alone, which would let root's user change the kernel's settings.
    add({"--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev", "--perms",
         "1777", "--size", std::to_string(kSharedMemoryBytes), "--tmpfs", "/dev/shm",
         "--remount-ro", "/dev"});
  }

  std::string program_;
  Descriptor filter_;
  std::mutex making_;
  std::optional<SettingsFolder> settings_;  ///< made for the first command
  SandboxUsers users_;
  bool locks_namespaces_;
};

}  // namespace

Result<std::unique_ptr<Sandbox>> make_bwrap() {
  const auto program = find_program("bwrap");
  if (program.empty()) {
    return fail(ErrorCode::sandbox, "bubblewrap (bwrap) is not installed", "PATH",
                "apt install bubblewrap");
  }
  SKILLGRAD_TRY(const auto filter,
                make_seccomp_filter({FilterRules::Network::own, FilterRules::Attributes::free}));
  SKILLGRAD_TRY(Descriptor file,
                make_memory_file("skillgrad-filter", {reinterpret_cast<const char*>(filter.data()),
                                                      filter.size() * sizeof(sock_filter)}));
  CommandSpec help;
  help.argv = {program.string(), "--help"};
  help.work_dir = "/";
  help.limits.wall = std::chrono::seconds(10);
  help.limits.memory_bytes = 0;
  SKILLGRAD_TRY(const CommandResult said, run_process(help, {}));
  const bool locks = said.out.find("--disable-userns") != std::string::npos;
  return std::make_unique<BwrapSandbox>(program.string(), std::move(file), locks);
}

}  // namespace skillgrad::exec
