// SPDX-License-Identifier: MIT
// Ways out of the sandbox that once were open, tried in each isolating backend by root and by an
// ordinary user.
#include <tuple>

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/sandbox.hpp>

#include "unit/exec/as_user.hpp"

namespace skillgrad::exec {
namespace {

using namespace std::chrono_literals;

struct Who {
  const char* backend;
  bool root;
};

/// Python for what a shell cannot call: `call(number, ...)` gives the name of the error, or "done".
constexpr const char* kCalls = R"(
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    return 'done' if result >= 0 else errno.errorcode[ctypes.get_errno()]
)";

class Escape : public testing::TestWithParam<Who> {
 protected:
  void SetUp() override {
    const bool root = ::geteuid() == 0;
    if (GetParam().root && !root) GTEST_SKIP() << "only root can try what root can do";
    if (!fs::exists("/usr/bin/python3")) GTEST_SKIP() << "python3 is absent";
    const std::string works = as([&] { return open_error(); });
    if (!works.empty()) GTEST_SKIP() << GetParam().backend << " does not work here: " << works;
  }

  /// In this process, or in a child that is an ordinary user.
  static std::string as(const std::function<std::string()>& body) {
    return GetParam().root || ::geteuid() != 0 ? body() : as_ordinary_user(body);
  }
  static std::string open_error() {
    const auto made = make_sandbox_backend(GetParam().backend);
    return made ? "" : made.error().to_line();
  }

  using Change = std::function<void(CommandSpec&)>;

  /// Output and error output of a script in a new work folder; `after` may look at what it left.
  static std::string run(const std::string& script, const Change& change = {},
                         const std::function<std::string(const fs::path&)>& after = {}) {
    return as([&]() -> std::string {
      const auto sandbox = make_sandbox_backend(GetParam().backend);
      const auto work = TempDir::create("sg-escape-").value();
      CommandSpec spec;
      spec.argv = {"/bin/bash", "-c", script};
      spec.work_dir = work.path();
      spec.env = scrubbed_environment();
      spec.limits.wall = 30s;
      if (change) change(spec);
      const auto result = (*sandbox)->run(spec, {});
      if (!result) return "ERROR " + result.error().to_text();
      return after ? after(work.path()) : result->out + result->err;
    });
  }
  static std::string python(const std::string& code) {
    return run("/usr/bin/python3 - 2>&1 <<'EOF'\n" + std::string(kCalls) + code + "\nEOF\n");
  }

  /// A file of the user who runs the sandbox, out of the command's reach.
  struct Victim {
    TempDir dir = TempDir::create("sg-victim-").value();
    fs::path file = dir.path() / "key";
    Victim() {
      static_cast<void>(write_file_atomic(file, "secret", 0600));
      ::chmod(dir.path().c_str(), 0755);
    }
    [[nodiscard]] std::string facts() const {
      struct stat info {};
      ::lstat(file.c_str(), &info);
      return std::to_string(info.st_mode) + " " + std::to_string(info.st_uid) + " " +
             std::to_string(info.st_mtim.tv_sec) + " " + std::to_string(info.st_size);
    }
  };
};

TEST_P(Escape, TheCommandIsNobodyOnTheHost) {
  const std::string owner = run("touch made", {}, [](const fs::path& work) {
    struct stat info {};
    return ::stat((work / "made").c_str(), &info) == 0 ? std::to_string(info.st_uid) : "missing";
  });
  ASSERT_NE(owner, "missing");
  if (GetParam().root) {
    EXPECT_NE(owner, "0");
    EXPECT_NE(owner, "65534") << "nobody is somebody: the file system may reserve blocks for it";
    EXPECT_EQ(::getpwuid(static_cast<uid_t>(std::stoul(owner))), nullptr);
  }
}

TEST_P(Escape, NoNameOfAHostServiceIsTaken) {
  if (std::string_view(GetParam().backend) == "bwrap") GTEST_SKIP() << "it has names of its own";
  EXPECT_EQ(python(R"(
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
for act in (lambda: s.bind('\0skillgrad-squat'), lambda: s.bind('here'), lambda: s.listen(1)):
    try:
        act()
        print('done')
    except OSError as e:
        print(errno.errorcode[e.errno])
a, b = socket.socketpair()
a.send(b'pairs work')
print(b.recv(99).decode())
)"),
            "EPERM\nEPERM\nEPERM\npairs work\n");
}

TEST_P(Escape, NothingHidesFromTheMeasuringOrUsesUpWhatAUserHasFewOf) {
  EXPECT_EQ(python(R"(
a, b = socket.socketpair()
for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
    before = a.getsockopt(socket.SOL_SOCKET, option)
    a.setsockopt(socket.SOL_SOCKET, option, 1 << 28)
    print(a.getsockopt(socket.SOL_SOCKET, option) == before)
print('EPERM' if libc.prctl(4, 0, 0, 0, 0) < 0 and ctypes.get_errno() == errno.EPERM else 'done')
print('EPERM' if libc.inotify_init() < 0 and ctypes.get_errno() == errno.EPERM else 'done')
)"),
            "True\nTrue\nEPERM\nEPERM\n");
}

TEST_P(Escape, TwoTasksAreTwoUsers) {
  if (!GetParam().root) GTEST_SKIP() << "an ordinary user has one number only";
  const auto owner = [](const fs::path& work) {
    struct stat info {};
    return ::stat(work.c_str(), &info) == 0 ? std::to_string(info.st_uid) : "missing";
  };
  EXPECT_NE(run("true", {}, owner), run("true", {}, owner));
}

TEST_P(Escape, SettingsOfTheKernelCannotBeWritten) {
  const std::string before = read_file("/proc/sys/fs/lease-break-time").value();
  const std::string said = run(
      "for f in fs/lease-break-time kernel/core_pattern kernel/modprobe vm/overcommit_memory; do "
      "cat /proc/sys/$f 2>/dev/null > /tmp/v || cat /proc/sys/$f > \"$TMPDIR/v\"; "
      "(cat \"$TMPDIR/v\" > /proc/sys/$f) 2>/dev/null && echo WROTE $f; done; "
      "find /proc/sys -type f -writable 2>/dev/null | head -3; echo b > /proc/sysrq-trigger; true");
  EXPECT_EQ(said.find("WROTE"), std::string::npos) << said;
  EXPECT_EQ(said.find("/proc/sys/fs/lease-break-time\n"), std::string::npos) << said;
  EXPECT_EQ(read_file("/proc/sys/fs/lease-break-time").value(), before);
}

TEST_P(Escape, NoProgramBecomesItsOwner) {
  constexpr const char* kScript =
      "cp /bin/true a; chmod 4755 a; chmod 755 .; cp a b; chmod u+s b; chmod g+s b; "
      "install -m 4755 a c; mkdir -m 2755 d; "
      "python3 -c 'import os\n"
      "for i, f in enumerate((os.O_CREAT, os.O_CREAT | os.O_EXCL)):\n"
      "  try: os.open(f\"e{i}\", f | os.O_WRONLY, 0o6755)\n"
      "  except OSError: pass\n"
      "try: os.mknod(\"f\", 0o104755)\n"
      "except OSError: pass\n"
      "try: os.fchmod(os.open(\"a\", os.O_RDONLY), 0o4755)\n"
      "except OSError: pass\n'";
  const std::string found = run(kScript, {}, [](const fs::path& work) {
    std::string out;
    for (const auto& entry : fs::recursive_directory_iterator(work)) {
      struct stat info {};
      ::lstat(entry.path().c_str(), &info);
      if ((info.st_mode & (S_ISUID | S_ISGID)) != 0) out += entry.path().filename().string() + " ";
    }
    return out + (fs::exists(work / "a") ? "ran" : "did not run");
  });
  EXPECT_EQ(found, "ran");
}

TEST_P(Escape, OtherUsersCannotEnterTheWorkFolder) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be another user";
  std::string seen;
  const std::string kept = run("echo x > open; chmod 777 . open", {}, [&](const fs::path& work) {
    if (GetParam().root) {
      return as_ordinary_user([&] { return read_file(work / "open") ? "entered" : "kept out"; },
                              kOrdinaryUser + 1);
    }
    struct stat info {};
    for (fs::path at = work.parent_path(); at.has_relative_path(); at = at.parent_path()) {
      if (::stat(at.c_str(), &info) == 0 && info.st_uid == kOrdinaryUser &&
          (info.st_mode & 077) == 0) {
        return std::string("kept out");
      }
    }
    return std::string("open to all");
  });
  EXPECT_EQ(kept, "kept out");
}

TEST_P(Escape, AttributesOfOtherFilesStay) {
  const std::string said = as([]() -> std::string {
    const Victim victim;
    const std::string before = victim.facts();
    const auto sandbox = make_sandbox_backend(GetParam().backend).value();
    const auto work = TempDir::create("sg-escape-").value();
    fs::create_symlink(victim.file, work.path() / "link");
    CommandSpec spec;
    const std::string path = victim.file.string();
    spec.argv = {"/bin/bash", "-c",
                 "f=" + path +
                     "; chmod 777 $f; chmod 777 link; touch -d 2001-01-01 $f; "
                     "touch -h -d 2001-01-01 link; touch -d 2001-01-01 link; chmod 777 .. ../.; "
                     "chown $(id -u):$(id -g) $f; setfattr -n user.x -v y $f; "
                     "cd ..; chmod 777 $f; chmod 777 " +
                     victim.dir.path().string() +
                     "; python3 -c 'import os\n"
                     "fd = os.open(\"" +
                     path +
                     "\", os.O_PATH)\n"
                     "for act in (lambda: os.chmod(f\"/proc/self/fd/{fd}\", 0o777), "
                     "lambda: os.utime(\"" +
                     path + "\", (1, 1)), lambda: os.setxattr(\"" + path +
                     "\", \"user.x\", b\"y\")):\n"
                     "  try: act(); print(\"CHANGED\")\n"
                     "  except OSError: pass\n'; true"};
    spec.work_dir = work.path();
    spec.env = scrubbed_environment();
    const auto result = sandbox->run(spec, {});
    if (!result) return "ERROR " + result.error().to_text();
    struct stat above {};
    ::stat(work.path().parent_path().c_str(), &above);
    return (victim.facts() == before ? "same" : "changed: " + victim.facts()) +
           ((above.st_mode & 0006) == 0 ? "" : " folder above opened") +
           (result->out.find("CHANGED") == std::string::npos ? "" : " " + result->out);
  });
  EXPECT_EQ(said, "same");
}

TEST_P(Escape, ModesAndTimesOfOwnFilesCanBeChanged) {
  EXPECT_EQ(
      run("printf '#!/bin/sh\\necho runs\\n' > s; chmod +x s && ./s; mkdir -p d/e; "
          "touch d/e/f; (cd d && chmod 700 e && chmod -R a+r .) && stat -c %a d/e; "
          "touch -d 2001-02-03 d/e/f && stat -c %y d/e/f | cut -c-10; "
          "ln -s s l; chmod 755 l && stat -c %a s; cp -p d/e/f g && stat -c %y g | cut -c-10; "
          "touch -h -d 2002-01-01 l && stat -c %y l | cut -c-10; "
          "python3 -c 'import os\n"
          "os.utime(\"g\", (5, 6)); print(int(os.stat(\"g\").st_mtime))\n"
          "fd = os.open(\"g\", os.O_RDWR); os.fchmod(fd, 0o600); os.utime(fd, (7, 8))\n"
          "print(oct(os.stat(\"g\").st_mode), int(os.stat(\"g\").st_mtime))\n"
          "try: os.chmod(\"missing\", 0o600)\n"
          "except FileNotFoundError: print(\"no such file\")\n'; "
          "cd \"$TMPDIR\" && echo > t && chmod 600 t && stat -c %a t"),
      "runs\n744\n2001-02-03\n755\n2001-02-03\n2002-01-01\n6\n0o100600 8\nno such file\n600\n");
}

TEST_P(Escape, LimitsOfOtherProcessesStay) {
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const int nice = ::getpriority(PRIO_PROCESS, 0);
  const std::string said = as([]() -> std::string {
    const std::string pid = std::to_string(::getpid());
    const auto sandbox = make_sandbox_backend(GetParam().backend).value();
    const auto work = TempDir::create("sg-escape-").value();
    CommandSpec spec;
    // The owner itself, and its supervisor, who is the parent.
    spec.argv = {
        "/bin/bash", "-c",
        "for p in " + pid +
            " $PPID; do prlimit --pid $p --fsize=4096:4096 && echo LIMIT; "
            "renice -n 19 -p $p && echo NICE; taskset -p 1 $p > /dev/null && echo PROCESSOR; "
            "chrt -b -p 0 $p && echo CLASS; ionice -c 3 -p $p && echo DISK; done 2>/dev/null; "
            "renice -n 19 -u $(id -u) > /dev/null 2>&1 && echo USER; ulimit -f 100 && echo own"};
    spec.work_dir = work.path();
    spec.env = scrubbed_environment();
    const auto result = sandbox->run(spec, {});
    if (!result) return "ERROR " + result.error().to_text();
    rlimit now{};
    ::getrlimit(RLIMIT_FSIZE, &now);
    return result->out + (now.rlim_cur == RLIM_INFINITY || now.rlim_cur > 4096 ? "" : "lowered") +
           std::to_string(::getpriority(PRIO_PROCESS, 0));
  });
  EXPECT_EQ(said, "own\n" + std::to_string(nice));
}

TEST_P(Escape, SharedMemoryOfOthersIsOutOfReach) {
  const std::string said = as([]() -> std::string {
    const int id = ::shmget(IPC_PRIVATE, 4096, 0600);
    if (id < 0) return "cannot try";
    auto* const memory = static_cast<char*>(::shmat(id, nullptr, 0));
    memory[0] = 'k';
    const auto sandbox = make_sandbox_backend(GetParam().backend).value();
    const auto work = TempDir::create("sg-escape-").value();
    CommandSpec spec;
    spec.argv = {
        "/usr/bin/python3", "-c",
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.shmat.restype = ctypes.c_void_p\n"
        "at = libc.shmat(" +
            std::to_string(id) +
            ", None, 0)\n"
            "if at not in (None, ctypes.c_void_p(-1).value): ctypes.memset(at, 88, 1); "
            "print('ATTACHED')\n"
            "for name, key in (('shmget', 1), ('semget', 1), ('msgget', 1)):\n"
            "  f = getattr(libc, name)\n"
            "  print(f(4711, 4096, 0o1600) if name != 'msgget' else f(4711, 0o1600))\n"
            "print(ctypes.CDLL('librt.so.1').mq_open(b'/sg-queue', 0o102, 0o600, None))\n"};
    spec.work_dir = work.path();
    spec.env = scrubbed_environment();
    const auto result = sandbox->run(spec, {});
    const std::string kept = memory[0] == 'k' ? "kept " : "overwritten ";
    ::shmdt(memory);
    ::shmctl(id, IPC_RMID, nullptr);
    return kept + (result ? result->out + result->err : result.error().to_text());
  });
  EXPECT_EQ(said, "kept -1\n-1\n-1\n-1\n");
}

TEST_P(Escape, DatagramsReachNoSocketOfTheHost) {
  const std::string said = as([]() -> std::string {
    const auto place = TempDir::create("sg-socket-").value();
    ::chmod(place.path().c_str(), 0755);
    const std::string path = (place.path() / "log").string();
    const Descriptor server(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      return "cannot try";
    ::chmod(path.c_str(), 0666);
    const auto sandbox = make_sandbox_backend(GetParam().backend).value();
    const auto work = TempDir::create("sg-escape-").value();
    CommandSpec spec;
    spec.argv = {"/usr/bin/python3", "-c",
                 "import socket\n"
                 "for make in (lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), "
                 "lambda: socket.socket(socket.AF_UNIX, socket.SOCK_RAW), "
                 "lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0], "
                 "lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)[0], "
                 "lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)[0]):\n"
                 "  try: make().sendto(b'out', '" +
                     path +
                     "')\n"
                     "  except OSError: pass\n"
                     // With a descriptor that the receiver could use.
                     "  try: make().sendmsg([b'out'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, "
                     "(1).to_bytes(4, 'little'))], 0, '" +
                     path +
                     "')\n"
                     "  except OSError: pass\n"
                     "a, b = socket.socketpair(); a.send(b'pair'); print(b.recv(9).decode())\n"};
    spec.work_dir = work.path();
    spec.env = scrubbed_environment();
    const auto result = sandbox->run(spec, {});
    char buffer[16];
    const bool arrived = ::recv(server.get(), buffer, sizeof buffer, 0) > 0;
    return (arrived ? "ARRIVED " : "") + (result ? result->out + result->err : "ERROR");
  });
  EXPECT_EQ(said, "pair\n");
}

TEST_P(Escape, DoubtfulKernelInterfacesAreClosed) {
#ifndef __x86_64__
  GTEST_SKIP() << "the numbers are those of x86-64";
#endif
  const std::string said = python(R"(
b = ctypes.create_string_buffer(4096)
for name, number, arguments in (
    ('keyctl', 250, (0, -3, 0)), ('add_key', 248, (b'user', b'sg', b'x', 1, -3)),
    ('request_key', 249, (b'user', b'sg', None, 0)), ('io_uring_setup', 425, (4, b)),
    ('userfaultfd', 323, (1,)), ('bpf', 321, (0, b, 48)), ('perf_event_open', 298, (b, 0, -1, -1, 0)),
    ('ptrace', 101, (16, 1, 0, 0)), ('unshare', 272, (0x10000000,)), ('setns', 308, (0, 0)),
    ('mount', 165, (b'none', b'.', b'tmpfs', 0, None)), ('pidfd_getfd', 438, (0, 0, 0)),
    ('process_madvise', 440, (0, b, 1, 4, 0)), ('fanotify_init', 300, (0, 0)),
    ('clone', 56, (0x10000011, 0, 0, 0, 0)), ('memfd_create', 319, (b'x', 0)),
    ('openat2', 437, (-100, b'.', b, 24)), ('clone3', 435, (b, 88)), ('setxattrat', 463, (0, b, 0, b, b, 0)),
    ('unknown', 470, (0, 0)), ('TIOCSTI', 16, (0, 0x5412, b)),
    ('TIOCSTI with upper bits', 16, (0, 0x100005412, b)), ('FS_IOC_SETFLAGS', 16, (0, 0x40086602, b)),
    ('vsock', 41, (40, 1, 0)), ('vsock with upper bits', 41, (0x100000028, 1, 0)),
    ('netlink', 41, (16, 3, 0)), ('packet', 41, (17, 3, 0)), ('bluetooth', 41, (31, 1, 0))):
  print(name, call(number, *arguments))
)");
  EXPECT_EQ(said,
            "keyctl EPERM\nadd_key EPERM\nrequest_key EPERM\nio_uring_setup EPERM\n"
            "userfaultfd EPERM\nbpf EPERM\nperf_event_open EPERM\nptrace EPERM\nunshare EPERM\n"
            "setns EPERM\nmount EPERM\npidfd_getfd EPERM\nprocess_madvise EPERM\n"
            "fanotify_init EPERM\nclone EPERM\nmemfd_create ENOSYS\nopenat2 ENOSYS\nclone3 ENOSYS\n"
            "setxattrat ENOSYS\nunknown ENOSYS\nTIOCSTI EPERM\nTIOCSTI with upper bits EPERM\n"
            "FS_IOC_SETFLAGS EPERM\nvsock EPERM\nvsock with upper bits EPERM\nnetlink EPERM\n"
            "packet EPERM\nbluetooth EPERM\n");
}

TEST_P(Escape, MemoryOfAllProcessesTogetherIsLimited) {
  const std::string said =
      run("for i in 1 2 3 4 5; do /usr/bin/python3 -c 'x = bytearray(300_000_000)\n"
          "for i in range(0, len(x), 4096): x[i] = 1\n"
          "import time; time.sleep(20); print(\"held\")' & done; wait",
          [](CommandSpec& spec) { spec.limits.memory_bytes = std::uint64_t{512} << 20; });
  EXPECT_EQ(said.find("held"), std::string::npos) << said;
  EXPECT_NE(said.find("more than 512 MiB of memory"), std::string::npos) << said;
}

TEST_P(Escape, MemoryThatProcessesShareCountsOnce) {
  const std::string said =
      run("/usr/bin/python3 -c 'import os\n"
          "x = bytearray(200_000_000)\n"
          "for i in range(0, len(x), 4096): x[i] = 1\n"
          "children = [os.fork() for _ in range(3)]\n"
          "import time; time.sleep(0.3)\n"
          "if 0 not in children: [os.wait() for _ in children]; print(\"held\")' 2>&1 | tail -1",
          [](CommandSpec& spec) { spec.limits.memory_bytes = std::uint64_t{512} << 20; });
  EXPECT_EQ(said, "held\n");
}

struct Filling {
  const char* what;
  const char* script;
};

TEST_P(Escape, TheWorkFolderCannotFillTheDisk) {
  constexpr Filling kFillings[] = {
      {"bytes", "for i in $(seq 1000); do head -c 1000000 /dev/zero > f$i; done; echo end"},
      {"a folder closed to its owner",
       "mkdir c; cd c; chmod 300 .; for i in $(seq 1000); do head -c 1000000 /dev/zero > f$i; "
       "done; "
       "echo end"},
      {"nameless files",
       "for i in $(seq 1000); do exec {fd}> f; rm f; head -c 1000000 /dev/zero >&$fd; done; "
       "sleep 0.3; echo end"},
      {"entries", "seq 3000 | xargs touch; echo end"},
      {"folders", "for i in $(seq 30); do mkdir -p d/$i/{1..100}; done; echo end"},
      {"depth", "for i in $(seq 3000); do mkdir d && cd d; done; sleep 0.3; echo end"}};
  for (const Filling& filling : kFillings) {
    SCOPED_TRACE(filling.what);
    const std::string said = run(filling.script, [](CommandSpec& spec) {
      spec.limits.disk_bytes = 10'000'000;
      spec.limits.entries = 1000;
    });
    EXPECT_NE(said.find("skillgrad: ended, the work directory may hold 9 MiB"), std::string::npos)
        << said;
  }
}

TEST_P(Escape, WhatIsTooMuchCanBeCleared) {
  const std::string said = as([]() -> std::string {
    const auto sandbox = make_sandbox_backend(GetParam().backend).value();
    const auto work = TempDir::create("sg-escape-").value();
    CommandSpec spec;
    spec.work_dir = work.path();
    spec.env = scrubbed_environment();
    spec.limits.entries = 100;
    std::string out;
    for (const char* script : {"seq 300 | xargs touch; sleep 20", "touch one more; sleep 1",
                               "rm -f *; echo cleared", "touch one && echo fine"}) {
      spec.argv = {"/bin/bash", "-c", script};
      const auto result = sandbox->run(spec, {});
      if (!result) return "ERROR " + result.error().to_text();
      out += result->out + (result->err.find("may hold") != std::string::npos ? "refused\n" : "");
    }
    return out;
  });
  EXPECT_EQ(said, "refused\nrefused\ncleared\nfine\n");
}

TEST_P(Escape, AFolderClosedToItselfIsUsableForTheNextCommand) {
  const std::string said = as([]() -> std::string {
    const auto sandbox = make_sandbox_backend(GetParam().backend).value();
    const auto work = TempDir::create("sg-escape-").value();
    CommandSpec spec;
    spec.work_dir = work.path();
    spec.env = scrubbed_environment();
    std::string out;
    for (const char* script : {"chmod 000 .; echo closed", "echo x > f && cat f"}) {
      spec.argv = {"/bin/bash", "-c", script};
      const auto result = sandbox->run(spec, {});
      out += result ? result->out + result->err : "ERROR " + result.error().to_text();
    }
    return out;
  });
  EXPECT_EQ(said, "closed\nx\n");
}

TEST_P(Escape, FilesThatOthersCannotReadAreShownAllTheSame) {
  const std::string said = as([]() -> std::string {
    const auto skill = TempDir::create("sg-skill-").value();
    if (!write_file_atomic(skill.path() / "s" / "SKILL.md", "text", 0600)) return "cannot write";
    ::chmod((skill.path() / "s").c_str(), 0700);
    fs::create_symlink("SKILL.md", skill.path() / "s" / "link");
    const auto sandbox = make_sandbox_backend(GetParam().backend).value();
    const auto work = TempDir::create("sg-escape-").value();
    CommandSpec spec;
    spec.mounts = {{skill.path() / "s", "/skills/s"}};
    const bool remaps = sandbox->info().remaps_paths;
    const std::string inside =
        remaps ? "/skills/s" : sandbox->shown_at(spec.mounts[0].host).value().string();
    spec.argv = {"/bin/bash", "-c",
                 "cd " + inside + "; cat SKILL.md link; { echo y > SKILL.md; } 2>/dev/null; true"};
    spec.work_dir = work.path();
    spec.env = scrubbed_environment();
    const auto result = sandbox->run(spec, {});
    return result ? result->out + result->err : "ERROR " + result.error().to_text();
  });
  EXPECT_EQ(said, "texttext");
}

INSTANTIATE_TEST_SUITE_P(All, Escape,
                         testing::Values(Who{"bwrap", true}, Who{"bwrap", false},
                                         Who{"landlock", true}, Who{"landlock", false}),
                         [](const auto& who) {
                           return std::string(who.param.backend) +
                                  (who.param.root ? "_by_root" : "_by_a_user");
                         });

}  // namespace
}  // namespace skillgrad::exec
