// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/interchange.hpp>

#include "report/interchange/rollout_files.hpp"

namespace skillgrad::report {
namespace {

constexpr std::size_t kMessageBytes = 2000, kDetailBytes = 20'000;

/// Text and attribute values; XML 1.0 has no place for control characters.
std::string xml(const std::string& text, bool attribute = true) {
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
    else if (c == '\n' && attribute)
      out += "&#10;";
    else if (c == '\t' && attribute)
      out += "&#9;";
    else
      out += c;
  }
  // No characters of XML, although they are of UTF-8.
  return replace_all(replace_all(std::move(out), "\xEF\xBF\xBE", "?"), "\xEF\xBF\xBF", "?");
}

JunitSuite::Kind kind_of(optim::LossStatus status) {
  using enum optim::LossStatus;
  switch (status) {
    case pass:
      return JunitSuite::Kind::passed;
    case error:
      return JunitSuite::Kind::error;
    case skipped:
      return JunitSuite::Kind::skipped;
    default:
      return JunitSuite::Kind::failure;
  }
}

/// The arm of a column that the run makes a claim of; nothing where none was measured.
struct Claimed {
  std::string column;
  Arm arm = Arm::after;
};

std::optional<Claimed> claimed_by(const RunReport& report) {
  if (report.facts.command == "eval") return Claimed{"eval", Arm::after};
  if (report.facts.command == "calibrate") return Claimed{"base", Arm::before};
  for (const Column& column : report.columns)
    if (column.key == "test")
      return Claimed{"test", report.best && report.best->iteration == 0 ? Arm::before : Arm::after};
  return std::nullopt;
}

std::string said(const optim::LossRecord& record) {
  return record.failed() ? record.error : record.feedback;
}

void add_rollouts(const RolloutFiles& files, const RunReport& report, const Claimed& claimed,
                  JunitSuite& suite) {
  bool trials = false;
  std::vector<RolloutRecord> records;
  for (const auto& place : files.of(claimed.column, claimed.arm))
    if (auto record = files.read(place)) {
      trials = trials || record->loss.sample > 0;
      records.push_back(std::move(*record));
    }
  for (const RolloutRecord& record : records) suite.add(record.loss, trials);
  if (report.facts.command != "eval") return;
  // Planned, and not run: they have no folder.
  for (const TaskRow& task : report.tasks)
    if (task.rollouts.empty())
      suite.add({task.id, JunitSuite::Kind::skipped, "skipped", "was not run", {}, 0});
}

/// What the whole came to, where it is asked: a gate, a release test, a run that did not end.
void add_claim(const RunReport& report, JunitSuite& suite) {
  using enum JunitSuite::Kind;
  const Verdict& verdict = report.verdict;
  if (report.facts.condition == RunCondition::stopped)
    suite.add({"run", error, "stopped", report.facts.error, report.facts.mend, 0});
  else if (report.facts.condition != RunCondition::finished)
    suite.add({"run",
               error,
               name_of(report.facts.condition),
               std::string("the run is ") + name_of(report.facts.condition) + " and has no result",
               {},
               0});
  if (report.facts.command == "eval" && verdict.name == "fail")
    suite.add({"verdict", failure, "verdict", verdict.line, verdict.explanation, 0});
  else if (report.facts.command == "eval" && verdict.name == "pass")
    suite.add({"verdict", passed, {}, {}, {}, 0});
  if (report.facts.command != "optimize") return;
  JunitSuite::Case test{"release test", passed, "worse", verdict.line, verdict.explanation, 0};
  if (verdict.name == "worse") test.kind = failure;
  if (verdict.name != "worse" && verdict.name != "improved") test.kind = skipped;
  suite.add(test);
}

}  // namespace

void JunitSuite::add(const Case& added) {
  ++tests_;
  failures_ += added.kind == Kind::failure ? 1U : 0U;
  errors_ += added.kind == Kind::error ? 1U : 0U;
  skipped_ += added.kind == Kind::skipped ? 1U : 0U;
  seconds_ += added.seconds;
  cases_ += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", xml(name_),
                        xml(added.name), added.seconds);
  const std::string message = xml(truncate_middle(added.message, kMessageBytes));
  if (added.kind == Kind::passed) {
    cases_ += "/>\n";
  } else if (added.kind == Kind::skipped) {
    cases_ += fmt::format("><skipped message=\"{}\"/></testcase>\n", message);
  } else {
    const char* element = added.kind == Kind::error ? "error" : "failure";
    cases_ += fmt::format("><{} type=\"{}\" message=\"{}\"", element, xml(added.type), message);
    cases_ += added.details.empty()
                  ? "/>"
                  : fmt::format(">{}</{}>",
                                xml(truncate_middle(added.details, kDetailBytes), false), element);
    cases_ += "</testcase>\n";
  }
}

void JunitSuite::add(const optim::LossRecord& record, bool trials) {
  const std::string name =
      trials ? fmt::format("{} (trial {})", record.task_id, record.sample) : record.task_id;
  std::string details;
  for (const bench::Check& check : record.checks)
    if (check.score < 1) details += check.name + ": " + check.message + "\n";
  add({name, kind_of(record.status), name_of(record.status), said(record), std::move(details),
       record.seconds});
}

void JunitSuite::property(const std::string& name, const std::string& value) {
  if (!value.empty())
    properties_ += fmt::format("   <property name=\"{}\" value=\"{}\"/>\n", xml(name), xml(value));
}

std::string JunitSuite::text() const {
  std::string out = fmt::format(
      " <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
      "time=\"{:.3f}\"",
      xml(name_), tests_, failures_, errors_, skipped_, seconds_);
  if (!timestamp_.empty()) out += " timestamp=\"" + xml(timestamp_) + "\"";
  out += ">\n";
  if (!properties_.empty()) out += "  <properties>\n" + properties_ + "  </properties>\n";
  return out + cases_ + " </testsuite>\n";
}

std::string junit_document(const std::string& name, const std::vector<JunitSuite>& suites) {
  std::size_t tests = 0, failures = 0, errors = 0;
  double seconds = 0;
  std::string body;
  for (const JunitSuite& suite : suites) {
    tests += suite.tests_;
    failures += suite.failures_;
    errors += suite.errors_;
    seconds += suite.seconds_;
    body += suite.text();
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n{}</testsuites>\n",
      xml(name), tests, failures, errors, seconds, body);
}

std::string junit_page(const fs::path& dir, const RunReport& report, ExportNotes& notes) {
  const RolloutFiles files(dir, report, notes);
  const RunFacts& facts = report.facts;
  const auto claimed = claimed_by(report);
  const std::string skill = fs::path(facts.skill).filename().string();
  JunitSuite suite(skill.empty() ? "no skill" : skill);
  // Readers of this attribute know no fractions and no zone: it is UTC.
  if (!facts.finished_at.empty()) suite.timestamp(facts.finished_at.substr(0, 19));
  suite.property("command", facts.command);
  suite.property("skill", facts.skill);
  suite.property("benchmark", facts.benchmark);
  suite.property("split", facts.command == "eval"                ? facts.split
                          : claimed && claimed->column == "test" ? "test"
                          : facts.command == "calibrate"         ? "val"
                                                                 : "");
  suite.property("model", facts.model);
  suite.property("grading", facts.grading);
  suite.property("verdict", report.verdict.line);
  if (claimed) add_rollouts(files, report, *claimed, suite);
  add_claim(report, suite);
  return junit_document("skillgrad " + facts.command, {suite});
}

}  // namespace skillgrad::report
