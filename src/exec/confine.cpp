// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/supervisor.hpp"

namespace skillgrad::exec {

namespace {

constexpr rlim_t kOpenFiles = 1024;
constexpr long kRestrictSelf = 446;  // landlock_restrict_self

bool limit(__rlimit_resource resource, std::uint64_t value) {
  rlimit now{};
  if (::getrlimit(resource, &now) != 0) return false;
  const rlim_t hard = std::min<rlim_t>(value, now.rlim_max);
  const rlimit wanted{hard, hard};
  return ::setrlimit(resource, &wanted) == 0;
}

/// Root without capabilities is an ordinary user who owns many files; the rules guard those.
bool drop_capabilities() {
  if (::geteuid() != 0) return true;
  const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                             SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                             SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  // A container's root may lack the capability to set these; no_new_privs and the empty sets below
  // still keep the command from gaining any.
  static_cast<void>(::prctl(PR_SET_SECUREBITS, bits, 0, 0, 0));
  for (unsigned long capability = 0; capability < 64; ++capability) {
    static_cast<void>(::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0));
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> none{};
  return ::syscall(SYS_capset, &header, none.data()) == 0;
}

}  // namespace

bool confine(const LaunchPlan& plan) {
  const ResourceLimits& limits = plan.limits;
  if (!limit(RLIMIT_CORE, 0)) return false;
  if (limits.memory_bytes > 0 && !limit(RLIMIT_AS, limits.memory_bytes)) return false;
  if (limits.file_bytes > 0 && !limit(RLIMIT_FSIZE, limits.file_bytes)) return false;
  if (limits.cpu_seconds > 0 && !limit(RLIMIT_CPU, limits.cpu_seconds)) return false;
  if (!limit(RLIMIT_NOFILE, kOpenFiles)) return false;
  if (plan.confinement == nullptr) return true;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !drop_capabilities()) return false;
  if (::syscall(kRestrictSelf, kRuleset, 0) != 0) return false;
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &plan.confinement->filter, 0, 0) == 0;
}

}  // namespace skillgrad::exec
