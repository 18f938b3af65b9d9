// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <string_view>

#include <gtest/gtest.h>

/// Ends a test that needs real data which is not here: it skips, or fails where the environment
/// says SKILLGRAD_TEST_DATA=required, so that a machine that should have the data cannot pass
/// without.
#define SKIP_WITHOUT_DATA(what)                                                           \
  do {                                                                                    \
    const char* wanted = std::getenv("SKILLGRAD_TEST_DATA");                              \
    if (wanted != nullptr && std::string_view(wanted) == "required")                      \
      FAIL() << (what) << ", and SKILLGRAD_TEST_DATA=required says that it must be here"; \
    GTEST_SKIP() << (what);                                                               \
  } while (false)
