// SPDX-License-Identifier: MIT
#include <skillgrad/report/comparison.hpp>

#include "cli/results/results.hpp"
#include "cli/run/load_settings.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

Result<int> cmd_compare(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  if (invocation.arguments.size() != 2)
    return fail(ErrorCode::usage, "got one run, expected two", "skillgrad compare",
                "name the run before and the run after; of one run: `skillgrad compare RUN:initial "
                "RUN`");
  SKILLGRAD_TRY(auto before, report::read_scored_skill(invocation.arguments[0]));
  SKILLGRAD_TRY(auto after, report::read_scored_skill(invocation.arguments[1]));
  const auto comparison = report::compare_skills(std::move(before), std::move(after));
  print_out(settings.get<"json">() ? dump_json(report::to_json(comparison), 1) + "\n"
                                   : report::comparison_text(comparison));
  return comparison.verdict == report::ComparisonVerdict::worse ? 1 : 0;
}

}  // namespace skillgrad::cli
