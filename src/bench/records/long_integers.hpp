// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skillgrad::bench {

/// Integers of a JSON text that are beyond 64 bits, as they are written there, each once: read as
/// numbers they lose digits. Texts in quotes do not count.
[[nodiscard]] std::vector<std::string> long_integers(std::string_view json);

}  // namespace skillgrad::bench
