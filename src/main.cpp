// SPDX-License-Identifier: MIT
#include "cli/app.hpp"

int main(int argc, char** argv) { return skillgrad::cli::run_cli(argc, argv); }
