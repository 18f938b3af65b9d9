// SPDX-License-Identifier: MIT
// A list of ways out (attempts.py), tried in each isolating backend by root and by an ordinary
// user: each must fail, and at the layer that is there to stop it.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/sandbox.hpp>

#include "unit/exec/as_user.hpp"

namespace skillgrad::exec {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSecret = "sk-secret-of-the-owner";

struct By {
  const char* backend;
  bool root;
};

/// A process of the owner that waits, with the key in its environment and an open file.
class Waiting {
 public:
  Waiting() {
    std::string variable = std::string("OWNER_API_KEY=") + kSecret;
    char* environment[] = {variable.data(), nullptr};
    char name[] = "sleep", time[] = "60";
    char* arguments[] = {name, time, nullptr};
    if (::posix_spawn(&pid_, "/bin/sleep", nullptr, nullptr, arguments, environment) != 0)
      pid_ = -1;
  }
  ~Waiting() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool runs() const {
    const auto state = read_file("/proc/" + std::to_string(pid_) + "/stat");
    return state && state->find(") T") == std::string::npos &&
           ::waitpid(pid_, nullptr, WNOHANG) == 0;
  }

 private:
  pid_t pid_ = -1;
};

int listening(int family, const sockaddr* address, socklen_t size, int kind = SOCK_STREAM) {
  const int out = ::socket(family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (out < 0) return -1;
  if (::bind(out, address, size) != 0 || (kind == SOCK_STREAM && ::listen(out, 8) != 0)) {
    ::close(out);
    return -1;
  }
  return out;
}

int port_of(int socket) {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  if (socket < 0 || ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return 1;
  return ntohs(address.sin6_port);  // at the same place in both families
}

/// Landlock keeps signals of an ordinary user's command in since Linux 6.12.
bool keeps_signals(const std::string& backend) {
  utsname name{};
  int major = 0, minor = 0;
  if (backend != "landlock" || ::geteuid() == 0) return true;
  return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
         (major > 6 || (major == 6 && minor >= 12));
}

/// What there is to reach, and what came of it.
std::string tried(const std::string& backend) {
  const auto sandbox = make_sandbox_backend(backend);
  if (!sandbox) return "SKIP " + sandbox.error().to_line();
  const auto home = TempDir::create("sg-owner-").value();
  const auto work = TempDir::create("sg-attempts-").value();
  const std::string folder = home.path().string(), key = folder + "/key";
  for (const char* name :
       {"key", "goldens.jsonl", "other-task/answer.txt", "skill/SKILL.md", "run/config.json"})
    if (!write_file_atomic(home.path() / name, kSecret, 0644)) return "SKIP cannot write";
  ::chmod(folder.c_str(), 0700);
  const Descriptor open_key(::open(key.c_str(), O_RDONLY));  // the owner's processes inherit it

  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  const auto named = [](const std::string& name, bool abstract) {
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    name.copy(out.sun_path + (abstract ? 1 : 0), sizeof out.sun_path - 2);
    return out;
  };
  const auto places = TempDir::create("sg-sockets-").value();
  ::chmod(places.path().c_str(), 0755);
  const std::string stream = (places.path() / "stream").string(),
                    datagram = (places.path() / "datagram").string(),
                    abstract = "sg-abstract-" + std::to_string(::getpid());
  const auto stream_address = named(stream, false), datagram_address = named(datagram, false),
             abstract_address = named(abstract, true);
  const Descriptor sockets[] = {
      Descriptor(listening(AF_INET, reinterpret_cast<const sockaddr*>(&v4), sizeof v4)),
      Descriptor(listening(AF_INET6, reinterpret_cast<const sockaddr*>(&v6), sizeof v6)),
      Descriptor(listening(AF_UNIX, reinterpret_cast<const sockaddr*>(&stream_address),
                           sizeof stream_address)),
      Descriptor(listening(AF_UNIX, reinterpret_cast<const sockaddr*>(&datagram_address),
                           sizeof datagram_address, SOCK_DGRAM)),
      Descriptor(
          listening(AF_UNIX, reinterpret_cast<const sockaddr*>(&abstract_address),
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + abstract.size()))),
      Descriptor(
          listening(AF_INET, reinterpret_cast<const sockaddr*>(&v4), sizeof v4, SOCK_DGRAM))};
  ::chmod(stream.c_str(), 0666);
  ::chmod(datagram.c_str(), 0666);

  const Waiting owner, other;
  CommandSpec spec;
  spec.work_dir = work.path();
  spec.env = scrubbed_environment();
  spec.limits.wall = 60s;
  const Json goal = {{"secret", kSecret},
                     {"backend", backend},
                     {"pid", owner.pid()},
                     {"signals", keeps_signals(backend)},
                     {"other", other.pid()},
                     {"key", key},
                     {"fd", open_key.get()},
                     {"folder", folder},
                     {"work", work.path().string()},
                     {"port4", port_of(sockets[0].get())},
                     {"port_datagram", port_of(sockets[5].get())},
                     {"port6", port_of(sockets[1].get())},
                     {"socket", stream},
                     {"datagram", datagram},
                     {"abstract", abstract}};
  const auto script = read_file(fs::path(SKILLGRAD_SOURCE_DIR) / "tests/unit/exec/attempts.py");
  if (!script) return "SKIP " + script.error().to_line();
  spec.stdin_text = *script;
  spec.argv = {"/usr/bin/python3", "-", goal.dump()};
  const auto result = (*sandbox)->run(spec, {});
  if (!result) return "ERROR " + result.error().to_text();
  std::string out = result->out;
  if (result->exit_code != 0) out += "exit: " + result->err + "\n";
  std::error_code ignored;
  for (const std::string& line : split_lines(result->out))
    if (const auto at = line.find(": made "); at != std::string::npos) {
      const fs::path made = line.substr(at + 7);
      if (!fs::exists(made, ignored)) continue;
      out += "on the host: " + made.string() + "\n";
      fs::remove(made, ignored);
    }
  for (const char* name :
       {"key", "goldens.jsonl", "other-task/answer.txt", "skill/SKILL.md", "run/config.json"}) {
    struct stat info {};
    if (::stat((home.path() / name).c_str(), &info) != 0 || (info.st_mode & 0777) != 0644 ||
        read_file(home.path() / name).value_or("") != kSecret)
      out += std::string("changed: ") + name + "\n";
  }
  char arrived[8];
  for (const int receiver : {sockets[3].get(), sockets[5].get()})
    if (::recv(receiver, arrived, sizeof arrived, 0) > 0) out += "arrived: a datagram\n";
  if (!owner.runs()) out += "ended: the owner\n";
  if (!other.runs()) out += "ended: the other command\n";
  return out;
}

/// What a layer answers. What it answers is all that can be seen of it from inside.
const std::set<std::string>& signs_of(const std::string& layer) {
  static const std::map<std::string, std::set<std::string>> kSigns = {
      {"own root", {"ENOENT", "ENOTDIR", "EXDEV"}},
      {"read-only", {"EROFS"}},
      {"own place", {"made"}},  // whoever started it looks for it on the host
      {"own network", {"ECONNREFUSED", "ENETUNREACH", "EADDRNOTAVAIL", "sent"}},
      {"own processes", {"ESRCH", "ENOENT", "nothing there"}},
      {"own session", {"ENXIO"}},
      {"no rights", {"EPERM", "EACCES", "EINVAL", "ENOSYS"}},
      {"absent", {"ENOENT"}},  // on this machine
      {"filter", {"EPERM", "ENOSYS", "SIGSYS"}},
      {"Landlock", {"EACCES", "EXDEV"}},
      {"scope", {"EPERM", "sent"}}};  // Landlock's, or another user
  static const std::set<std::string> none;
  const auto found = kSigns.find(layer);
  return found == kSigns.end() ? none : found->second;
}

class Attempts : public testing::TestWithParam<By> {};

TEST_P(Attempts, EachFails) {
#ifndef __x86_64__
  GTEST_SKIP() << "the numbers of calls are those of x86-64";
#endif
  const bool root = ::geteuid() == 0;
  if (GetParam().root && !root) GTEST_SKIP() << "only root can try what root can do";
  if (!fs::exists("/usr/bin/python3")) GTEST_SKIP() << "python3 is absent";
  const std::string backend = GetParam().backend;
  const std::string said =
      GetParam().root || !root ? tried(backend) : as_ordinary_user([&] { return tried(backend); });
  if (said.starts_with("SKIP ")) GTEST_SKIP() << said;
  std::set<std::string> names;
  std::map<std::string, std::size_t> stopped;  // by the layer that did
  for (const std::string& line : split_lines(said)) {
    const auto at = line.find(": "), layers = line.rfind(" (");
    ASSERT_TRUE(at != std::string::npos && layers != std::string::npos && layers > at) << said;
    const std::string outcome = line.substr(at + 2, layers - at - 2);
    names.insert(line.substr(0, at));
    bool known = false;
    for (const std::string& layer : split(line.substr(layers + 2, line.size() - layers - 3), '|')) {
      const bool this_one = signs_of(layer).contains(
          outcome.substr(0, outcome.find(' ') + 1) == "made " ? "made" : outcome);
      known = known || this_one;
      stopped[layer] += this_one ? 1 : 0;
    }
    EXPECT_TRUE(known) << line;
  }
  EXPECT_GE(names.size(), 110U) << said;
  const bool own_root = backend == "bwrap";
  const std::map<std::string, std::size_t> least =
      own_root ? std::map<std::string, std::size_t>{{"own root", 30},
                                                    {"read-only", 3},
                                                    {"own network", 4},
                                                    {"filter", 45}}
               : std::map<std::string, std::size_t>{{"Landlock", 35}, {"filter", 50}};
  for (const auto& [layer, count] : least) EXPECT_GE(stopped[layer], count) << layer;
}

INSTANTIATE_TEST_SUITE_P(All, Attempts,
                         testing::Values(By{"bwrap", true}, By{"bwrap", false},
                                         By{"landlock", true}, By{"landlock", false}),
                         [](const auto& by) {
                           return std::string(by.param.backend) +
                                  (by.param.root ? "_by_root" : "_by_a_user");
                         });

}  // namespace
}  // namespace skillgrad::exec
