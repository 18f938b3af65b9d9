// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/report/interchange.hpp>

#include "cli/ci/ci_report.hpp"

namespace skillgrad::cli {
namespace {

using report::JunitSuite;

void add_validation(const Validated& validated, JunitSuite& suite) {
  std::string what;
  for (const auto& finding : validated.rules)
    if (finding.severity == skill::Severity::error)
      what += fmt::format("{}:{}: {} [{}]\n", finding.file, finding.line, finding.message,
                          finding.rule);
  suite.add({"validate",
             what.empty() ? JunitSuite::Kind::passed : JunitSuite::Kind::failure,
             "invalid_skill",
             what,
             {},
             0});
}

}  // namespace

std::string ci_junit(const CiReport& report) {
  using enum JunitSuite::Kind;
  std::vector<JunitSuite> suites;
  for (const auto& skill : report.skills) {
    if (skill.skill.change == SkillChange::removed) continue;
    JunitSuite suite(skill.skill.folder);
    if (skill.validated) add_validation(*skill.validated, suite);
    if (skill.tasks)
      for (const auto& problem : skill.tasks->problems)
        suite.add({"task " + problem.task_id, failure, "broken_task", problem.what, {}, 0});
    if (skill.after)
      for (const auto& record : skill.after->summary.records)
        suite.add(record, skill.after->summary.trials > 1);
    for (const auto& unmet : skill.failures) suite.add({"gate", failure, "gate", unmet, {}, 0});
    if (skill.error)
      suite.add({"run", error, name_of(skill.error->code), skill.error->to_line(), {}, 0});
    suites.push_back(std::move(suite));
  }
  return report::junit_document("skillgrad ci", suites);
}

}  // namespace skillgrad::cli
