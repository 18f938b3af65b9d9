// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "llm/errors/error_body.hpp"

namespace skillgrad::llm {

/// An output cap that fits, from the numbers in a rejection (R1.7): an output limit, or a context
/// limit together with a prompt count below it.
struct CapAdvice {
  std::int64_t cap = 0;            ///< to send now
  std::int64_t output_limit = 0;   ///< learned for all calls, 0 = none named
  std::int64_t context_limit = 0;  ///< learned for all calls, 0 = none named
};
[[nodiscard]] std::optional<CapAdvice> advise_cap(const ErrorBody& error, std::int64_t sent_cap);

}  // namespace skillgrad::llm
