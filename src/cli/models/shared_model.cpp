// SPDX-License-Identifier: MIT
#include "cli/models/shared_model.hpp"

#include <condition_variable>
#include <mutex>
#include <set>

#include <skillgrad/core/hashing.hpp>

namespace skillgrad::cli {
namespace {

std::string hash_of(const llm::ChatRequest& request) {
  PartHasher hasher;
  hasher.add(request.record_scope.value_or(request.scope))
      .add(std::to_string(request.sample_index));
  for (const auto& message : request.messages) hasher.add(message.content);
  return hasher.finish();
}

class SharedModel final : public llm::ChatModel {
 public:
  explicit SharedModel(llm::ChatModel& model) : model_(model) {}

  Result<llm::ChatReply> complete(const llm::ChatRequest& request,
                                  const llm::CallContext& context) override {
    const std::string key = hash_of(request);
    std::unique_lock lock(mutex_);
    if (!free_.wait(lock, context.stop, [&] { return !in_flight_.contains(key); }))
      return fail(ErrorCode::cancelled, "stopped before the request was sent", request.scope,
                  "resume the run to go on");
    in_flight_.insert(key);
    lock.unlock();
    auto reply = model_.complete(request, context);
    lock.lock();
    in_flight_.erase(key);
    lock.unlock();
    free_.notify_all();
    return reply;
  }
  [[nodiscard]] std::string model_name() const override { return model_.model_name(); }
  [[nodiscard]] std::int64_t output_cap() const override { return model_.output_cap(); }

 private:
  llm::ChatModel& model_;
  std::mutex mutex_;
  std::condition_variable_any free_;
  std::set<std::string> in_flight_;
};

}  // namespace

std::unique_ptr<llm::ChatModel> share_equal_calls(llm::ChatModel& model) {
  return std::make_unique<SharedModel>(model);
}

}  // namespace skillgrad::cli
