// SPDX-License-Identifier: MIT
#include <algorithm>

#include "cli/cluster/cluster.hpp"
#include "cli/cluster/shard_folders.hpp"
#include "cli/run/ending.hpp"
#include "cli/run/evaluate_run.hpp"
#include "cli/run/open_run.hpp"

namespace skillgrad::cli {
namespace {

/// The work was done when the last shard ended, and took what all of them took.
Result<RunRequest::Found> times_of(const std::vector<ShardFolder>& shards) {
  RunRequest::Found out;
  for (const ShardFolder& one : shards) {
    const fs::path file = one.dir / "run.json";
    std::error_code ignored;
    if (!fs::exists(file, ignored)) continue;
    SKILLGRAD_TRY(const Json result, read_json(file));
    if (const Json seconds = result.value("seconds", Json()); seconds.is_number())
      out.seconds += seconds.get<double>();
    if (const Json at = result.value("finished_at", Json()); at.is_string())
      out.finished_at = std::max(out.finished_at, at.get<std::string>());
  }
  return out;
}

}  // namespace

Result<int> cmd_merge(const Invocation& invocation) {
  const fs::path run = fs::absolute(invocation.arguments.at(0)).lexically_normal();
  SKILLGRAD_TRY(const auto shards, shards_of(run));
  SKILLGRAD_CHECK(join_files(run, shards));
  RunRequest request;
  SKILLGRAD_TRY(request.found, times_of(shards));
  SKILLGRAD_TRY(const auto setup, reopen_run(invocation, run.string(), request));
  if (request.command != RunCommand::eval)
    return fail(ErrorCode::input, "only an evaluation has shards", run.string(),
                "give the --run directory of `skillgrad eval SKILL --shard 1/4`");
  if (auto done = adopt_rollouts(*setup, request, shards); !done)
    return end_run_with_error(std::move(done).error(), invocation, *setup);
  return finish_eval(*setup, invocation, request);
}

}  // namespace skillgrad::cli
