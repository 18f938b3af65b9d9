// SPDX-License-Identifier: MIT
#include "optim/rollouts/tripwires.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/troubles.hpp>

namespace skillgrad::optim {
namespace {

/// A larger share of errors means that the measurement is broken.
constexpr double kMostErrors = 0.2;
/// So few rollouts may look alike by chance.
constexpr std::size_t kFew = 3;

using Test = std::function<bool(const LossRecord&)>;

bool all_graded(const EvalSummary& measured, const Test& test) {
  return std::all_of(measured.records.begin(), measured.records.end(),
                     [&](const LossRecord& record) { return !record.graded() || test(record); });
}

bool left_nothing(const LossRecord& record) {
  return record.signs && !record.signs->answered && record.score <= 0;
}

/// The tool error that every rollout ended with and failed, if they are alike but for details.
std::optional<std::string> common_tool_error(const EvalSummary& measured) {
  std::optional<std::string> common;
  const bool alike = all_graded(measured, [&](const LossRecord& record) {
    if (record.score > 0 || !record.signs || record.signs->tool_error.empty()) return false;
    const std::string form = common_form(record.signs->tool_error);
    if (!common) common = form;
    return *common == form;
  });
  return alike ? common : std::nullopt;
}

void look_at_errors(const EvalSummary& measured, const std::string& what,
                    std::vector<Tripwire>& out) {
  if (measured.error_rate() <= kMostErrors) return;
  out.push_back({fmt::format("{} of {} rollouts of the {} ended as errors, at most {:.0f} % may",
                             measured.errors(), measured.planned, what, 100 * kMostErrors),
                 "mend what the errors name (`skillgrad doctor` looks at the endpoint and this "
                 "machine) and resume",
                 true});
}

void look_at_answers(const EvalSummary& measured, const std::string& what,
                     std::vector<Tripwire>& out) {
  if (all_graded(measured, left_nothing)) {
    out.push_back({fmt::format("no rollout of the {} left an answer that can be graded, so there "
                               "is nothing to learn from",
                               what),
                   "look at a trajectory.jsonl there: does the agent call tools, and does the "
                   "task say which file to write?",
                   true});
    return;
  }
  if (const auto error = common_tool_error(measured); error && measured.graded >= kFew)
    out.push_back({fmt::format("every rollout of the {} failed after the same tool error: {}", what,
                               truncate_middle(replace_all(*error, "\n", " "), 160)),
                   "mend what the error names on this machine (`skillgrad doctor` looks at it)",
                   true});
}

/// A skill that nobody reads cannot change a score but through its description.
void look_at_skill(const EvalSummary& measured, const std::string& what,
                   std::vector<Tripwire>& out) {
  const bool unread = all_graded(measured, [](const LossRecord& record) {
    return record.signs && record.signs->skill_read == false;
  });
  if (unread && measured.graded >= kFew)
    out.push_back({fmt::format("no rollout of the {} read the skill, so its text had no part in "
                               "any score",
                               what),
                   "see whether the description says when to use the skill", false});
}

void look_at_scores(const EvalSummary& measured, const std::string& what,
                    std::vector<Tripwire>& out) {
  // A skill for rules that no model can know begins at 0, and has the most to learn.
  if (measured.graded > 1 && measured.score <= 0)
    out.push_back({fmt::format("every task of the {} scored 0; that is fine where the skill is to "
                               "teach what no model can know, and a sign of a wrong measurement "
                               "elsewhere",
                               what),
                   "", false});
  if (measured.score >= 1)
    out.push_back(
        {fmt::format("every task of the {} is right already, so there is nothing to learn from",
                     what),
         "give harder tasks, or score the test split alone with `skillgrad eval SKILL`", true});
}

}  // namespace

std::vector<Tripwire> tripwires(const EvalSummary& measured, const std::string& what) {
  std::vector<Tripwire> out;
  look_at_errors(measured, what, out);
  if (measured.graded == 0) return out;
  look_at_answers(measured, what, out);
  look_at_skill(measured, what, out);
  look_at_scores(measured, what, out);
  return out;
}

}  // namespace skillgrad::optim
