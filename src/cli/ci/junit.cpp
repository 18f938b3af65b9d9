// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "cli/ci/ci_report.hpp"

namespace skillgrad::cli {
namespace {

/// Text and attribute values; XML 1.0 has no place for control characters.
std::string xml(const std::string& text) {
  std::string out;
  for (const char c : strip_control(sanitize_utf8(text))) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\n')
      out += "&#10;";
    else if (c == '\t')
      out += "&#9;";
    else
      out += c;
  }
  // No characters of XML, although they are of UTF-8.
  return replace_all(replace_all(std::move(out), "\xEF\xBF\xBE", "?"), "\xEF\xBF\xBF", "?");
}

class Suite {
 public:
  explicit Suite(std::string folder) : folder_(std::move(folder)) {}

  /// `kind`: "failure", "error", "skipped" or "" for a case that passed.
  void add(const std::string& name, const std::string& kind, const std::string& type,
           const std::string& message, double seconds = 0) {
    ++tests_;
    failures_ += kind == "failure" ? 1U : 0U;
    errors_ += kind == "error" ? 1U : 0U;
    skipped_ += kind == "skipped" ? 1U : 0U;
    cases_ += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", xml(folder_),
                          xml(name), seconds);
    if (kind.empty())
      cases_ += "/>\n";
    else
      cases_ += kind == "skipped"
                    ? fmt::format("><skipped message=\"{}\"/></testcase>\n", xml(message))
                    : fmt::format("><{} type=\"{}\" message=\"{}\"/></testcase>\n", kind, xml(type),
                                  xml(truncate_middle(message, 2000)));
  }
  [[nodiscard]] std::string text() const {
    return fmt::format(
        " <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n{} "
        "</testsuite>\n",
        xml(folder_), tests_, failures_, errors_, skipped_, cases_);
  }

 private:
  std::string folder_, cases_;
  std::size_t tests_ = 0, failures_ = 0, errors_ = 0, skipped_ = 0;
};

void add_validation(const Validated& validated, Suite& suite) {
  std::string what;
  for (const auto& finding : validated.rules)
    if (finding.severity == skill::Severity::error)
      what += fmt::format("{}:{}: {} [{}]\n", finding.file, finding.line, finding.message,
                          finding.rule);
  suite.add("validate", what.empty() ? "" : "failure", "invalid_skill", what);
}

void add_rollout(const optim::LossRecord& record, int trials, Suite& suite) {
  using enum optim::LossStatus;
  const std::string name =
      trials > 1 ? fmt::format("{} (trial {})", record.task_id, record.sample) : record.task_id;
  const std::string kind = record.status == pass      ? ""
                           : record.status == error   ? "error"
                           : record.status == skipped ? "skipped"
                                                      : "failure";
  suite.add(name, kind, name_of(record.status), record.failed() ? record.error : record.feedback,
            record.seconds);
}

}  // namespace

std::string ci_junit(const CiReport& report) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"skillgrad ci\">\n";
  for (const auto& skill : report.skills) {
    if (skill.skill.change == SkillChange::removed) continue;
    Suite suite(skill.skill.folder);
    if (skill.validated) add_validation(*skill.validated, suite);
    if (skill.tasks)
      for (const auto& problem : skill.tasks->problems)
        suite.add("task " + problem.task_id, "failure", "broken_task", problem.what);
    if (skill.after)
      for (const auto& record : skill.after->summary.records)
        add_rollout(record, skill.after->summary.trials, suite);
    for (const auto& failure : skill.failures) suite.add("gate", "failure", "gate", failure);
    if (skill.error) suite.add("run", "error", name_of(skill.error->code), skill.error->to_line());
    out += suite.text();
  }
  return out + "</testsuites>\n";
}

}  // namespace skillgrad::cli
