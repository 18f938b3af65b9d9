// SPDX-License-Identifier: MIT
#include <skillgrad/llm/client.hpp>

#include "llm/call/call.hpp"
#include "llm/call/endpoint.hpp"

namespace skillgrad::llm {

namespace {

class Client final : public ChatModel {
 public:
  explicit Client(std::unique_ptr<Endpoint> endpoint) : endpoint_(std::move(endpoint)) {}

  Result<ChatReply> complete(const ChatRequest& request, const CallContext& context) override {
    return Call(*endpoint_, request, context).run();
  }
  [[nodiscard]] std::string model_name() const override { return endpoint_->options().model; }
  [[nodiscard]] std::int64_t output_cap() const override {
    return endpoint_->options().max_output_tokens.value_or(kDefaultOutputCap);
  }

 private:
  std::unique_ptr<Endpoint> endpoint_;
};

}  // namespace

Result<std::unique_ptr<ChatModel>> make_client(EndpointOptions options,
                                               ClientDependencies dependencies) {
  SKILLGRAD_TRY(auto endpoint, Endpoint::create(std::move(options), std::move(dependencies)));
  return std::make_unique<Client>(std::move(endpoint));
}

}  // namespace skillgrad::llm
