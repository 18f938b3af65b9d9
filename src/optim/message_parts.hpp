// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>

namespace skillgrad::optim {

[[nodiscard]] Json number_or_null(const std::optional<double>& value);
/// Absent and null are no number; anything else but a number of at least `low` is rejected.
[[nodiscard]] std::optional<double> optional_number(StrictReader& reader, const char* key,
                                                    double low = -1e300);
/// The message must be an object with this schema; a missing schema field is accepted, since a
/// ten-line plug-in should not have to repeat what its place already says. Errors: input.
[[nodiscard]] Result<> expect_schema(const Json& value, const std::string& schema);
/// The same of a schema of which older versions are read too: `name` without its version, whose
/// newest is `newest`. The version that the message names; 0 where it names none. Errors: input.
[[nodiscard]] Result<int> expect_version(const Json& value, const std::string& name, int newest);

}  // namespace skillgrad::optim
