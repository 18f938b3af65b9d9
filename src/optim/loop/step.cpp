// SPDX-License-Identifier: MIT
#include "optim/loop/step.hpp"

#include <algorithm>

#include <skillgrad/optim/plan.hpp>

namespace skillgrad::optim {

// A small pool with --updates gives batches that name a task twice: it is one piece of evidence.
Step::Step(const LoopContext& of, int number, const std::vector<std::string>& tasks,
           RunState& so_far, const std::vector<std::string>& line)
    : loop(of),
      iteration(number),
      batch(each_once(tasks)),
      probe(batch),
      state(so_far),
      lineage(line),
      name(iteration_name(number)) {
  row.iteration = number;
}

std::string Step::file(const std::string& of) const { return name + "/" + of; }

StageContext Step::context() const { return stage_context(loop, name, iteration); }

RunGroup Step::group_of(const std::string& task) const {
  RunGroup out;
  for (const auto& record : losses)
    if (record.task_id == task && record.graded()) ++(record.score < 1 ? out.wrong : out.right);
  return out;
}

const LossRecord* Step::failed_base(const std::string& task) const {
  const auto found = std::find_if(loop.base.begin(), loop.base.end(), [&](const LossRecord& base) {
    return base.task_id == task && base.graded() && base.score < 1;
  });
  return found == loop.base.end() ? nullptr : &*found;
}

Error Step::damaged_file(Error error, const char* of) const {
  return damaged(std::move(error), *loop.parts->store, file(of));
}

std::string json_lines(const Json& array) {
  std::string out;
  for (const auto& item : array) out += dump_json(item) + "\n";
  return out;
}

}  // namespace skillgrad::optim
