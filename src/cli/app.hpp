// SPDX-License-Identifier: MIT
#pragma once

namespace skillgrad::cli {

/// The whole program: parses, runs one command, returns the exit code. Exceptions end here.
int run_cli(int argc, const char* const* argv);

}  // namespace skillgrad::cli
