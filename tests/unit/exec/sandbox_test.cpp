// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <set>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>

#include "fakes/large.hpp"

namespace skillgrad::exec {
namespace {

using namespace std::chrono_literals;

/// Every backend must run, limit and end commands alike; those that isolate are tested for it too.
class SandboxBackend : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto made = make_sandbox_backend(GetParam());
    if (!made) GTEST_SKIP() << GetParam() << " does not work here: " << made.error().to_line();
    sandbox_ = std::move(*made);
  }
  [[nodiscard]] CommandSpec spec(const std::string& script) const {
    CommandSpec out;
    out.argv = {"/bin/bash", "-c", script};
    out.work_dir = work_.path();
    out.env = scrubbed_environment();
    out.limits.wall = 20s;
    return out;
  }
  CommandResult run(const CommandSpec& command) {
    auto result = sandbox_->run(command, {});
    EXPECT_TRUE(result) << (result ? "" : result.error().to_text());
    return result.value_or(CommandResult{});
  }
  CommandResult run(const std::string& script) { return run(spec(script)); }
  [[nodiscard]] std::string in_work(const std::string& name) const {
    return read_file(work_.path() / name).value_or("<missing>");
  }

  TempDir work_ = TempDir::create("sg-work-").value();
  std::unique_ptr<Sandbox> sandbox_;
};

/// A length of sleep that no other test uses, so that sleeps() finds ours alone.
std::string own_length(int seconds) {
  return std::to_string(seconds) + "." + std::to_string(::getpid());
}

/// True while a process `sleep LENGTH` is alive.
bool sleeps(const std::string& length) {
  const std::string line = std::string("sleep") + '\0' + length + '\0';
  std::error_code problem;
  for (fs::directory_iterator it("/proc", problem), end; !problem && it != end;
       it.increment(problem)) {
    if (read_file(it->path() / "cmdline").value_or("") == line) return true;
  }
  return false;
}

/// The same a moment later: a killed process is in the process table until it is reaped.
bool still_sleeps(const std::string& length) {
  for (int i = 0; i < 200 && sleeps(length); ++i) std::this_thread::sleep_for(10ms);
  return sleeps(length);
}

TEST_P(SandboxBackend, GivesOutputAndExitCode) {
  const auto result = run("echo out; echo err >&2; exit 7");
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.signal, 0);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_FALSE(result.timed_out || result.cancelled || result.output_truncated);
}

TEST_P(SandboxBackend, DeathBySignalIsTold) {
  const auto result = run("kill -SEGV $$");
  EXPECT_EQ(result.exit_code, 139);
  EXPECT_EQ(result.signal, SIGSEGV);
}

TEST_P(SandboxBackend, WorkFolderIsTheCurrentOneAndWritable) {
  ASSERT_TRUE(write_file_atomic(work_.path() / "in.txt", "given"));
  const auto result =
      run("pwd; cat in.txt; echo changed > in.txt; mkdir d && echo new > d/out.txt");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(in_work("in.txt"), "changed\n");
  EXPECT_EQ(in_work("d/out.txt"), "new\n");
  const std::string expected =
      sandbox_->info().remaps_paths ? kWorkDir : fs::canonical(work_.path()).string();
  EXPECT_EQ(result.out, expected + "\ngiven");
}

TEST_P(SandboxBackend, MountsCanBeReadAndNotWritten) {
  if (!sandbox_->info().isolates_files) GTEST_SKIP() << "this backend has no mounts";
  const auto skill = TempDir::create("sg-skill-").value();
  ASSERT_TRUE(write_file_atomic(skill.path() / "SKILL.md", "text"));
  const std::string inside = sandbox_->info().remaps_paths
                                 ? "/skills/demo"
                                 : sandbox_->shown_at(skill.path()).value().string();
  auto command = spec("cat " + inside + "/SKILL.md; echo x > " + inside + "/new || echo refused");
  command.mounts = {{skill.path(), "/skills/demo"}};
  EXPECT_EQ(run(command).out, "textrefused\n");
  EXPECT_EQ(list_files(skill.path()).value().size(), 1U);
}

/// Copied or shown, files and folders, links among them: programs find what they find outside.
TEST_P(SandboxBackend, SettingsThatProgramsNeedAreThoseOfThisMachine) {
  const std::string list =
      "cd /etc; for f in ld.so.cache localtime magic ssl/openssl.cnf fonts/fonts.conf "
      "python3/debian_config python3.11/sitecustomize.py perl/Net libreoffice/sofficerc; do "
      "if test -d $f; then ls -a $f; elif test -e $f; then cksum < $f; else echo no $f; fi; done; "
      "readlink alternatives/awk; ls fonts/conf.d | cksum";
  auto here = make_sandbox_backend("none");
  ASSERT_TRUE(here);
  const auto outside = (*here)->run(spec(list), {});
  ASSERT_TRUE(outside) << outside.error().to_text();
  const auto inside = run(list);
  EXPECT_EQ(inside.out, outside->out);
  EXPECT_EQ(inside.err, outside->err);
}

TEST_P(SandboxBackend, UsersOfThisMachineAreNotNamed) {
  if (!sandbox_->info().remaps_paths)
    GTEST_SKIP() << "this backend shows the files of this machine";
  const auto result = run("cut -d: -f1 /etc/passwd; id -un; ls -a /etc | grep -c shadow");
  EXPECT_EQ(result.out, "root\nagent\nagent\n0\n");
}

TEST_P(SandboxBackend, HostFilesAreOutOfReach) {
  if (!sandbox_->info().isolates_files) GTEST_SKIP() << "this backend does not isolate files";
  const auto other = TempDir::create("sg-golden-").value();
  ASSERT_TRUE(write_file_atomic(other.path() / "golden.xlsx", "secret answer"));
  const std::string golden = (other.path() / "golden.xlsx").string();
  const std::string own = fs::path(SKILLGRAD_SOURCE_DIR).string() + "/LICENSE";
  std::vector<std::string> paths = {golden, own, "/etc/shadow", "/root/.bashrc",
                                    "/proc/" + std::to_string(::getpid()) + "/environ"};
  // Where paths are remapped, process 1 is the sandbox's own.
  if (!sandbox_->info().remaps_paths) paths.emplace_back("/proc/1/environ");
  for (const std::string& path : paths) {
    const auto result = run("cat " + path + " && echo leaked; ln " + path + " x; cat x");
    EXPECT_EQ(result.out.find("leaked"), std::string::npos) << path << result.out;
    EXPECT_EQ(result.out.find("secret"), std::string::npos) << path;
  }
  const auto result =
      run("echo overwritten > " + golden + "; rm -f " + golden + "; echo x > /usr/sg-x");
  EXPECT_EQ(read_file(other.path() / "golden.xlsx").value_or("gone"), "secret answer");
  EXPECT_FALSE(fs::exists("/usr/sg-x"));
}

TEST_P(SandboxBackend, LinksOutOfTheWorkFolderLeadNowhere) {
  if (!sandbox_->info().isolates_files) GTEST_SKIP() << "this backend does not isolate files";
  const auto other = TempDir::create("sg-golden-").value();
  ASSERT_TRUE(write_file_atomic(other.path() / "f", "secret answer"));
  fs::create_symlink(other.path() / "f", work_.path() / "link");
  EXPECT_EQ(run("cat link; true").out, "");
}

TEST_P(SandboxBackend, NetworkIsOutOfReach) {
  if (!sandbox_->info().isolates_network)
    GTEST_SKIP() << "this backend does not isolate the network";
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(server, generic, size), 0);
  ASSERT_EQ(::listen(server, 8), 0);
  ASSERT_EQ(::getsockname(server, generic, &size), 0);
  const std::string port = std::to_string(ntohs(address.sin_port));
  const std::string script = "exec 3<>/dev/tcp/127.0.0.1/" + port + " && echo connected";
  auto open = make_sandbox_backend("none").value()->run(spec(script), {});
  EXPECT_EQ(open.value().out, "connected\n") << "the test itself must be able to connect";
  EXPECT_EQ(run(script).out, "");
  ::close(server);
}

TEST_P(SandboxBackend, EnvironmentIsExactlyWhatWasGiven) {
  ::setenv("SG_TEST_API_KEY", "sk-leak", 1);
  const auto result = run("env | cut -d= -f1");
  ::unsetenv("SG_TEST_API_KEY");
  std::set<std::string> expected = {"PWD", "SHLVL", "_"};  // bash's own
  for (const auto& [name, value] : scrubbed_environment()) expected.insert(name);
  std::set<std::string> found;
  for (const std::string& name : split_lines(result.out)) found.insert(name);
  found.erase("OLDPWD");
  EXPECT_EQ(found, expected);
}

TEST_P(SandboxBackend, HasATemporaryFolder) {
  const auto result = run("echo x > \"$TMPDIR/a\" && cat \"$TMPDIR/a\"; f=$(mktemp) && echo $?");
  EXPECT_EQ(result.out, "x\n0\n") << result.err;
}

TEST_P(SandboxBackend, TimeoutEndsTheWholeTree) {
  const std::string length = own_length(71);
  auto command =
      spec("s='sleep " + length + "'; $s & setsid $s & (setsid sh -c \"$s & $s\" &) ; $s");
  command.limits.wall = 300ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto result = run(command);
  EXPECT_TRUE(result.timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_FALSE(still_sleeps(length));
}

TEST_P(SandboxBackend, StopEndsTheWholeTreeAtOnce) {
  const std::string length = own_length(72);
  std::stop_source source;
  std::chrono::steady_clock::time_point stopped;
  std::jthread stopper([&] {
    while (in_work("started") == "<missing>") std::this_thread::yield();
    stopped = std::chrono::steady_clock::now();
    source.request_stop();
  });
  const auto result = sandbox_->run(
      spec("s='sleep " + length + "'; setsid $s & echo x > started; $s"), source.get_token());
  const auto ended = std::chrono::steady_clock::now();
  stopper.join();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->cancelled);
  EXPECT_FALSE(result->timed_out);
  EXPECT_LT(ended - stopped, 5s);
  EXPECT_FALSE(still_sleeps(length));
}

TEST_P(SandboxBackend, StopBeforeTheStartIsAnError) {
  std::stop_source source;
  source.request_stop();
  const auto result = sandbox_->run(spec("echo x > ran"), source.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::cancelled);
  EXPECT_EQ(in_work("ran"), "<missing>");
}

TEST_P(SandboxBackend, BackgroundChildrenEndWithTheCommand) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string length = own_length(73);
  const auto result = run("s='sleep " + length + "'; $s & setsid $s & disown -a; echo done");
  EXPECT_EQ(result.out, "done\n");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_FALSE(still_sleeps(length));
}

TEST_P(SandboxBackend, EndlessOutputNeitherFillsMemoryNorHangs) {
  auto command = spec("echo BEGIN; yes; ");
  command.limits.wall = 300ms;
  command.limits.output_bytes = 10'000;
  const auto result = run(command);
  EXPECT_TRUE(result.timed_out);
  EXPECT_TRUE(result.output_truncated);
  EXPECT_LE(result.out.size(), 10'000U);
  EXPECT_EQ(result.out.substr(0, 8), "BEGIN\ny\n");
  EXPECT_NE(result.out.find("bytes left out"), std::string::npos);
}

TEST_P(SandboxBackend, LongOutputKeepsHeadAndTail) {
  auto command = spec("seq 1 200000; seq 1 200000 >&2");
  command.limits.output_bytes = 5000;
  const auto result = run(command);
  EXPECT_TRUE(result.output_truncated);
  for (const std::string& text : {result.out, result.err}) {
    EXPECT_LE(text.size(), 5000U);
    EXPECT_EQ(text.substr(0, 6), "1\n2\n3\n");
    EXPECT_EQ(text.substr(text.size() - 7), "200000\n");
  }
}

TEST_P(SandboxBackend, LargeInputDoesNotDeadlock) {
  auto command = spec("cat; cat >&2 < /dev/null");
  command.stdin_text.assign(3'000'000, 'i');
  command.limits.output_bytes = 4'000'000;
  EXPECT_EQ(run(command).out, command.stdin_text);
  command = spec("exit 3");  // reads nothing
  command.stdin_text.assign(3'000'000, 'i');
  EXPECT_EQ(run(command).exit_code, 3);
}

TEST_P(SandboxBackend, InputEndsWhenThereIsNone) { EXPECT_EQ(run("cat; echo end").out, "end\n"); }

TEST_P(SandboxBackend, LargeFilesAreStopped) {
  auto command = spec("trap '' XFSZ; head -c 50000000 /dev/zero > big; echo code $?");
  command.limits.file_bytes = 1'000'000;
  const auto result = run(command);
  EXPECT_EQ(result.out, "code 1\n");
  EXPECT_EQ(fs::file_size(work_.path() / "big"), 1'000'000U);
}

TEST_P(SandboxBackend, MemoryIsLimited) {
  auto command =
      spec("/usr/bin/python3 -c 'x = bytearray(500_000_000); print(\"got it\")'; echo code $?");
  EXPECT_EQ(run(command).out, "got it\ncode 0\n");
  command.limits.memory_bytes = 300'000'000;
  const auto result = run(command);
  EXPECT_EQ(result.out, "code 1\n");
  EXPECT_NE(result.err.find("MemoryError"), std::string::npos) << result.err;
}

TEST_P(SandboxBackend, CpuTimeIsLimited) {
  auto command = spec("(ulimit -t) ; while :; do :; done");
  command.limits.cpu_seconds = 1;
  const auto result = run(command);
  EXPECT_EQ(result.out, "1\n");
  EXPECT_FALSE(result.timed_out);
  EXPECT_NE(result.exit_code, 0);
}

// Bounded on purpose: where the limit does not hold, the test must fail and not take the host down.
TEST_P(SandboxBackend, MoreProcessesThanAllowedAreStopped) {
  const std::string length = own_length(75);
  auto command =
      spec("s='sleep " + length + "'; for i in $(seq 120); do $s & done; touch all-started; $s");
  command.limits.processes = 40;
  command.limits.wall = 10s;
  const auto begin = std::chrono::steady_clock::now();
  const auto result = run(command);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 9s);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_FALSE(result.timed_out);
  EXPECT_FALSE(still_sleeps(length));
}

TEST_P(SandboxBackend, ProcessesThatLeaveTheGroupAreCountedAndEnded) {
  const std::string length = own_length(76);
  auto command = spec("s='sleep " + length + "'; for i in $(seq 120); do setsid $s & done; $s");
  command.limits.processes = 40;
  command.limits.wall = 10s;
  const auto result = run(command);
  EXPECT_FALSE(result.timed_out);
  EXPECT_NE(result.err.find("too many processes"), std::string::npos) << result.err;
  EXPECT_FALSE(still_sleeps(length));
}

TEST_P(SandboxBackend, BlockedSignalsOfTheCallerAreNotInherited) {
  sigset_t set;
  sigset_t before;
  ::sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGCHLD}) ::sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  const auto result = run("grep -E 'SigIgn|SigBlk' /proc/self/status; kill -TERM $$; echo alive");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(result.out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  EXPECT_EQ(result.signal, SIGTERM);
}

TEST_P(SandboxBackend, PythonWithItsLibrariesWorks) {
  const auto host = run_process(
      [&] {
        auto command = spec("/usr/bin/python3 -c 'import numpy, openpyxl, pandas'");
        return command;
      }(),
      {});
  if (!host || host->exit_code != 0)
    GTEST_SKIP() << "python3 with numpy, openpyxl and pandas is absent";
  const auto result =
      run("python3 - <<'EOF'\n"
          "import numpy, pandas, openpyxl, subprocess\n"
          "b = openpyxl.Workbook(); b.active['A1'] = int(numpy.ones((50, "
          "50)).dot(numpy.ones(50)).sum()); b.save('o.xlsx')\n"
          "print(pandas.read_excel('o.xlsx', header=None).iloc[0, 0])\n"
          "print(subprocess.check_output(['sh', '-c', 'echo sub'], text=True).strip())\n"
          "EOF\n");
  EXPECT_EQ(result.out, "2500\nsub\n") << result.err;
  EXPECT_TRUE(fs::exists(work_.path() / "o.xlsx"));
}

TEST_P(SandboxBackend, PythonWorkerProcessesWork) {
  if (std::string(GetParam()) == "landlock") GTEST_SKIP() << "no shared memory, as it says";
  if (!fs::exists("/usr/bin/python3")) GTEST_SKIP() << "python3 is absent";
  const auto result =
      run("/usr/bin/python3 -c 'import multiprocessing\n"
          "with multiprocessing.Pool(4) as pool: print(sum(pool.map(abs, range(-5, 5))))'");
  EXPECT_EQ(result.out, "25\n") << result.err;
}

TEST_P(SandboxBackend, ManyThreadsRunCommandsAtOnce) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < fakes::large(128, 48); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2; ++i) {
        const auto dir = TempDir::create("sg-many-").value();
        const std::string mark = std::to_string(t * 100 + i);
        auto command = spec("cat; ls /proc/self/fd | wc -l >&2; exit " + std::to_string(t));
        command.work_dir = dir.path();
        command.stdin_text = mark;
        const auto result = sandbox_->run(command, {});
        ASSERT_TRUE(result) << result.error().to_text();
        EXPECT_EQ(result->out, mark);
        EXPECT_EQ(result->exit_code, t);
        EXPECT_LE(std::stoi(result->err), 5) << "descriptors of other runs leaked";
      }
    });
  }
}

TEST_P(SandboxBackend, MissingProgramIsAResult) {
  auto command = spec("");
  command.argv = {"no-such-program-here"};
  const auto result = run(command);
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_NE(result.err.find("not found"), std::string::npos);
}

TEST_P(SandboxBackend, MissingWorkFolderIsAnError) {
  auto command = spec("true");
  command.work_dir = work_.path() / "none";
  const auto result = sandbox_->run(command, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::sandbox);
}

TEST_P(SandboxBackend, CommandsHaveNoPrivileges) {
  if (!sandbox_->info().isolates_files) GTEST_SKIP() << "this backend does not isolate";
  const auto result =
      run("grep -E 'CapEff|CapPrm|CapAmb' /proc/self/status; unshare -Ur true && echo userns");
  EXPECT_EQ(result.out,
            "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n");
}

TEST_P(SandboxBackend, OnlyTmpAndTheWorkFolderAreWritable) {
  if (!sandbox_->info().remaps_paths) GTEST_SKIP() << "this backend has no root of its own";
  EXPECT_EQ(run("for d in / /etc /usr /dev /proc /skills; do echo x 2>/dev/null > $d/sg-x && echo "
                "$d; done; echo end")
                .out,
            "end\n");
  EXPECT_NE(run("head -c 700000000 /dev/zero > /tmp/a; head -c 700000000 /dev/zero > /tmp/b; head "
                "-c 700000000 /dev/zero > /tmp/c")
                .exit_code,
            0);
}

INSTANTIATE_TEST_SUITE_P(All, SandboxBackend, testing::Values("bwrap", "landlock", "none"),
                         [](const auto& backend) { return std::string(backend.param); });

TEST(MakeSandbox, AutomaticIsNeverPlain) {
  const auto sandbox = make_sandbox(SandboxMode::automatic);
  if (!sandbox) GTEST_SKIP() << sandbox.error().to_line();
  EXPECT_NE((*sandbox)->info().backend, "none");
  EXPECT_TRUE((*sandbox)->info().isolates_files);
}

TEST(MakeSandbox, OffIsNamedWithItsWeaknesses) {
  const auto sandbox = make_sandbox(SandboxMode::off).value();
  EXPECT_EQ(sandbox->info().backend, "none");
  EXPECT_GE(sandbox->info().weaknesses.size(), 3U);
}

TEST(MakeSandbox, RequireWithoutBubblewrapSaysWhatToInstall) {
  const char* path = std::getenv("PATH");
  const std::string before = path == nullptr ? "" : path;
  ::setenv("PATH", "/nonexistent", 1);
  const auto required = make_sandbox(SandboxMode::require);
  const auto automatic = make_sandbox(SandboxMode::automatic);
  ::setenv("PATH", before.c_str(), 1);
  ASSERT_FALSE(required);
  EXPECT_EQ(required.error().code, ErrorCode::sandbox);
  EXPECT_NE(required.error().mend.find("apt install bubblewrap"), std::string::npos);
  if (automatic) {
    EXPECT_EQ((*automatic)->info().backend, "landlock");
  }
}

TEST(MakeSandbox, UnknownBackendIsRefused) {
  EXPECT_EQ(make_sandbox_backend("docker").error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace skillgrad::exec
