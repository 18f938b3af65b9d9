// SPDX-License-Identifier: MIT
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/exec/command_cache.hpp>

#include "fakes/fake_sandbox.hpp"

namespace skillgrad::exec {
namespace {

using fakes::command_result;
using fakes::FakeSandbox;

/// A sandbox whose commands count, change the folder, and say so.
class CommandCacheTest : public ::testing::Test {
 protected:
  CommandCacheTest()
      : inner_([this](const CommandSpec& spec, std::size_t number) -> Result<CommandResult> {
          if (work) work(spec.work_dir);
          auto result = command_result("run " + std::to_string(number));
          result.err = std::string("\xFF\0warn", 6);
          result.exit_code = 3;
          if (change_result) change_result(result);
          return result;
        }) {
    open();
  }
  void open(std::chrono::seconds ttl = {}, bool refresh = false, const std::string& salt = "1") {
    CommandCacheOptions options;
    options.dir = temp_.path() / "cache";
    options.time_to_live = ttl;
    options.refresh = refresh;
    options.salt = salt;
    auto made = make_command_cache(inner_, options, clock_);
    ASSERT_TRUE(made) << made.error().to_text();
    cache_ = std::move(*made);
  }
  /// A new folder with one input file.
  fs::path folder() {
    const fs::path dir = temp_.path() / ("work" + std::to_string(folders_++));
    EXPECT_TRUE(write_file_atomic(dir / "input.txt", "1,2"));
    return dir;
  }
  static CommandSpec spec(const fs::path& dir, const std::string& command = "sum input.txt") {
    CommandSpec out;
    out.argv = {"/bin/bash", "-c", command};
    out.work_dir = dir;
    out.env = {{"PATH", "/bin"}};
    return out;
  }
  std::string out_of(const CommandSpec& spec) {
    const auto result = cache_->run(spec, {});
    EXPECT_TRUE(result) << (result ? "" : result.error().to_text());
    return result ? result->out : "";
  }
  [[nodiscard]] std::size_t runs() const { return inner_.commands().size(); }

  TempDir temp_ = TempDir::create("command-cache-test").value();
  ManualClock clock_;
  std::function<void(const fs::path&)> work;
  std::function<void(CommandResult&)> change_result;
  FakeSandbox inner_;
  std::unique_ptr<Sandbox> cache_;
  int folders_ = 0;
};

TEST_F(CommandCacheTest, AnEqualCommandIsNotRunAgainAndItsChangesAreMade) {
  work = [](const fs::path& dir) {
    std::ofstream(dir / "sum.txt") << "3";
    std::ofstream(dir / "input.txt") << "changed";
    fs::remove(dir / "old.txt");
    fs::create_directories(dir / "a/b");
    std::ofstream(dir / "a/b/deep.txt") << std::string("\0\xFF", 2);
    ASSERT_EQ(::chmod((dir / "a/b/deep.txt").c_str(), 0755), 0);
    ASSERT_EQ(::chmod((dir / "a").c_str(), 0500), 0);
    fs::create_symlink("sum.txt", dir / "link");
    fs::remove_all(dir / "turns");
    std::ofstream(dir / "turns") << "a folder before";
  };
  const auto prepared = [&] {
    const fs::path dir = folder();
    EXPECT_TRUE(write_file_atomic(dir / "old.txt", "old"));
    EXPECT_TRUE(write_file_atomic(dir / "turns/inside.txt", "x"));
    return dir;
  };
  const fs::path first = prepared(), second = prepared();
  EXPECT_EQ(out_of(spec(first)), "run 0");
  const auto again = cache_->run(spec(second), {});
  ASSERT_TRUE(again);
  EXPECT_EQ(runs(), 1U);
  EXPECT_EQ(again->out, "run 0");
  EXPECT_EQ(again->err, std::string("\xFF\0warn", 6));
  EXPECT_EQ(again->exit_code, 3);
  EXPECT_EQ(*read_file(second / "sum.txt"), "3");
  EXPECT_EQ(*read_file(second / "input.txt"), "changed");
  EXPECT_FALSE(fs::exists(second / "old.txt"));
  EXPECT_EQ(*read_file(second / "a/b/deep.txt"), std::string("\0\xFF", 2));
  EXPECT_EQ(fs::status(second / "a/b/deep.txt").permissions(), fs::perms(0755));
  EXPECT_EQ(fs::status(second / "a").permissions(), fs::perms(0500));
  EXPECT_EQ(fs::read_symlink(second / "link"), "sum.txt");
  EXPECT_EQ(*read_file(second / "turns"), "a folder before");
  // What comes next is compared with what the first one left.
  work = {};
  EXPECT_EQ(out_of(spec(first, "ls")), "run 1");
  EXPECT_EQ(out_of(spec(second, "ls")), "run 1");
  EXPECT_EQ(runs(), 2U);
}

TEST_F(CommandCacheTest, WhateverDecidesWhatACommandDoesIsCompared) {
  const CommandSpec plain = spec(folder());
  out_of(plain);
  std::vector<CommandSpec> others(9, plain);
  others[0].argv.back() += " -v";
  others[1].stdin_text = "x";
  others[2].env["LANG"] = "C";
  others[3].limits.memory_bytes += 1;
  others[4].limits.processes += 1;
  ASSERT_TRUE(write_file_atomic(temp_.path() / "skill/SKILL.md", "one"));
  others[5].mounts = {{temp_.path() / "skill", "/skills/x"}};
  others[6].work_dir = folder();
  ASSERT_TRUE(write_file_atomic(others[6].work_dir / "input.txt", "1,3"));
  others[7].work_dir = folder();
  ASSERT_TRUE(write_file_atomic(others[7].work_dir / "more.txt", ""));
  others[8].work_dir = folder();
  ASSERT_EQ(::chmod((others[8].work_dir / "input.txt").c_str(), 0755), 0);
  std::size_t expected = 1;
  for (const auto& other : others) {
    out_of(other);
    EXPECT_EQ(runs(), ++expected);
  }
  out_of(others[5]);
  EXPECT_EQ(runs(), expected);
  ASSERT_TRUE(write_file_atomic(temp_.path() / "skill/SKILL.md", "two"));
  out_of(others[5]);
  EXPECT_EQ(runs(), ++expected) << "another skill";
  open({}, false, "2");
  out_of(plain);
  EXPECT_EQ(runs(), ++expected) << "another version of the program";
  // Not the time: it ends with the task.
  CommandSpec sooner = plain;
  sooner.limits.wall -= std::chrono::seconds(1);
  out_of(sooner);
  EXPECT_EQ(runs(), expected);
}

TEST_F(CommandCacheTest, OneThatALimitEndedOrThatMayTakeTooLongIsRun) {
  change_result = [](CommandResult& result) { result.timed_out = true; };
  out_of(spec(folder()));
  change_result = [](CommandResult& result) { result.cancelled = true; };
  out_of(spec(folder()));
  change_result = [](CommandResult& result) { result.seconds = 5; };
  out_of(spec(folder()));
  EXPECT_EQ(runs(), 3U);
  CommandSpec hurried = spec(folder());
  hurried.limits.wall = std::chrono::seconds(4);
  out_of(hurried);
  EXPECT_EQ(runs(), 4U) << "it took 5 s";
  out_of(spec(folder()));
  EXPECT_EQ(runs(), 4U);
}

TEST_F(CommandCacheTest, WhatCannotBeKeptIsRunEachTime) {
  const auto pipe = [](const fs::path& dir) {
    ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0644), 0);
  };
  work = pipe;  // left behind
  out_of(spec(folder()));
  out_of(spec(folder()));
  EXPECT_EQ(runs(), 2U);
  work = {};
  for (int i = 0; i < 2; ++i) {  // found
    const fs::path dir = folder();
    pipe(dir);
    out_of(spec(dir, "other"));
  }
  EXPECT_EQ(runs(), 4U);
}

TEST_F(CommandCacheTest, AgeRefreshAndDamageAreMisses) {
  work = [](const fs::path& dir) { std::ofstream(dir / "sum.txt") << "3"; };
  out_of(spec(folder()));
  clock_.advance(std::chrono::seconds(100));
  open(std::chrono::seconds(101));
  out_of(spec(folder()));
  EXPECT_EQ(runs(), 1U);
  open(std::chrono::seconds(99));
  out_of(spec(folder()));
  EXPECT_EQ(runs(), 2U);
  open({}, true);
  out_of(spec(folder()));
  EXPECT_EQ(runs(), 3U);
  open();
  const auto files = list_files(temp_.path() / "cache");
  ASSERT_TRUE(files && files->size() == 2U);
  std::size_t expected = 3;
  for (const auto& name : *files) {
    ASSERT_TRUE(write_file_atomic(temp_.path() / "cache" / name, "{"));
    const fs::path dir = folder();
    out_of(spec(dir));
    EXPECT_EQ(runs(), ++expected) << name;
    EXPECT_EQ(*read_file(dir / "sum.txt"), "3");
  }
}

TEST_F(CommandCacheTest, ASandboxThatShowsHostPathsIsRefused) {
  FakeSandbox bare({}, false);
  const auto made = make_command_cache(bare, {temp_.path(), {}, false, "", {}}, clock_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::config);
  EXPECT_NE(made.error().mend.find("--cache-commands"), std::string::npos);
}

}  // namespace
}  // namespace skillgrad::exec
