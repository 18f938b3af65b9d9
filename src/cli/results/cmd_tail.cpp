// SPDX-License-Identifier: MIT
#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/growing_file.hpp>
#include <skillgrad/report/follow.hpp>
#include <skillgrad/store/at_work.hpp>

#include "cli/results/results.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(200);
constexpr int kPollsBeforeALook = 10;  ///< whether a process still works on the run

Result<int> end_of(const report::RunFollower& follower, const std::string& run) {
  if (follower.ended() && follower.succeeded()) return 0;
  if (follower.ended()) {
    print_err("the run was stopped; `skillgrad resume " + shell_word(run) + "` goes on\n");
    return 3;
  }
  return fail(ErrorCode::infra, "no process works on the run, and it has no result", run,
              "`skillgrad resume " + shell_word(run) + "` goes on with it");
}

}  // namespace

Result<int> cmd_tail(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  const std::string& run = invocation.arguments.front();
  const fs::path events = fs::path(run) / "events.jsonl";
  std::error_code ignored;
  if (!fs::is_regular_file(events, ignored))
    return fail(ErrorCode::input, "no events.jsonl in this folder", run,
                "name the folder of a run, as optimize prints it at its start");
  const bool raw = settings.get<"json">(), quiet = settings.get<"quiet">();
  const bool live = !raw && !quiet && wants_status_line();
  SystemClock clock;
  report::RunFollower follower(live);
  GrowingFile file(events);
  const auto take = [&](std::string_view line) {
    const std::string rows = follower.take(line);
    if (live) print_err("\r\x1b[K");
    if (raw)
      print_out(std::string(line) + "\n");
    else if (!rows.empty())
      print_out(rows);
  };
  for (int idle = 0;; ++idle) {
    if (file.read(take)) idle = 0;
    if (live) {
      std::string status = follower.status();
      status.resize(std::min(status.size(), std::max<std::size_t>(terminal_columns(), 21) - 1));
      print_err("\r" + status + "\x1b[K");
    }
    // The last event of a process comes before it lets go of the run.
    const bool look = idle % kPollsBeforeALook == (follower.ended() ? 1 : kPollsBeforeALook - 1);
    if (look && !store::is_at_work(run) && !file.read(take)) {
      if (live) print_err("\r\x1b[K");
      return end_of(follower, run);
    }
    if (!clock.sleep_for(kPoll, invocation.stop)) {
      if (live) print_err("\r\x1b[K");
      return 130;
    }
  }
}

}  // namespace skillgrad::cli
