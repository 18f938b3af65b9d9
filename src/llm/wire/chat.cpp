// SPDX-License-Identifier: MIT
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

Usage& Usage::operator+=(const Usage& other) {
  input_tokens += other.input_tokens;
  cached_tokens += other.cached_tokens;
  output_tokens += other.output_tokens;
  calls += other.calls;
  estimated = estimated || other.estimated;
  return *this;
}

bool ends_run(ErrorCode code) {
  switch (code) {
    case ErrorCode::auth:
    case ErrorCode::quota:
    case ErrorCode::model_not_found:
    case ErrorCode::wrong_url:
    case ErrorCode::tls:
    case ErrorCode::budget:
    case ErrorCode::deadline:
    case ErrorCode::cancelled:
    case ErrorCode::config:
    case ErrorCode::io:
    case ErrorCode::disk_full:
      return true;
    default:
      return false;
  }
}

}  // namespace skillgrad::llm
