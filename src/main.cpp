// SPDX-License-Identifier: MIT
namespace skillgrad::cli {
int run_cli(int argc, char** argv);
}  // namespace skillgrad::cli

int main(int argc, char** argv) { return skillgrad::cli::run_cli(argc, argv); }
