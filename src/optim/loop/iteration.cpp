// SPDX-License-Identifier: MIT
#include "optim/loop/iteration.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "optim/loop/bookkeeper.hpp"

namespace skillgrad::optim {
namespace {

constexpr const char* kUngraded = "ungraded.json";

}  // namespace

IterationRunner::IterationRunner(const LoopContext& loop, Step& step, const Method& method)
    : loop_(loop), settings_(*loop.settings), parts_(*loop.parts), step_(step), method_(method) {}

Result<IterationRow> IterationRunner::run() {
  const std::size_t before = loop_.book->book().size();
  SKILLGRAD_TRY(step_.current, load_candidate(parts_, step_.state.current_iteration));
  if (method_.runs_batches()) {
    SKILLGRAD_CHECK(execute());
    SKILLGRAD_CHECK(gather_evidence());
  }
  const auto proposer = method_.start(step_);
  SKILLGRAD_CHECK(proposer->propose());
  SKILLGRAD_CHECK(decide());
  SKILLGRAD_CHECK(approve());
  SKILLGRAD_CHECK(proposer->learn());
  SKILLGRAD_CHECK(settle());
  SKILLGRAD_CHECK(loop_.book->save(before, step_.file(kBookFile)));
  return step_.row;
}

Result<> IterationRunner::execute() {
  RolloutRunner::Batch batch;
  batch.skill = &step_.current;
  batch.task_ids = step_.batch;
  batch.samples = samples_of_train(settings_);
  batch.dir = step_.name;
  batch.label = fmt::format("iteration {}: execute", step_.iteration);
  SKILLGRAD_TRY(batch.again, forgotten());
  StageContext scoring = step_.context();
  scoring.objective = package_facts(loop_, step_.current);
  SKILLGRAD_TRY(step_.losses, loop_.runner->run(batch, scoring));
  const auto summary = summarize(step_.losses, batch.samples);
  if (summary.graded == 0) SKILLGRAD_CHECK(wait_for_grades(batch));
  if (!settings_.recorded) loop_.book->add(step_.current, step_.losses);
  Json lines = Json::array();
  for (const auto& record : step_.losses) lines.push_back(to_json(record));
  SKILLGRAD_CHECK(parts_.store->write(step_.file("losses.jsonl"), json_lines(lines)));
  step_.row.train_score = summary.score;
  step_.row.train_n = summary.graded;
  return {};
}

/// What an earlier process asked of this batch in vain.
Result<RolloutRunner::Again> IterationRunner::forgotten() const {
  RolloutRunner::Again out;
  SKILLGRAD_TRY(const auto earlier, parts_.store->read(step_.file(kUngraded)));
  if (!earlier) return out;
  const auto json = parse_json(*earlier, kUngraded);
  const Json tries = json && json->is_object() ? json->value("tries", Json()) : Json();
  out.tries = tries.is_number_integer() ? std::clamp(tries.get<int>(), 1, 1'000'000) : 1;
  out.executor = json && json->is_object() && json->value("executor", Json()) == Json(true);
  return out;
}

/// Where no rollout could be graded, something other than the agent is at fault: the batch waits
/// for a resume instead of being lost. Only a task that stands alone and fails again at the resume
/// is taken for the culprit itself, so that it cannot hold up the run for ever.
Result<> IterationRunner::wait_for_grades(const RolloutRunner::Batch& batch) {
  const std::string marker = step_.file(kUngraded);
  SKILLGRAD_TRY(const auto earlier, parts_.store->read(marker));
  if (earlier && step_.batch.size() == 1) return {};
  const std::string first = step_.losses.front().task_id + ": " + step_.losses.front().error;
  const bool unfinished =
      std::any_of(step_.losses.begin(), step_.losses.end(), [](const auto& record) {
        return record.error.starts_with(name_of(ErrorCode::malformed_reply));
      });
  const Json note = {{"error", first},
                     {"tries", batch.again.tries + 1},
                     {"executor", batch.again.executor || unfinished}};
  SKILLGRAD_CHECK(parts_.store->write(marker, dump_json(note, 1) + "\n"));
  SKILLGRAD_CHECK(loop_.runner->forget(batch));
  return fail(ErrorCode::infra,
              fmt::format("none of the {} rollouts of iteration {} could be graded; the first: {}",
                          step_.losses.size(), step_.iteration, first),
              step_.name,
              "mend what the error names (`skillgrad doctor` looks at it), then resume");
}

}  // namespace skillgrad::optim
