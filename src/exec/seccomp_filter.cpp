// SPDX-License-Identifier: MIT
#include "exec/seccomp_filter.hpp"

#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/memory_file.hpp"

namespace skillgrad::exec {

namespace {

struct Release {
  void operator()(void* context) const { ::seccomp_release(context); }
};

// Numbers that are the same on every architecture and that Debian's headers do not name yet.
constexpr int kProcessMadvise = 440;
constexpr int kMemfdSecret = 447;
constexpr int kProcessMrelease = 448;
constexpr int kFchmodat2 = 452;
/// From here on (setxattrat) nothing is known to be harmless; programs fall back to older calls.
constexpr unsigned kFirstUnknown = 463;

constexpr int kDenied[] = {
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp), kProcessMadvise, kProcessMrelease,
    SCMP_SYS(migrate_pages), SCMP_SYS(move_pages), SCMP_SYS(mount), SCMP_SYS(umount2),
    SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(move_mount), SCMP_SYS(open_tree),
    SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fspick), SCMP_SYS(fsmount),
    SCMP_SYS(mount_setattr), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(keyctl),
    SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(bpf), SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd), SCMP_SYS(fanotify_init), SCMP_SYS(open_by_handle_at),
    // Of these each user has few, and the host's programs need them.
    SCMP_SYS(inotify_init), SCMP_SYS(inotify_init1),
    // They outlive the command, and without a namespace they are everybody's.
    SCMP_SYS(shmget), SCMP_SYS(shmat), SCMP_SYS(shmctl), SCMP_SYS(semget), SCMP_SYS(semop),
    SCMP_SYS(semtimedop), SCMP_SYS(semctl), SCMP_SYS(msgget), SCMP_SYS(msgsnd), SCMP_SYS(msgrcv),
    SCMP_SYS(msgctl), SCMP_SYS(mq_open), SCMP_SYS(mq_unlink), SCMP_SYS(init_module),
    SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff),
    SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(vhangup), SCMP_SYS(syslog)};

/// Not denied but absent, so that programs take another way. clone3 and openat2 have their flags in
/// memory, out of a filter's sight; memory of memfd_create belongs to no process that could be
/// measured.
constexpr int kAbsent[] = {SCMP_SYS(clone3), SCMP_SYS(openat2), SCMP_SYS(memfd_create),
                           kMemfdSecret};

constexpr int kOwners[] = {SCMP_SYS(chown), SCMP_SYS(fchown), SCMP_SYS(lchown), SCMP_SYS(fchownat)};
constexpr int kExtended[] = {SCMP_SYS(setxattr),    SCMP_SYS(lsetxattr),    SCMP_SYS(fsetxattr),
                             SCMP_SYS(removexattr), SCMP_SYS(lremovexattr), SCMP_SYS(fremovexattr)};
constexpr int kModesAndTimes[] = {SCMP_SYS(chmod),     SCMP_SYS(fchmod),   SCMP_SYS(fchmodat),
                                  kFchmodat2,          SCMP_SYS(utime),    SCMP_SYS(utimes),
                                  SCMP_SYS(futimesat), SCMP_SYS(utimensat)};

constexpr unsigned kNewNamespace = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr unsigned kTmpFile = 020000000;  // O_TMPFILE without O_DIRECTORY
constexpr unsigned kIntegerBits = 0xffffffff;

// Input that a terminal takes for typed, and attributes of files that can be changed through a
// descriptor opened for reading.
constexpr unsigned kDeniedRequests[] = {
    TIOCSTI,    TIOCLINUX,
    0x40086602,  // FS_IOC_SETFLAGS
    0x40046602,  // FS_IOC32_SETFLAGS
    0x401c5820,  // FS_IOC_FSSETXATTR
    0x40087602,  // FS_IOC_SETVERSION
    0x40806685,  // FS_IOC_ENABLE_VERITY
    0x800c6613,  // FS_IOC_SET_ENCRYPTION_POLICY
};

class Builder {
 public:
  explicit Builder(scmp_filter_ctx context) : context_(context) {}

  void add(std::uint32_t action, int number, std::initializer_list<scmp_arg_cmp> when = {}) {
    const int result =
        ::seccomp_rule_add_array(context_, action, number, static_cast<unsigned>(when.size()),
                                 when.size() > 0 ? when.begin() : nullptr);
    good_ = good_ && result == 0;
  }
  void deny(int number, std::initializer_list<scmp_arg_cmp> when = {}) {
    add(SCMP_ACT_ERRNO(EPERM), number, when);
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  scmp_filter_ctx context_;
  bool good_ = true;
};

scmp_arg_cmp has(unsigned argument, std::uint64_t bits) {
  return {argument, SCMP_CMP_MASKED_EQ, bits, bits};
}
scmp_arg_cmp is_not(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_NE, value, 0};
}

/// A stream or a sequence of packets needs a peer that agreed; a datagram reaches whoever is named.
void limit_local_sockets(Builder& out) {
  constexpr unsigned kTypeBits = 0xf;
  for (unsigned type = 0; type <= kTypeBits; ++type) {
    if (type == SOCK_STREAM || type == SOCK_SEQPACKET) continue;
    for (const int number : {SCMP_SYS(socket), SCMP_SYS(socketpair)}) {
      out.deny(number, {scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, kTypeBits, type}});
    }
  }
}

void add_network(Builder& out, FilterRules::Network network) {
  constexpr unsigned kFamilies = 64;
  const bool own = network == FilterRules::Network::own;
  for (unsigned family = 0; family < kFamilies; ++family) {
    const bool allowed = family == AF_UNIX || (own && (family == AF_INET || family == AF_INET6));
    if (!allowed) out.deny(SCMP_SYS(socket), {scmp_arg_cmp{0, SCMP_CMP_EQ, family, 0}});
  }
  out.deny(SCMP_SYS(socket), {scmp_arg_cmp{0, SCMP_CMP_GE, kFamilies, 0}});
  if (own) return;
  limit_local_sockets(out);
  // A local socket may exist, but reaching a named one (a container or session daemon) is a way out
  // that Landlock does not guard; so is taking the name of one that programs of the host reach.
  for (const int number :
       {SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4)}) {
    out.deny(number);
  }
}

/// A program that runs as its owner, whoever starts it, would outlive the sandbox.
void add_set_id(Builder& out, FilterRules::Attributes attributes) {
  for (const unsigned bit : {unsigned{S_ISUID}, unsigned{S_ISGID}}) {
    if (attributes == FilterRules::Attributes::free) {
      out.deny(SCMP_SYS(chmod), {has(1, bit)});
      out.deny(SCMP_SYS(fchmod), {has(1, bit)});
      out.deny(SCMP_SYS(fchmodat), {has(2, bit)});
      out.deny(kFchmodat2, {has(2, bit)});
    }
    out.deny(SCMP_SYS(mknod), {has(1, bit)});
    out.deny(SCMP_SYS(mknodat), {has(2, bit)});
    out.deny(SCMP_SYS(creat), {has(1, bit)});
    for (const unsigned creating : {static_cast<unsigned>(O_CREAT), kTmpFile}) {
      out.deny(SCMP_SYS(open), {has(1, creating), has(2, bit)});
      out.deny(SCMP_SYS(openat), {has(2, creating), has(3, bit)});
    }
  }
}

/// Of the calls that take a process, only what it does to itself.
void add_other_processes(Builder& out) {
  constexpr unsigned kOneProcess = 1;  // IOPRIO_WHO_PROCESS; PRIO_PROCESS is 0
  out.deny(SCMP_SYS(prlimit64), {is_not(0, 0), is_not(2, 0)});
  for (const unsigned argument : {0U, 1U}) {
    out.deny(SCMP_SYS(setpriority), {is_not(argument, 0)});
    out.deny(SCMP_SYS(ioprio_set), {is_not(argument, argument == 0 ? kOneProcess : 0)});
  }
  for (const int number : {SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_setscheduler),
                           SCMP_SYS(sched_setparam), SCMP_SYS(sched_setattr)}) {
    out.deny(number, {is_not(0, 0)});
  }
}

/// What would hide memory or files from the supervisor that measures them.
void add_hiding(Builder& out) {
  // The buffers of sockets are in no process's memory: they keep their size, as if it were set.
  for (const unsigned option : {unsigned{SO_SNDBUF}, unsigned{SO_RCVBUF}, unsigned{SO_SNDBUFFORCE},
                                unsigned{SO_RCVBUFFORCE}}) {
    out.add(SCMP_ACT_ERRNO(0), SCMP_SYS(setsockopt),
            {scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, kIntegerBits, SOL_SOCKET},
             scmp_arg_cmp{2, SCMP_CMP_MASKED_EQ, kIntegerBits, option}});
  }
  out.deny(SCMP_SYS(prctl), {scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, kIntegerBits, PR_SET_DUMPABLE}});
}

void add_attributes(Builder& out, FilterRules::Attributes attributes) {
  add_set_id(out, attributes);
  if (attributes == FilterRules::Attributes::free) return;
  for (const int number : kOwners) out.deny(number);
  for (const int number : kExtended) out.add(SCMP_ACT_ERRNO(EOPNOTSUPP), number);
  for (const int number : kModesAndTimes) out.add(SCMP_ACT_NOTIFY, number);
}

bool add_rules(scmp_filter_ctx context, const FilterRules& rules) {
  Builder out(context);
  for (const int number : kDenied) out.deny(number);
  for (const int number : kAbsent) out.add(SCMP_ACT_ERRNO(ENOSYS), number);
  for (unsigned bit = 1; bit != 0; bit <<= 1U) {
    if ((kNewNamespace & bit) != 0) out.deny(SCMP_SYS(clone), {has(0, bit)});
  }
  // Only the lower half of the argument reaches the kernel's code, so only that is compared.
  for (const unsigned request : kDeniedRequests) {
    out.deny(SCMP_SYS(ioctl), {scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, kIntegerBits, request}});
  }
  add_network(out, rules.network);
  add_other_processes(out);
  add_hiding(out);
  add_attributes(out, rules.attributes);
  return out.good();
}

/// In front of all other rules, since libseccomp knows single numbers only.
std::array<sock_filter, 3> deny_unknown_calls() {
  constexpr auto kNumber = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
  return {{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
           BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kFirstUnknown, 0, 1),
           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)}};
}

}  // namespace

Result<std::vector<sock_filter>> make_seccomp_filter(const FilterRules& rules) {
  const std::unique_ptr<void, Release> context(::seccomp_init(SCMP_ACT_ALLOW));
  // As a tree and not as a list, which the kernel would go through once for each call there is.
  if (context) ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (!context || !add_rules(context.get(), rules)) {
    return fail(ErrorCode::sandbox, "cannot build the system call filter");
  }
  SKILLGRAD_TRY(const Descriptor file, make_memory_file("skillgrad-filter", ""));
  if (::seccomp_export_bpf(context.get(), file.get()) != 0) {
    return fail(ErrorCode::sandbox, "cannot export the system call filter");
  }
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  const auto first = deny_unknown_calls();
  std::vector<sock_filter> out(first.begin(), first.end());
  out.resize(first.size() + static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (size <= 0 ||
      ::pread(file.get(), out.data() + first.size(), static_cast<std::size_t>(size), 0) != size) {
    return fail(ErrorCode::sandbox, "cannot read the system call filter");
  }
  return out;
}

}  // namespace skillgrad::exec
