// SPDX-License-Identifier: MIT
#include <skillgrad/report/history.hpp>

#include "cli/results/results.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {

Result<int> cmd_history(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  SKILLGRAD_TRY(const auto history,
                report::read_history(invocation.arguments.front(),
                                     invocation.value("runs", "skillgrad-runs")));
  for (const auto& note : history.notes) print_err("note: " + strip_control(note) + "\n");
  print_out(settings.get<"json">() ? dump_json(report::to_json(history), 1) + "\n"
                                   : report::history_text(history));
  return 0;
}

}  // namespace skillgrad::cli
