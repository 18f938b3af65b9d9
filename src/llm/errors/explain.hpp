// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "llm/errors/classify.hpp"

namespace skillgrad::llm {

/// What an error message says besides the failure itself.
struct ErrorScene {
  std::string method = "POST";
  std::string url;
  std::string model;
  int attempts = 1;
  std::int64_t output_cap = 0;
  std::vector<std::string> offered_models;  ///< what the endpoint lists, if it was asked
  std::string note;                         ///< why no further attempt was made, if that matters
  std::function<std::string(const std::string&)> redact;
  /// For what is said about a key that was refused: providers show parts of it.
  std::function<std::string(const std::string&)> redact_refusal;
};

/// Final URL, status, the provider's text (redacted, at most 2 KB) and what mends it.
[[nodiscard]] Error explain(const Failure& failure, const ErrorScene& scene);

}  // namespace skillgrad::llm
