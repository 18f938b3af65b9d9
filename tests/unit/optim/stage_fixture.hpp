// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/optim/stages.hpp>

#include "fakes/fake_chat_model.hpp"

namespace skillgrad::optim {

/// A run folder, a model that plays a script, and prompts that name themselves.
class StageTest : public ::testing::Test {
 protected:
  StageTest() : temp_(std::move(*TempDir::create("stage-test"))) {
    dependencies_.clock = &clock_;
    dependencies_.run_dir = temp_.path() / "run";
    dependencies_.config_dir = temp_.path() / "config";
    dependencies_.prompt = [](const std::string& name) -> Result<std::string> {
      return "prompt " + name;
    };
    std::filesystem::create_directories(dependencies_.run_dir);
    std::filesystem::create_directories(dependencies_.config_dir);
    context_.scope = "iter_003";
    context_.iteration = 3;
    context_.clock = &clock_;
  }

  void replies(std::vector<Result<llm::ChatReply>> in_order) {
    model_ =
        std::make_unique<fakes::FakeChatModel>(fakes::FakeChatModel::replies(std::move(in_order)));
    dependencies_.model = model_.get();
  }
  /// Text of the first user message.
  [[nodiscard]] std::string user() const { return model_->requests()[0].messages[1].content; }
  /// Last message of the last request: what the model was told before its last reply.
  [[nodiscard]] std::string told() const {
    return model_->requests().back().messages.back().content;
  }
  void write(const std::string& relative, const std::string& text) {
    const auto written = write_file_atomic(temp_.path() / relative, text);
    ASSERT_TRUE(written) << written.error().to_text();
  }
  /// Each tool call of the last request's history has exactly one result, in order.
  void expect_valid_history() const {
    const llm::ChatRequest last = model_->requests().back();
    for (std::size_t i = 0; i < last.messages.size(); ++i) {
      const auto& calls = last.messages[i].tool_calls;
      for (std::size_t k = 0; k < calls.size(); ++k) {
        ASSERT_LT(i + 1 + k, last.messages.size());
        EXPECT_EQ(last.messages[i + 1 + k].role, llm::Role::tool);
        EXPECT_EQ(last.messages[i + 1 + k].tool_call_id, calls[k].id);
      }
    }
  }
  static skill::SkillPackage package(const std::string& body,
                                     std::map<std::string, skill::BundledFile> files = {}) {
    auto made = skill::SkillPackage::from_files(
        "demo", "---\nname: demo\ndescription: Demo work with tables.\n---\n" + body,
        std::move(files));
    EXPECT_TRUE(made) << made.error().to_text();
    return std::move(*made);
  }

  TempDir temp_;
  ManualClock clock_;
  StageDependencies dependencies_;
  StageContext context_;
  std::unique_ptr<fakes::FakeChatModel> model_;
};

}  // namespace skillgrad::optim
