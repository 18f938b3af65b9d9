// SPDX-License-Identifier: MIT
#include "optim/loop/reruns.hpp"

#include <algorithm>

namespace skillgrad::optim {
namespace {

struct Asked {
  std::vector<decisions::Need> needs;
  [[nodiscard]] bool done() const { return needs.empty(); }
};

/// The pass that holds the `number`-th rollout of each task.
Reruns::Pass pass_of(const decisions::ScoreBook& book, const std::string& package,
                     const std::vector<std::string>& tasks, std::size_t number) {
  Reruns::Pass out;
  double sum = 0;
  for (const auto& task : tasks)
    for (const decisions::Entry& entry : book.entries(package, task))
      if (entry.repeat == number && entry.score) {
        sum += *entry.score;
        ++out.n;
      }
  if (out.n > 0) out.score = sum / static_cast<double>(out.n);
  return out;
}

}  // namespace

std::optional<std::size_t> Reruns::best() const {
  std::optional<std::size_t> out;
  for (std::size_t i = 0; i < passes.size(); ++i)
    if (passes[i].n > 0 && (!out || passes[i].score > passes[*out].score)) out = i;
  return out;
}

double Reruns::mean() const {
  double sum = 0;
  std::size_t n = 0;
  for (const Pass& pass : passes)
    if (pass.n > 0) {
      sum += pass.score;
      ++n;
    }
  return n > 0 ? sum / static_cast<double>(n) : 0;
}

Result<Reruns> run_again(const LoopContext& loop, const std::vector<std::string>& tasks,
                         std::size_t passes) {
  Bookkeeper& book = *loop.book;
  const std::string package = book.know(loop.parts->initial);
  Reruns out;
  if (tasks.empty()) return out;
  std::size_t before = 0;  // passes that the first measurements made
  for (const auto& task : tasks)
    before = std::max(before, book.book().entries(package, task).size());
  const std::size_t end = before + passes;
  const BookPlace place{"reruns", "rerun", 0, {{package, ""}}};
  SKILLGRAD_TRY([[maybe_unused]] const auto done, book.drive(place, [&] {
    Asked asked;
    for (std::size_t number = before; number < end; ++number)
      for (const auto& task : tasks)
        if (const decisions::Need need{package, task, number}; !book.book().has(need))
          asked.needs.push_back(need);
    return asked;
  }));
  for (std::size_t number = 0; number < end; ++number)
    out.passes.push_back(pass_of(book.book(), package, tasks, number));
  if (passes == 0) return out;
  if (out.passes.back().n > 0) out.fresh = out.passes.back().score;
  out.passes.pop_back();
  return out;
}

Json to_json(const Reruns& value) {
  Json passes = Json::array();
  for (const Reruns::Pass& pass : value.passes)
    passes.push_back({{"score", pass.n > 0 ? Json(pass.score) : Json()}, {"n", pass.n}});
  const auto best = value.best();
  return {{"split", value.split},
          {"passes", passes},
          {"best_pass", best ? Json(*best + 1) : Json()},
          {"optimistic_score", best ? Json(value.passes[*best].score) : Json()},
          {"mean_score", best ? Json(value.mean()) : Json()},
          {"fresh_score", value.fresh ? Json(*value.fresh) : Json()},
          {"test_said", value.test_said ? Json(name_of(*value.test_said)) : Json()}};
}

}  // namespace skillgrad::optim
