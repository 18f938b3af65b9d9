// SPDX-License-Identifier: MIT
#pragma once

namespace skillgrad::fakes {

/// The size of a large input: `whole` in every build, but `part` with sanitizers, under which code
/// is ten times slower. tests/e2e/CMakeLists.txt runs the tests that use it as released, too.
[[nodiscard]] constexpr int large([[maybe_unused]] int whole, [[maybe_unused]] int part) {
#ifdef SKILLGRAD_SANITIZED
  return part;
#else
  return whole;
#endif
}

}  // namespace skillgrad::fakes
