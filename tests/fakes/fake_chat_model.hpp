// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <skillgrad/llm/chat.hpp>

namespace skillgrad::fakes {

/// A finished text reply.
inline llm::ChatReply text_reply(std::string text) {
  llm::ChatReply reply;
  reply.message.role = llm::Role::assistant;
  reply.message.content = std::move(text);
  reply.finish = llm::Finish::stop;
  reply.usage = {.input_tokens = 10, .cached_tokens = 0, .output_tokens = 5, .calls = 1};
  reply.cost_usd = 0.0;
  reply.model = "fake";
  reply.attempts = 1;
  return reply;
}

/// A reply that calls tools. Calls without an id get "call00001", "call00002", ...
inline llm::ChatReply tool_reply(std::vector<llm::ToolCall> calls, std::string text = {}) {
  llm::ChatReply reply = text_reply(std::move(text));
  std::size_t number = 0;
  for (llm::ToolCall& call : calls) {
    ++number;
    if (call.id.empty()) {
      const std::string digits = std::to_string(number);
      call.id = "call" + std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
    }
  }
  reply.message.tool_calls = std::move(calls);
  reply.finish = llm::Finish::tools;
  return reply;
}

/// One tool call: `tool_reply("shell", R"({"command":"ls"})")`.
inline llm::ChatReply tool_reply(std::string name, std::string arguments_json) {
  llm::ToolCall call;
  call.name = std::move(name);
  call.arguments = std::move(arguments_json);
  return tool_reply(std::vector<llm::ToolCall>{std::move(call)});
}

/// Answers from a function and keeps every request. Thread-safe; `script` is called under a lock,
/// one request at a time, with the 0-based number of the call.
class FakeChatModel final : public llm::ChatModel {
 public:
  using Script = std::function<Result<llm::ChatReply>(const llm::ChatRequest&, std::size_t number)>;

  explicit FakeChatModel(Script script, std::string name = "fake")
      : script_(std::move(script)), name_(std::move(name)) {}

  /// Gives the replies in order; a call beyond the last one is an internal error.
  static Script replies(std::vector<Result<llm::ChatReply>> in_order) {
    return [in_order = std::move(in_order)](const llm::ChatRequest&,
                                            std::size_t number) -> Result<llm::ChatReply> {
      if (number < in_order.size()) return in_order[number];
      return fail(ErrorCode::internal, "the fake model has no reply for call " +
                                           std::to_string(number + 1) + " of " +
                                           std::to_string(in_order.size()));
    };
  }

  Result<llm::ChatReply> complete(const llm::ChatRequest& request,
                                  const llm::CallContext& context) override {
    if (context.stop.stop_requested()) return fail(ErrorCode::cancelled, "stop was requested");
    const std::scoped_lock lock(mutex_);
    const std::size_t number = requests_.size();
    requests_.push_back(request);
    return script_(request, number);
  }
  [[nodiscard]] std::string model_name() const override { return name_; }

  [[nodiscard]] std::vector<llm::ChatRequest> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::size_t calls() const {
    const std::scoped_lock lock(mutex_);
    return requests_.size();
  }

 private:
  mutable std::mutex mutex_;
  Script script_;
  std::string name_;
  std::vector<llm::ChatRequest> requests_;
};

}  // namespace skillgrad::fakes
