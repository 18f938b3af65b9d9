// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/inspect.hpp>

namespace skillgrad::cli {

/// Asks the model to call one tool, in at most so many tokens.
[[nodiscard]] llm::ChatRequest tool_request(int output_cap);
/// The request in words: what the profile of host and model name made of the options.
[[nodiscard]] std::string form_of(const llm::EndpointFacts& facts);
[[nodiscard]] Json to_json(const llm::EndpointFacts& facts);

}  // namespace skillgrad::cli
