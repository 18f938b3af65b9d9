// SPDX-License-Identifier: MIT
#include "exec/seccomp_filter.hpp"

#include <cerrno>
#include <memory>

#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exec/memory_file.hpp"

namespace skillgrad::exec {

namespace {

struct Release {
  void operator()(void* context) const { ::seccomp_release(context); }
};

constexpr int kDenied[] = {
    // A local socket may exist, but reaching a named one (a container or session daemon) is a way
    // out that Landlock does not guard.
    SCMP_SYS(connect),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsmount),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(syslog)};

constexpr unsigned kNewNamespace = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

bool add_rules(scmp_filter_ctx context) {
  const auto deny = SCMP_ACT_ERRNO(EPERM);
  for (const int number : kDenied) {
    if (::seccomp_rule_add(context, deny, number, 0) != 0) return false;
  }
  const scmp_arg_cmp other_family{0, SCMP_CMP_NE, AF_UNIX, 0};
  if (::seccomp_rule_add_array(context, deny, SCMP_SYS(socket), 1, &other_family) != 0)
    return false;
  for (unsigned bit = 1; bit != 0; bit <<= 1U) {
    if ((kNewNamespace & bit) == 0) continue;
    const scmp_arg_cmp has_bit{0, SCMP_CMP_MASKED_EQ, bit, bit};
    if (::seccomp_rule_add_array(context, deny, SCMP_SYS(clone), 1, &has_bit) != 0) return false;
  }
  // Its flags lie in memory, out of a filter's sight; ENOSYS makes the C library use clone.
  return ::seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

}  // namespace

Result<std::vector<sock_filter>> make_seccomp_filter() {
  const std::unique_ptr<void, Release> context(::seccomp_init(SCMP_ACT_ALLOW));
  if (!context || !add_rules(context.get())) {
    return fail(ErrorCode::sandbox, "cannot build the system call filter");
  }
  SKILLGRAD_TRY(const Descriptor file, make_memory_file("skillgrad-filter", ""));
  if (::seccomp_export_bpf(context.get(), file.get()) != 0) {
    return fail(ErrorCode::sandbox, "cannot export the system call filter");
  }
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  std::vector<sock_filter> out(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (size <= 0 || ::pread(file.get(), out.data(), static_cast<std::size_t>(size), 0) != size) {
    return fail(ErrorCode::sandbox, "cannot read the system call filter");
  }
  return out;
}

}  // namespace skillgrad::exec
