// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include <skillgrad/report/review.hpp>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// A review that is being written: each decision is in its file at once. Thread-safe but for
/// `report` and `proposal`, which do not change.
class ReviewSession {
 public:
  /// Goes on with the file that is there. Errors: those of read_proposal, read_run and read_review.
  [[nodiscard]] static Result<ReviewSession> open(const Invocation& invocation,
                                                  std::size_t trace_bytes);
  /// Of a proposal that was read already. Errors: those of read_review.
  [[nodiscard]] static Result<ReviewSession> open(report::RunReport report,
                                                  report::Proposal proposal, const fs::path& file);
  ReviewSession(ReviewSession&& other) noexcept;

  [[nodiscard]] const report::RunReport& report() const { return report_; }
  [[nodiscard]] const report::Proposal& proposal() const { return proposal_; }
  [[nodiscard]] const fs::path& file() const { return file_; }
  [[nodiscard]] report::Review review() const;
  /// Errors: those of report::decide; io. On an error nothing is changed.
  [[nodiscard]] Result<> decide(std::size_t hunk, report::HunkReview decision);
  [[nodiscard]] Result<> comment(const std::string& text);
  /// Writes the file as it is, so that there is one.
  [[nodiscard]] Result<> save();
  /// What the review comes to, and the command that follows.
  [[nodiscard]] std::string summary() const;

 private:
  ReviewSession() = default;
  [[nodiscard]] Result<> keep(report::Review changed);

  report::RunReport report_;
  report::Proposal proposal_;
  fs::path file_;
  mutable std::mutex mutex_;
  report::Review review_;
};

}  // namespace skillgrad::cli
