// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/client.hpp>

#include "fakes/fake_recorder.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::llm {

using fault::chat_body;
using fault::End;
using fault::json_step;
using fault::Step;
using ::testing::HasSubstr;
using ::testing::Not;

inline const Step kGood = json_step(200, chat_body("fine"));

inline double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// A client of a fault server, on virtual time.
class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    options_.base_url = server_.base_url();
    options_.model = "test-model";
  }

  std::unique_ptr<ChatModel> client() { return client_on(clock_); }
  std::unique_ptr<ChatModel> client_on(Clock& clock) {
    ClientDependencies dependencies;
    dependencies.clock = &clock;
    dependencies.accountant = &accountant();
    dependencies.recorder = &recorder_;
    dependencies.redactor = &redactor_;
    dependencies.limits = &limits_;
    dependencies.cassette = cassette_;
    dependencies.cache = cache_;
    dependencies.learned = learned_;
    dependencies.jitter_seed = 7;
    dependencies.warn = [this](const std::string& line) {
      const std::scoped_lock lock(mutex_);
      warnings_.push_back(line);
    };
    auto made = make_client(options_, dependencies);
    EXPECT_TRUE(made.has_value()) << made.error().to_text();
    return made ? std::move(*made) : nullptr;
  }
  Accountant& accountant() {
    if (!accountant_) accountant_ = std::make_unique<Accountant>(budget_);
    return *accountant_;
  }
  static ChatRequest request(const std::string& text = "hello") {
    ChatRequest out;
    out.stage = "executor";
    out.scope = "base/t1";
    Message user;
    user.content = text;
    out.messages.push_back(user);
    return out;
  }
  static ChatRequest tool_request() {
    ChatRequest out = request("do it");
    out.tools.push_back({"bash", "Runs a command.",
                         R"({"type":"object","properties":{"command":{"type":"string"}},)"
                         R"("required":["command"]})"});
    return out;
  }
  Json body_of_hit(std::size_t number) const {
    const auto hits = server_.hits();
    if (number >= hits.size()) return Json();
    const auto parsed = parse_json(hits[number].body, "hit");
    return parsed ? *parsed : Json();
  }
  std::vector<std::string> warnings() const {
    const std::scoped_lock lock(mutex_);
    return warnings_;
  }

  fault::Server server_;
  ManualClock clock_;
  Budget budget_;
  Limits limits_;  ///< shared by all clients of a test
  fakes::FakeRecorder recorder_;
  Redactor redactor_;
  EndpointOptions options_;
  ExchangeStore *cassette_ = nullptr, *cache_ = nullptr;
  LearnedChanges* learned_ = nullptr;

 private:
  std::unique_ptr<Accountant> accountant_;
  mutable std::mutex mutex_;
  std::vector<std::string> warnings_;
};

}  // namespace skillgrad::llm
