// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include <skillgrad/core/enum_text.hpp>

namespace skillgrad {

/// What went wrong, by who can mend it. `exit_code_of` maps each to the process exit code of cli.
enum class ErrorCode {
  usage,             ///< wrong flag or argument (exit 2)
  config,            ///< wrong configuration value (exit 2)
  input,             ///< a file the user gave is missing, malformed or of another kind (exit 2)
  dataset,           ///< a benchmark or one of its tasks cannot be graded by anyone (exit 2)
  invalid_skill,     ///< the skill package breaks a rule (exit 2 when it is an input)
  io,                ///< reading or writing a file failed (exit 3)
  disk_full,         ///< ENOSPC or EDQUOT (exit 3)
  locked,            ///< another process works on this run directory (exit 2)
  sandbox,           ///< the sandbox or a program it needs is missing or failed (exit 3)
  infra,             ///< LibreOffice, a grader or plug-in command failed (exit 3)
  auth,              ///< 401/403 (exit 3)
  quota,             ///< account out of money (exit 3)
  model_not_found,   ///< (exit 3)
  wrong_url,         ///< (exit 3)
  tls,               ///< certificate or host name (exit 3)
  rate_limit,        ///< gave up waiting (exit 3)
  transient,         ///< connection, 5xx, cut stream; retries are spent (exit 3)
  malformed_reply,   ///< the endpoint's reply is not what the protocol says (exit 3)
  context_overflow,  ///< prompt too long for the model (exit 3)
  request_too_large,
  content_filter,  ///< the provider's filter refused the prompt or reply
  bad_request,     ///< any other 4xx (exit 3)
  budget,          ///< a hard limit (--max-usd, --max-calls, ...) stops new calls (exit 4)
  cancelled,       ///< signal or stop request (exit 130/143)
  deadline,        ///< a time limit passed (exit 4)
  internal         ///< broken invariant (exit 3)
};

/// Stable lower-case names.
template <>
struct EnumText<ErrorCode> {
  using enum ErrorCode;
  static constexpr EnumName<ErrorCode> kTable[] = {{usage, "usage"},
                                                   {config, "config"},
                                                   {input, "input"},
                                                   {dataset, "dataset"},
                                                   {invalid_skill, "invalid_skill"},
                                                   {io, "io"},
                                                   {disk_full, "disk_full"},
                                                   {locked, "locked"},
                                                   {sandbox, "sandbox"},
                                                   {infra, "infra"},
                                                   {auth, "auth"},
                                                   {quota, "quota"},
                                                   {model_not_found, "model_not_found"},
                                                   {wrong_url, "wrong_url"},
                                                   {tls, "tls"},
                                                   {rate_limit, "rate_limit"},
                                                   {transient, "transient"},
                                                   {malformed_reply, "malformed_reply"},
                                                   {context_overflow, "context_overflow"},
                                                   {request_too_large, "request_too_large"},
                                                   {content_filter, "content_filter"},
                                                   {bad_request, "bad_request"},
                                                   {budget, "budget"},
                                                   {cancelled, "cancelled"},
                                                   {deadline, "deadline"},
                                                   {internal, "internal"}};
};

/// An expected failure. `message` says what and "got / expected", `where` names a file:line, URL or
/// task, `mend` is an imperative sentence that says how to go on. `context` is added by callers
/// while the error travels up, innermost first.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string where;
  std::string mend;
  std::vector<std::string> context;

  [[nodiscard]] Error with_context(std::string text) && {
    context.push_back(std::move(text));
    return std::move(*this);
  }
  /// Several lines: "error: outer: inner: message", "  at: where", "  fix: mend".
  [[nodiscard]] std::string to_text() const;
  /// One line, for logs and JSON.
  [[nodiscard]] std::string to_line() const;
};

template <class T = void>
using Result = tl::expected<T, Error>;
using tl::unexpected;

/// `return fail(ErrorCode::input, "...", "file:3", "do this");`
[[nodiscard]] tl::unexpected<Error> fail(ErrorCode code, std::string message,
                                         std::string where = {}, std::string mend = {});
/// Maps errno to io or disk_full, with the system's text. `what` is e.g. "cannot write".
[[nodiscard]] Error errno_error(int error_number, std::string what, std::string where);
/// Process exit code of an error; 130 for cancelled.
[[nodiscard]] int exit_code_of(ErrorCode code);

}  // namespace skillgrad

#define SKILLGRAD_CONCAT_INNER(a, b) a##b
#define SKILLGRAD_CONCAT(a, b) SKILLGRAD_CONCAT_INNER(a, b)
#define SKILLGRAD_TRY_IMPL(tmp, decl, ...)                   \
  auto tmp = (__VA_ARGS__);                                  \
  if (!tmp) return ::tl::unexpected(std::move(tmp).error()); \
  decl = std::move(tmp).value()
/// `SKILLGRAD_TRY(auto text, read_file(path));` returns the error to the caller.
#define SKILLGRAD_TRY(decl, ...) \
  SKILLGRAD_TRY_IMPL(SKILLGRAD_CONCAT(skillgrad_try_, __LINE__), decl, __VA_ARGS__)
/// For Result<void>: `SKILLGRAD_CHECK(write_file_atomic(path, text));`
#define SKILLGRAD_CHECK(...)                                        \
  do {                                                              \
    if (auto skillgrad_check_ = (__VA_ARGS__); !skillgrad_check_)   \
      return ::tl::unexpected(std::move(skillgrad_check_).error()); \
  } while (false)
