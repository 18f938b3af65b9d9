// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// Can the files that these flags name be written? To be asked before anything is paid for: the
/// files hold what comes of it. Writes nothing and makes no folder. Errors: usage (a folder, or a
/// parent folder that is missing or closed).
[[nodiscard]] Result<> check_output_files(const Invocation& invocation,
                                          std::initializer_list<const char*> flags);

}  // namespace skillgrad::cli
