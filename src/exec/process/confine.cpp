// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/process/supervisor.hpp"
#include "exec/process/tree_cap.hpp"

namespace skillgrad::exec {

namespace {

constexpr rlim_t kOpenFiles = 1024;
constexpr long kRestrictSelf = 446;   // landlock_restrict_self
constexpr unsigned kNewListener = 8;  // SECCOMP_FILTER_FLAG_NEW_LISTENER

bool limit(__rlimit_resource resource, std::uint64_t value) {
  rlimit now{};
  if (::getrlimit(resource, &now) != 0) return false;
  const rlim_t hard = std::min<rlim_t>(value, now.rlim_max);
  const rlimit wanted{hard, hard};
  return ::setrlimit(resource, &wanted) == 0;
}

/// No program of root's gives root's capabilities any more.
void lock_root() {
  const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                             SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                             SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  // A container's root may lack the capability to set these; no_new_privs and the empty sets below
  // still keep the command from gaining any.
  static_cast<void>(::prctl(PR_SET_SECUREBITS, bits, 0, 0, 0));
}

/// Root that can become nobody else is, without capabilities, an ordinary user who owns many files;
/// the rules guard those.
bool drop_capabilities(const SandboxUser& user) {
  if (::geteuid() != 0) return true;
  if (!user.active) lock_root();
  for (unsigned long capability = 0; capability < 64; ++capability) {
    static_cast<void>(::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0));
  }
  if (!become(user)) return false;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> none{};
  return ::syscall(SYS_capset, &header, none.data()) == 0;
}

/// Sends a descriptor through a local socket.
bool send_descriptor(int socket, int fd) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

bool filter_calls(const Confinement& confinement, int to_supervisor) {
  if (!confinement.asks) {
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &confinement.filter, 0, 0) == 0;
  }
  const long listener =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kNewListener, &confinement.filter);
  if (listener < 0) return false;
  const bool sent = send_descriptor(to_supervisor, static_cast<int>(listener));
  ::close(static_cast<int>(listener));
  return sent;
}

}  // namespace

bool confine(const LaunchPlan& plan, int to_supervisor) {
  const ResourceLimits& limits = plan.limits;
  if (!limit(RLIMIT_CORE, 0)) return false;
  if (limits.memory_bytes > 0 && limits.bound_addresses && !limit(RLIMIT_AS, limits.memory_bytes))
    return false;
  if (limits.file_bytes > 0 && !limit(RLIMIT_FSIZE, limits.file_bytes)) return false;
  if (limits.cpu_seconds > 0 && !limit(RLIMIT_CPU, limits.cpu_seconds)) return false;
  if (!limit(RLIMIT_NOFILE, kOpenFiles)) return false;
  // Of a user who is nobody else, all processes are this command's.
  const unsigned tasks = limits.processes > 0 ? bearable_tasks(limits.processes) : 0;
  if (plan.user.active && tasks > 0 && !limit(RLIMIT_NPROC, tasks)) return false;
  if (!open_detours(plan.detours)) return false;
  if (plan.confinement == nullptr) return become(plan.user);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (!drop_capabilities(plan.user)) return false;
  if (::syscall(kRestrictSelf, kRuleset, 0) != 0) return false;
  return filter_calls(*plan.confinement, to_supervisor);
}

}  // namespace skillgrad::exec
