// SPDX-License-Identifier: MIT
#pragma once

#include "cli/run/run_setup.hpp"

namespace skillgrad::cli {

/// Everything that decides the result; its hash names the run (docs/algorithm.md section 4).
[[nodiscard]] Result<Json> identity_of(const RunSetup& setup, const RunRequest& request);
/// Are both of one run? Errors: config, naming each setting that differs.
[[nodiscard]] Result<> check_same_run(const Json& saved_identity, const Json& identity,
                                      const std::string& where);

}  // namespace skillgrad::cli
