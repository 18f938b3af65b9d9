// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace skillgrad::cli {

Result<int> run_command(const Invocation& invocation) {
  using Function = Result<int> (*)(const Invocation&);
  static constexpr std::array<std::pair<std::string_view, Function>, 21> kFunctions = {{
      {"optimize", cmd_optimize},   {"eval", cmd_eval},     {"calibrate", cmd_calibrate},
      {"estimate", cmd_estimate},   {"resume", cmd_resume}, {"report", cmd_report},
      {"diff", cmd_diff},           {"apply", cmd_apply},   {"review", cmd_review},
      {"compare", cmd_compare},     {"grade", cmd_grade},   {"validate", cmd_validate},
      {"benchmark", cmd_benchmark}, {"demo", cmd_demo},     {"selfcheck", cmd_selfcheck},
      {"simulate", cmd_simulate},   {"doctor", cmd_doctor}, {"config", cmd_config},
      {"schema", cmd_schema},       {"help", cmd_help},     {"completion", cmd_completion},
  }};
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                  [&](const auto& one) { return one.first == invocation.command; });
  if (found != kFunctions.end()) return found->second(invocation);
  return fail(ErrorCode::internal, "a command of the table has no function", invocation.command);
}

}  // namespace skillgrad::cli
