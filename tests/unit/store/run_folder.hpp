// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/store/run_store.hpp>

namespace skillgrad::store {

/// Tests that work on one run folder, opened as often as they like.
class RunFolder : public ::testing::Test {
 protected:
  std::unique_ptr<RunStore> open() {
    auto store = RunStore::open(dir(), clock_);
    EXPECT_TRUE(store) << (store ? "" : store.error().to_line());
    return store ? std::move(*store) : nullptr;
  }
  [[nodiscard]] fs::path dir() const { return temp_.path() / "run"; }
  [[nodiscard]] fs::path replies() const { return dir() / "calls/replies.jsonl"; }
  [[nodiscard]] fs::path ledger() const { return dir() / "calls/ledger.jsonl"; }
  static std::string text_of(const fs::path& path) { return read_file(path).value(); }

  static llm::LedgerRow row(const std::string& key,
                            llm::AttemptOutcome outcome = llm::AttemptOutcome::ok,
                            llm::Billed billed = llm::Billed::yes, int attempt = 1) {
    llm::LedgerRow out;
    out.key = key;
    out.stage = "executor";
    out.scope = "base/" + key;
    out.model = "sim:test";
    out.outcome = outcome;
    out.billed = billed;
    out.usage = {11, 3, 7, 1, false};
    out.cost_usd = 0.25;
    out.http_status = 200;
    out.attempt = attempt;
    out.seconds = 0.5;
    return out;
  }
  /// One whole call; stops the test program if it fails, since it also runs in forked children.
  static void record(RunStore& store, const std::string& key) {
    if (!store.calls().begin(key, row(key), 1.0) ||
        !store.calls().finish(row(key), R"({"ask":")" + key + "\"}",
                              R"({"answer":")" + key + "\"}"))
      std::abort();
  }
  static std::string reply_to(const std::string& key) { return R"({"answer":")" + key + "\"}"; }

  /// Runs `work` in a child process, which it must not outlive; returns its wait status.
  static int in_child(const std::function<int()>& work) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work());
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }

  ManualClock clock_;

 private:
  TempDir temp_ = TempDir::create("skillgrad-store-test-").value();
};

}  // namespace skillgrad::store
