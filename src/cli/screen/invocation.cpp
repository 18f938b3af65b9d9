// SPDX-License-Identifier: MIT
#include "cli/screen/invocation.hpp"

#include <fmt/format.h>

#include <skillgrad/core/json.hpp>

namespace skillgrad::cli {

Result<int> count_of(const Invocation& invocation, const Counted& counted) {
  const std::string text = invocation.value(counted.flag, counted.fallback);
  const Json value = Json::parse(text, nullptr, false);
  constexpr std::int64_t kMost = 1000;
  if (value.is_number_integer() && value.get<std::int64_t>() >= counted.least &&
      value.get<std::int64_t>() <= kMost)
    return value.get<int>();
  return fail(ErrorCode::usage,
              fmt::format("got --{} {}, expected a whole number from {} to {}", counted.flag, text,
                          counted.least, kMost),
              std::string("--") + counted.flag, fmt::format("for example --{} 3", counted.flag));
}

}  // namespace skillgrad::cli
