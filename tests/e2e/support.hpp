// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>

namespace skillgrad::e2e {

using Words = std::vector<std::string>;

/// How the program ended and what it said.
struct Outcome {
  int exit_code = -1;  ///< 128 + signal, if one ended it
  bool timed_out = false;
  std::string out, err;
  double seconds = 0;
  double cpu_seconds = 0;  ///< of the program and the processes it waited for
  long peak_kb = 0;        ///< largest resident set of any of them

  /// stdout as one JSON value; a failed test and null where it is none.
  [[nodiscard]] Json json() const;
  /// Each line of stdout as JSON.
  [[nodiscard]] std::vector<Json> json_lines() const;
};

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome);

struct Options {
  /// Added to a scrubbed environment (PATH, HOME, TMPDIR).
  std::map<std::string, std::string> env;
  fs::path cwd;                           ///< default: the scratch folder
  fs::path out;                           ///< where stdout goes instead of into the outcome
  std::chrono::seconds timeout{90};       ///< SIGKILL after it
  unsigned long long max_file_bytes = 0;  ///< RLIMIT_FSIZE; SIGXFSZ is ignored then
  /// Commands of agents that ran in another test are not run again, where ctest gives the folder
  /// SKILLGRAD_TEST_COMMANDS, no PATH of its own is set, and the words say nothing of commands,
  /// sandbox or recordings.
  bool share_commands = true;
};

/// A folder of the test's own; relative paths of the program mean it.
class Scratch {
 public:
  Scratch();
  [[nodiscard]] const fs::path& path() const { return dir_.path(); }
  [[nodiscard]] std::string operator/(const std::string& name) const {
    return (path() / name).string();
  }
  std::string put(const std::string& name, const std::string& content) const;
  [[nodiscard]] std::string read(const std::string& name) const;
  [[nodiscard]] Json read_json_file(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const;
  /// The lines of a JSON Lines text; a line that is no JSON fails the test.
  [[nodiscard]] static std::vector<Json> lines(const std::string& text);

 private:
  TempDir dir_;
};

/// The program while it runs. Killed on destruction.
class Program {
 public:
  Program(const Scratch& scratch, const Words& arguments, const Options& options = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// Sends a signal to the program alone, if it still runs.
  void signal(int number) const;
  [[nodiscard]] bool ended();
  [[nodiscard]] pid_t pid() const { return pid_; }
  Outcome wait();
  /// What it has written on stdout so far.
  [[nodiscard]] std::string out_so_far() const;

 private:
  void reap(bool block);

  Options options_;
  std::chrono::steady_clock::time_point started_;
  fs::path out_, err_;
  pid_t pid_ = -1;
  bool ended_ = false, timed_out_ = false;
  int status_ = 0;
  rusage usage_{};
};

Outcome run(const Scratch& scratch, const Words& arguments, const Options& options = {});

/// Waits until `condition` holds; false after the time.
template <class Condition>
[[nodiscard]] bool wait_until(const Condition& condition,
                              std::chrono::milliseconds most = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    usleep(2'000);
  }
  return true;
}

/// `skillgrad simulate` in a process of its own, with its request log.
class Endpoint {
 public:
  Endpoint(const Scratch& scratch, const std::string& scenario, Words arguments = {});
  [[nodiscard]] const std::string& url() const { return url_; }
  /// The lines of the request log.
  [[nodiscard]] std::vector<Json> requests() const;
  [[nodiscard]] std::size_t request_count() const;

 private:
  std::string log_;
  Program program_;
  std::string url_;
};

/// A small skill, its tasks and a scenario that plays them: three lessons, no noise, shell scripts
/// only, so that a whole run takes about a second.
class Mini {
 public:
  explicit Mini(const Scratch& scratch, const std::string& name = "mini");
  [[nodiscard]] std::string skill() const { return dir_ + "/note-taker"; }
  [[nodiscard]] std::string scenario() const { return dir_ + "/scenario/scenario.json"; }
  [[nodiscard]] std::string model() const { return "sim:" + scenario(); }
  [[nodiscard]] std::string tasks() const { return skill() + "/evals/tasks.jsonl"; }
  /// optimize SKILL --model ... --run RUN --batch 3 and what is added
  [[nodiscard]] Words optimize(const std::string& run, const Words& more = {}) const;
  /// The same against an endpoint of its own.
  [[nodiscard]] Words optimize_at(const Endpoint& endpoint, const std::string& run,
                                  const Words& more = {}) const;
  [[nodiscard]] Words eval(const std::string& what, const std::string& run,
                           const Words& more = {}) const;

 private:
  std::string dir_;
};

/// All files below a folder by their relative path.
[[nodiscard]] std::map<std::string, std::string> tree(const fs::path& root);
/// A run's result without what may differ between equal runs: paths and times.
[[nodiscard]] std::string comparable(Json run_json);
[[nodiscard]] Words join_words(Words first, const Words& second);
/// True if `text` holds every part; else says which is missing.
[[nodiscard]] testing::AssertionResult holds(const std::string& text, const Words& parts);

}  // namespace skillgrad::e2e
