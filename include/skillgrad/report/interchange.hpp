// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/report/run_report.hpp>

/// What a run holds, in the formats of other programs (docs/interchange.md says what maps to what).
/// Equal runs give equal bytes: no clock is asked, times are those that the run saved.
namespace skillgrad::report {

/// A suite of JUnit's XML. Names and messages may hold anything: what XML has no place for is left
/// out or replaced.
class JunitSuite {
 public:
  explicit JunitSuite(std::string name) : name_(std::move(name)) {}

  /// error: it could not be judged; failure: it was judged, and is not right.
  enum class Kind { passed, failure, error, skipped };
  struct Case {
    std::string name;
    Kind kind = Kind::passed;
    std::string type;     ///< of a failure or error: one word
    std::string message;  ///< shortened to 2,000 bytes
    std::string details;  ///< below it, shortened to 20,000 bytes
    double seconds = 0;
  };
  void add(const Case& added);
  /// The case of a rollout, named after its task, and with several trials after its trial.
  void add(const optim::LossRecord& record, bool trials);
  void property(const std::string& name, const std::string& value);
  void timestamp(std::string utc) { timestamp_ = std::move(utc); }
  [[nodiscard]] std::size_t size() const { return tests_; }

 private:
  friend std::string junit_document(const std::string& name, const std::vector<JunitSuite>& suites);
  [[nodiscard]] std::string text() const;

  std::string name_, timestamp_, properties_, cases_;
  std::size_t tests_ = 0, failures_ = 0, errors_ = 0, skipped_ = 0;
  double seconds_ = 0;
};
[[nodiscard]] std::string junit_document(const std::string& name,
                                         const std::vector<JunitSuite>& suites);

/// What a format could not take over, one sentence each.
using ExportNotes = std::vector<std::string>;

/// JUnit's XML of a run that read_run() read from `dir`: the rollouts that it makes a claim of, and
/// the claim.
[[nodiscard]] std::string junit_page(const std::filesystem::path& dir, const RunReport& report,
                                     ExportNotes& notes);
/// An evaluation as a log of Inspect (EvalLog, version 2). Errors: usage (another run).
[[nodiscard]] Result<std::string> inspect_log(const std::filesystem::path& dir,
                                              const RunReport& report, ExportNotes& notes);
/// What that log is called: Inspect lists only logs whose names begin with a time.
[[nodiscard]] std::string inspect_file_name(const RunReport& report);
/// An evaluation, or the test split of an optimization, as a workspace of skill-creator. `out` must
/// not exist, or be empty. Errors: usage (nothing was measured, `out` holds something), io.
[[nodiscard]] Result<> write_skill_creator(const std::filesystem::path& dir,
                                           const RunReport& report,
                                           const std::filesystem::path& out, ExportNotes& notes);
/// Each rollout of the run as a trajectory of ATIF, version 1.7. As write_skill_creator().
[[nodiscard]] Result<> write_atif(const std::filesystem::path& dir, const RunReport& report,
                                  const std::filesystem::path& out, ExportNotes& notes);

}  // namespace skillgrad::report
