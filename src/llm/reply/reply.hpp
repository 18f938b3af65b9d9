// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>

#include "llm/errors/classify.hpp"
#include "llm/errors/delays.hpp"
#include "llm/reply/finish.hpp"

namespace skillgrad::llm {

/// What the request was, as far as understanding its reply needs it.
struct ReplyContext {
  const ChatRequest* request = nullptr;
  std::string salt;    ///< the request's key: makes invented ids the same in every run
  std::string source;  ///< endpoint and model: marks whose fields `Message::mirror` holds
  std::size_t request_bytes = 0;
  std::int64_t output_cap = 0;      ///< what the request let the model write; 0: no limit
  std::int64_t context_tokens = 0;  ///< what the model can read and write together; 0: not known
};

/// A reply understood, or why not. Usage is filled in both cases where something was produced.
struct ReadReply {
  ChatReply reply;
  std::optional<Failure> failure;
  std::optional<double> provider_cost;
  std::int64_t cache_write_tokens = 0;
  std::int64_t reasoning_tokens = 0;
  std::int64_t cached_outside_tokens =
      0;  ///< prompt tokens that usage may leave out, see ReadUsage
  std::string response_id, provider, system_fingerprint;  ///< as the endpoint named them
  bool text_tool_call = false;                            ///< the calls stood in the text
  std::string usage_note;                                 ///< why tokens had to be estimated
  std::vector<std::string> notes;  ///< what was read and not used, or taken on trust
};

/// Reads a chat completion (or an error object inside a 2xx) by R2.2 to R2.13 and R2.19, R2.20.
[[nodiscard]] ReadReply read_reply(const Json& body, const ReplyContext& context);

/// Builds a failure; status 0 when HTTP had no part in it.
[[nodiscard]] Failure make_failure(FailureClass cls, int status, std::string detail);

}  // namespace skillgrad::llm
