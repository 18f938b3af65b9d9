// SPDX-License-Identifier: MIT
#include "e2e/support.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <set>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad::e2e {
namespace {

std::string slurp(const fs::path& path) {
  const auto text = read_file(path);
  return text ? *text : std::string();
}

std::vector<std::string> environment(const Scratch& scratch, const Options& options) {
  std::map<std::string, std::string> values = {{"PATH", std::getenv("PATH")},
                                               {"HOME", scratch.path().string()},
                                               {"TMPDIR", (scratch.path() / ".tmp").string()},
                                               {"LANG", "C.UTF-8"}};
  for (const auto& [name, value] : options.env) values[name] = value;
  std::vector<std::string> out;
  for (const auto& [name, value] : values) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void become(const fs::path& out, const fs::path& err, const fs::path& cwd,
                         unsigned long long max_file_bytes, char* const* argv, char* const* envp) {
  const int in_fd = ::open("/dev/null", O_RDONLY);
  const int out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  const int err_fd = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (in_fd < 0 || out_fd < 0 || err_fd < 0 || ::chdir(cwd.c_str()) != 0) ::_exit(99);
  ::dup2(in_fd, 0);
  ::dup2(out_fd, 1);
  ::dup2(err_fd, 2);
  if (max_file_bytes > 0) {
    const rlimit limit{max_file_bytes, max_file_bytes};
    std::signal(SIGXFSZ, SIG_IGN);
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(99);
  }
  ::execve(argv[0], argv, envp);
  ::_exit(99);
}

/// Runs of agents whose words say nothing of commands, sandbox, cache or recordings.
bool may_share_commands(const Words& words) {
  static const std::set<std::string> kRunAgents = {"optimize", "eval", "demo", "calibrate"};
  static const Words kOwn = {"--cache",   "--record",  "--replay", "--sandbox", "--executor",
                             "--dry-run", "--refresh", "--help",   "--config"};
  if (words.empty() || kRunAgents.count(words.front()) == 0) return false;
  return std::none_of(words.begin(), words.end(), [](const std::string& word) {
    return std::any_of(kOwn.begin(), kOwn.end(),
                       [&](const std::string& own) { return word.rfind(own, 0) == 0; });
  });
}

/// Flags with which this run takes what agents' commands did in other tests, where ctest gives a
/// folder for it: each command runs once for all tests. Calls are made by every run of its own.
Words shared_commands(const Scratch& scratch) {
  const char* folder = std::getenv("SKILLGRAD_TEST_COMMANDS");
  if (folder == nullptr) return {};
  static int number = 0;
  const fs::path calls = scratch / fmt::format(".tmp/calls-{}", ++number);
  std::error_code error;
  fs::create_directories(fs::path(folder) / "commands", error);
  fs::create_directories(calls, error);
  fs::create_directory_symlink(fs::path(folder) / "commands", calls / "commands", error);
  EXPECT_FALSE(error) << folder << ": " << error.message();
  return {"--cache", calls.string(), "--cache-commands"};
}

}  // namespace

Json Outcome::json() const {
  auto value = parse_json(out, "stdout");
  EXPECT_TRUE(value.has_value()) << *this;
  return value ? *value : Json();
}

std::vector<Json> Outcome::json_lines() const { return Scratch::lines(out); }

std::vector<Json> Scratch::lines(const std::string& text) {
  std::vector<Json> out;
  for (const auto& line : split_lines(text)) {
    if (trim(line).empty()) continue;
    auto value = parse_json(line, "JSON Lines");
    EXPECT_TRUE(value.has_value()) << line;
    if (value) out.push_back(std::move(*value));
  }
  return out;
}

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  return stream << "exit " << outcome.exit_code << (outcome.timed_out ? " (timed out)" : "")
                << " after " << outcome.seconds << " s (CPU " << outcome.cpu_seconds << " s), peak "
                << outcome.peak_kb << " KiB\nstdout:\n"
                << truncate_middle(outcome.out, 3'000) << "\nstderr:\n"
                << truncate_middle(outcome.err, 6'000);
}

Scratch::Scratch() : dir_(TempDir::create("skillgrad-e2e-").value()) {
  fs::create_directories(path() / ".tmp");
  // Commands of an agent run as users of their own, who must be able to pass.
  fs::path folder = path();
  for (int above = 0; above < 3; ++above, folder = folder.parent_path())
    fs::permissions(folder, fs::perms::others_exec | fs::perms::others_read, fs::perm_options::add);
}

std::string Scratch::put(const std::string& name, const std::string& content) const {
  const auto written = write_file_atomic(path() / name, content);
  EXPECT_TRUE(written.has_value()) << name;
  return (path() / name).string();
}

std::string Scratch::read(const std::string& name) const {
  const auto text = read_file(path() / name);
  EXPECT_TRUE(text.has_value()) << name << " is missing";
  return text ? *text : std::string();
}

Json Scratch::read_json_file(const std::string& name) const {
  auto value = parse_json(read(name), name);
  EXPECT_TRUE(value.has_value()) << name;
  return value ? *value : Json();
}

bool Scratch::has(const std::string& name) const { return fs::exists(path() / name); }

Program::Program(const Scratch& scratch, const Words& arguments, const Options& options)
    : options_(options), started_(std::chrono::steady_clock::now()) {
  static int number = 0;
  const std::string base = scratch / fmt::format(".tmp/output-{}", ++number);
  out_ = options.out.empty() ? fs::path(base + ".out") : options.out;
  err_ = base + ".err";
  std::vector<std::string> words = {SKILLGRAD_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  if (options.share_commands && options.env.count("PATH") == 0 && may_share_commands(arguments)) {
    const Words more = shared_commands(scratch);
    words.insert(words.end(), more.begin(), more.end());
  }
  auto variables = environment(scratch, options);
  const auto argv = pointers(words), envp = pointers(variables);
  const fs::path cwd = options.cwd.empty() ? scratch.path() : options.cwd;
  pid_ = ::fork();
  if (pid_ == 0) become(out_, err_, cwd, options.max_file_bytes, argv.data(), envp.data());
  EXPECT_GT(pid_, 0);
}

Program::~Program() {
  if (pid_ <= 0 || ended_) return;
  ::kill(pid_, SIGKILL);
  reap(true);
}

void Program::signal(int number) const {
  if (pid_ > 0 && !ended_) ::kill(pid_, number);
}

void Program::reap(bool block) {
  while (!ended_ && pid_ > 0) {
    const pid_t got = ::wait4(pid_, &status_, block ? 0 : WNOHANG, &usage_);
    if (got == 0) return;
    if (got < 0 && errno == EINTR) continue;
    ended_ = true;
  }
}

bool Program::ended() {
  reap(false);
  return ended_;
}

std::string Program::out_so_far() const { return slurp(out_); }

Outcome Program::wait() {
  if (!wait_until([this] { return ended(); }, options_.timeout)) {
    timed_out_ = true;
    ::kill(pid_, SIGKILL);
    reap(true);
  }
  Outcome out;
  out.timed_out = timed_out_;
  out.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  out.cpu_seconds = seconds(usage_.ru_utime) + seconds(usage_.ru_stime);
  out.peak_kb = usage_.ru_maxrss;
  if (options_.out.empty()) out.out = slurp(out_);
  out.err = slurp(err_);
  return out;
}

Outcome run(const Scratch& scratch, const Words& arguments, const Options& options) {
  return Program(scratch, arguments, options).wait();
}

namespace {

Options for_a_long_time() {
  Options out;
  out.timeout = std::chrono::seconds(600);
  return out;
}

Words simulate_words(const std::string& scenario, const std::string& log, Words arguments) {
  return join_words({"simulate", scenario, "--sim-request-log", log}, arguments);
}

std::string new_log(const Scratch& scratch) {
  static int number = 0;
  return scratch / fmt::format("requests-{}.jsonl", ++number);
}

}  // namespace

Endpoint::Endpoint(const Scratch& scratch, const std::string& scenario, Words arguments)
    : log_(new_log(scratch)),
      program_(scratch, simulate_words(scenario, log_, std::move(arguments)), for_a_long_time()) {
  const bool up = wait_until(
      [this] { return program_.ended() || program_.out_so_far().find('\n') != std::string::npos; });
  EXPECT_TRUE(up && !program_.ended()) << "the simulated endpoint did not start";
  url_ = std::string(trim(program_.out_so_far()));
}

std::vector<Json> Endpoint::requests() const {
  std::vector<Json> out;
  for (const auto& line : split_lines(slurp(log_)))
    if (auto value = parse_json(line, log_)) out.push_back(std::move(*value));
  return out;
}

std::size_t Endpoint::request_count() const {
  const std::string text = slurp(log_);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::map<std::string, std::string> tree(const fs::path& root) {
  std::map<std::string, std::string> out;
  const auto files = list_files(root);
  EXPECT_TRUE(files.has_value()) << root;
  if (files)
    for (const auto& file : *files) out[file] = slurp(root / file);
  return out;
}

std::string comparable(Json run_json) {
  const std::set<std::string> varying = {
      "run",  "path",  "finished_at", "nothing_run",      "seconds",
      "time", "skill", "benchmark",   "unsettled_tokens", "notes"};
  const std::function<void(Json&)> strip = [&](Json& value) {
    if (value.is_object())
      for (const auto& name : varying) value.erase(name);
    if (value.is_structured())
      for (auto& item : value) strip(item);
  };
  strip(run_json);
  return dump_json(run_json, 1);
}

Words join_words(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

testing::AssertionResult holds(const std::string& text, const Words& parts) {
  for (const auto& part : parts)
    if (text.find(part) == std::string::npos)
      return testing::AssertionFailure() << "\"" << part << "\" is missing in:\n" << text;
  return testing::AssertionSuccess();
}

}  // namespace skillgrad::e2e
