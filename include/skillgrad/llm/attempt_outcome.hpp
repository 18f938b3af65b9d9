// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::llm {

/// What an attempt came to: a reply, a refusal, no answer within the time limit of its task, or an
/// error.
class AttemptOutcome {
 public:
  enum class Kind { ok, refused, unanswered, failed };
  using enum Kind;
  AttemptOutcome(ErrorCode error) : error_(error) {}  // NOLINT(google-explicit-constructor)
  /// Not Kind::failed, which has a code.
  AttemptOutcome(Kind kind) : kind_(kind) {}  // NOLINT(google-explicit-constructor)

  /// "ok", "refused", "unanswered" or the name of the error.
  [[nodiscard]] const char* name() const;
  /// The outcome with this name.
  [[nodiscard]] static std::optional<AttemptOutcome> named(std::string_view text);
  /// A reply came, and was paid for.
  [[nodiscard]] bool answered() const { return kind_ == ok || kind_ == refused; }
  bool operator==(const AttemptOutcome&) const = default;

 private:
  Kind kind_ = failed;
  ErrorCode error_ = ErrorCode::internal;
};

/// Was an attempt paid for?
enum class Billed { yes, no, unknown };

}  // namespace skillgrad::llm

namespace skillgrad {

template <>
struct EnumText<llm::Billed> {
  using enum llm::Billed;
  static constexpr EnumName<llm::Billed> kTable[] = {
      {yes, "yes"}, {no, "no"}, {unknown, "unknown"}};
};

/// Of failed attempts the name of the error stands in files.
template <>
struct EnumText<llm::AttemptOutcome::Kind> {
  using enum llm::AttemptOutcome::Kind;
  static constexpr EnumName<llm::AttemptOutcome::Kind> kTable[] = {
      {ok, "ok"}, {refused, "refused"}, {unanswered, "unanswered"}, {failed, "failed"}};
};

}  // namespace skillgrad
