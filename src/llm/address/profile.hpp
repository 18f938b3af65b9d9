// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "llm/address/url.hpp"

namespace skillgrad::llm {

/// Defaults derived from host and model name. A wrong guess is mended by a
/// learned change of the request (mutations.hpp), never a hard failure.
struct Profile {
  bool completion_cap = false;   ///< the cap is max_completion_tokens instead of max_tokens
  bool empty_content = false;    ///< assistant turns with calls carry "" instead of null
  bool stream_options = true;    ///< stream_options.include_usage is understood
  bool stream = false;           ///< what stream=auto means
  bool api_key_header = false;   ///< "api-key: K" instead of "Authorization: Bearer K"
  bool mirror_reasoning = true;  ///< provider fields go back on the turn they came from
};

[[nodiscard]] Profile profile_of(const Url& url, const std::string& model);
/// Reasoning families of OpenAI, which refuse max_tokens (R1.6). A provider's name before the
/// model's ("openai/gpt-5") means a router, which takes max_tokens for all.
[[nodiscard]] bool wants_completion_cap(const std::string& model);
/// URL of the chat completions resource, Azure's per-deployment form included.
[[nodiscard]] std::string chat_url(const Url& url, const std::string& model);
/// URL of the responses resource, for which Azure has no per-deployment form.
[[nodiscard]] std::string responses_url(const Url& url);

}  // namespace skillgrad::llm
