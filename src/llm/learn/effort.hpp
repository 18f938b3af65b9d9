// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "llm/learn/refusal.hpp"

namespace skillgrad::llm {

/// Efforts that a refusal offers instead of the one sent (R1.8).
struct OfferedEfforts {
  /// The nearest to the one sent by rank; ties go up, `none` only if it is alone. "" if the text
  /// offers nothing, or only its default.
  std::string nearest;
  bool any = false;
};
[[nodiscard]] OfferedEfforts offered_efforts(const std::string& lower_text,
                                             const std::string& sent);

}  // namespace skillgrad::llm
