// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "cli/cluster/cluster.hpp"
#include "cli/commands/eval_in_run.hpp"
#include "cli/results/results.hpp"
#include "cli/transfer/transfer.hpp"

namespace skillgrad::cli {
namespace {

/// What makes rollouts of its own has no place in the program of a run that counts them; `eval`
/// asks that run.
Result<> refuse_uncounted(const Invocation& invocation) {
  static constexpr std::array<std::string_view, 8> kOwn = {
      "optimize", "calibrate", "resume", "demo", "selfcheck", "synth", "transfer", "triggers"};
  const bool own =
      std::find(kOwn.begin(), kOwn.end(), invocation.command) != kOwn.end() && is_in_run();
  if (!own || invocation.has("dry-run")) return {};
  return fail(ErrorCode::usage,
              "this program is a part of a run, which counts its rollouts: `" + invocation.command +
                  "` would make others",
              "SKILLGRAD_IN_RUN", "measure with `skillgrad eval \"$SKILLGRAD_SKILL\"`");
}

}  // namespace

Result<int> run_command(const Invocation& invocation) {
  using Function = Result<int> (*)(const Invocation&);
  // clang-format off
  static constexpr std::array<std::pair<std::string_view, Function>, 33> kFunctions = {{
      {"optimize", cmd_optimize},
      {"eval", cmd_eval},
      {"calibrate", cmd_calibrate},
      {"estimate", cmd_estimate},
      {"resume", cmd_resume},
      {"merge", cmd_merge},
      {"work", cmd_work},
      {"tail", cmd_tail},
      {"view", cmd_view},
      {"report", cmd_report},
      {"compare", cmd_compare},
      {"transfer", cmd_transfer},
      {"triggers", cmd_triggers},
      {"diff", cmd_diff},
      {"apply", cmd_apply},
      {"review", cmd_review},
      {"history", cmd_history},
      {"grade", cmd_grade},
      {"validate", cmd_validate},
      {"pack", cmd_pack},
      {"synth", cmd_synth},
      {"benchmark", cmd_benchmark},
      {"traces", cmd_traces},
      {"demo", cmd_demo},
      {"selfcheck", cmd_selfcheck},
      {"simulate", cmd_simulate},
      {"doctor", cmd_doctor},
      {"ci", cmd_ci},
      {"init", cmd_init},
      {"config", cmd_config},
      {"schema", cmd_schema},
      {"help", cmd_help},
      {"completion", cmd_completion},
  }};
  // clang-format on
  SKILLGRAD_CHECK(refuse_uncounted(invocation));
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                  [&](const auto& one) { return one.first == invocation.command; });
  if (found != kFunctions.end()) return found->second(invocation);
  return fail(ErrorCode::internal, "a command of the table has no function", invocation.command);
}

}  // namespace skillgrad::cli
