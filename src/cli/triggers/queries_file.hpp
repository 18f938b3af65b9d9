// SPDX-License-Identifier: MIT
#pragma once

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// --make-queries: has a model write requests into a file that is refused until a person has
/// checked it. Returns the exit code. Errors: usage, input (the file is there already), io, and
/// those of the model.
[[nodiscard]] Result<int> make_queries_file(const Invocation& invocation, const Settings& settings);

}  // namespace skillgrad::cli
