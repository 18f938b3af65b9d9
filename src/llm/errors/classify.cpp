// SPDX-License-Identifier: MIT
#include "llm/errors/classify.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/llm/client.hpp>

#include "llm/errors/error_signs.hpp"
#include "llm/errors/missing_model.hpp"

namespace skillgrad::llm {

namespace {

bool is_transient_status(int status) {
  // 424: a step behind the server failed. Gateways have numbers of their own above 505.
  static constexpr std::array<int, 4> kStatuses = {408, 409, 424, 425};
  if (std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end()) return true;
  return status >= 500 && status != 501 && status != 505;
}

bool names_token_counts(const std::string& text) {
  return text.find("token") != std::string::npos &&
         text.find_first_of("0123456789") != std::string::npos;
}

bool never_fits(int status, const std::string& text) {
  if (status == 413 || text.find("weight_exceeds_budget") != std::string::npos) return true;
  return status == 429 && text.find("request too large") != std::string::npos &&
         (text.find("must be reduced") != std::string::npos ||
          text.find("reduce your message size") != std::string::npos);
}

/// What the text says, whatever the status; nullopt: nothing that is known.
std::optional<FailureClass> class_of_text(int status, const ErrorBody& body,
                                          const std::string& text, const Delays& delays) {
  if (says_quota(status, body, text, delays)) return FailureClass::quota;
  if (says_overflow(text)) return FailureClass::context_overflow;
  if (status == 403 && names_token_counts(text) && text.find("max_tokens") != std::string::npos) {
    return FailureClass::context_overflow;  // Together: prompt + max_tokens too long
  }
  if (never_fits(status, text)) return FailureClass::request_too_large;
  if (says_content_filter(status, body, text)) return FailureClass::content_filter;
  const bool client_error = status == 400 || status == 422 || body.refused_fields;
  if (client_error && text.find("tool_use_failed") != std::string::npos) {
    return FailureClass::tool_use_failed;
  }
  if (client_error && says_wrong_key(text)) return FailureClass::auth;
  if ((client_error || status == 404) && says_model_not_found(status, body)) {
    return FailureClass::model_not_found;
  }
  if (says_throttled(status, text)) return FailureClass::rate_limit;
  if (status == 400 && text.find("plain http request was sent to https") != std::string::npos) {
    return FailureClass::wrong_url;
  }
  if (client_error) return FailureClass::unsupported_param;
  return std::nullopt;
}

}  // namespace

FailureClass classify_status(int status, const ErrorBody& body, const Delays& delays) {
  const std::string text = body.haystack();
  if (const auto said = class_of_text(status, body, text, delays)) return *said;
  if (status == 401 || status == 403 || status == 407) return FailureClass::auth;
  if (status == 404 || status == 405 || (status >= 300 && status < 400)) {
    return FailureClass::wrong_url;
  }
  if (status >= 200 && status < 300 && body.html) return FailureClass::wrong_url;
  if (status == 429 || status == 498 || (status == 503 && delays.asked) ||
      (status == 402 && delays.in_header) ||
      (status == 503 && text.find("server busy") != std::string::npos)) {
    return FailureClass::rate_limit;
  }
  if (is_transient_status(status)) return FailureClass::transient;
  return FailureClass::bad_request;
}

ErrorCode code_of(FailureClass cls) {
  switch (cls) {
    case FailureClass::quota:
      return ErrorCode::quota;
    case FailureClass::context_overflow:
      return ErrorCode::context_overflow;
    case FailureClass::request_too_large:
      return ErrorCode::request_too_large;
    case FailureClass::content_filter:
      return ErrorCode::content_filter;
    case FailureClass::auth:
      return ErrorCode::auth;
    case FailureClass::model_not_found:
      return ErrorCode::model_not_found;
    case FailureClass::wrong_url:
      return ErrorCode::wrong_url;
    case FailureClass::tls:
      return ErrorCode::tls;
    case FailureClass::rate_limit:
      return ErrorCode::rate_limit;
    case FailureClass::transient:
      return ErrorCode::transient;
    case FailureClass::bad_encoding:
    case FailureClass::malformed:
    case FailureClass::empty_choices:
    case FailureClass::empty_tool_calls:
    case FailureClass::truncated_call:
    case FailureClass::unread_call:
    case FailureClass::empty_reply:
    case FailureClass::too_big:
      return ErrorCode::malformed_reply;
    case FailureClass::unsupported_param:
    case FailureClass::tool_use_failed:
    case FailureClass::bad_request:
      return ErrorCode::bad_request;
    case FailureClass::cancelled:
      return ErrorCode::cancelled;
    case FailureClass::deadline:
      return ErrorCode::deadline;
    case FailureClass::unanswered:
      return ErrorCode::transient;
  }
  return ErrorCode::internal;
}

}  // namespace skillgrad::llm
