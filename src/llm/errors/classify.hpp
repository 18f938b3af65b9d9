// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>

#include "llm/errors/delays.hpp"
#include "llm/errors/error_body.hpp"

namespace skillgrad::llm {

/// Kinds of failure by what the client does about them (R3.2).
enum class FailureClass {
  quota,
  context_overflow,
  request_too_large,
  content_filter,
  unsupported_param,  ///< 400, 422: a candidate for a learned change; bad_request if none fits
  tool_use_failed,
  auth,
  model_not_found,
  wrong_url,
  tls,
  rate_limit,
  transient,
  bad_encoding,  ///< corrupt gzip, garbage status line, huge header: one retry
  malformed,     ///< the reply is not what the protocol says, empty, or cut
  empty_choices,
  empty_tool_calls,  ///< finish says tools, there are none
  truncated_call,    ///< a tool call cut at the output limit
  unread_call,       ///< the text holds what looks like a tool call and could not be read
  empty_reply,       ///< a whole turn with neither text nor a call
  too_big,           ///< reply above the byte cap
  bad_request,
  cancelled,
  deadline,
  unanswered  ///< no answer within the time limit of the task
};

[[nodiscard]] ErrorCode code_of(FailureClass cls);

/// One failed attempt.
struct Failure {
  FailureClass cls = FailureClass::transient;
  int status = 0;
  ErrorBody body;
  std::optional<Duration> delay;     ///< what the endpoint asked for
  std::optional<bool> should_retry;  ///< x-should-retry
  std::string detail;                ///< transport text, when there is no body
  std::string location;              ///< of a 3xx
  std::string bad_proxy;             ///< environment variable of the proxy that is at fault
  bool possibly_billed = false;
};

/// Classifies an HTTP error (or an error inside a 2xx, with the status it stands for).
[[nodiscard]] FailureClass classify_status(int status, const ErrorBody& body, const Delays& delays);

}  // namespace skillgrad::llm

namespace skillgrad {

template <>
struct EnumText<llm::FailureClass> {
  using enum llm::FailureClass;
  static constexpr EnumName<llm::FailureClass> kTable[] = {{quota, "quota"},
                                                           {context_overflow, "context_overflow"},
                                                           {request_too_large, "request_too_large"},
                                                           {content_filter, "content_filter"},
                                                           {unsupported_param, "unsupported_param"},
                                                           {tool_use_failed, "tool_use_failed"},
                                                           {auth, "auth"},
                                                           {model_not_found, "model_not_found"},
                                                           {wrong_url, "wrong_url"},
                                                           {tls, "tls"},
                                                           {rate_limit, "rate_limit"},
                                                           {transient, "transient"},
                                                           {bad_encoding, "bad_encoding"},
                                                           {malformed, "malformed"},
                                                           {empty_choices, "empty_choices"},
                                                           {empty_tool_calls, "empty_tool_calls"},
                                                           {truncated_call, "truncated_call"},
                                                           {unread_call, "unread_call"},
                                                           {empty_reply, "empty_reply"},
                                                           {too_big, "too_big"},
                                                           {bad_request, "bad_request"},
                                                           {cancelled, "cancelled"},
                                                           {deadline, "deadline"},
                                                           {unanswered, "unanswered"}};
};

}  // namespace skillgrad
