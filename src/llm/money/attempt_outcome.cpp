// SPDX-License-Identifier: MIT
#include <skillgrad/llm/attempt_outcome.hpp>

namespace skillgrad::llm {

const char* AttemptOutcome::name() const {
  return kind_ == failed ? name_of(error_) : name_of(kind_);
}

std::optional<AttemptOutcome> AttemptOutcome::named(std::string_view text) {
  if (const auto error = skillgrad::named<ErrorCode>(text)) return AttemptOutcome(*error);
  const auto kind = skillgrad::named<Kind>(text);
  if (!kind || *kind == failed) return std::nullopt;
  return AttemptOutcome(*kind);
}

}  // namespace skillgrad::llm
