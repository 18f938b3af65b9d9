// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>

namespace skillgrad::optim {

/// What a program's answer holds beyond what was read of it: fields that nobody reads, and values
/// in whose place another one is used. One phrase each, with the field's JSON pointer.
[[nodiscard]] std::vector<std::string> unused_parts(const Json& answer, const Json& used);

}  // namespace skillgrad::optim
