// SPDX-License-Identifier: MIT
#include "cli/review/review_session.hpp"

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "cli/review/review_flags.hpp"
#include "cli/screen/console.hpp"

namespace skillgrad::cli {

ReviewSession::ReviewSession(ReviewSession&& other) noexcept
    : report_(std::move(other.report_)),
      proposal_(std::move(other.proposal_)),
      file_(std::move(other.file_)),
      review_(std::move(other.review_)) {}

Result<ReviewSession> ReviewSession::open(const Invocation& invocation, std::size_t trace_bytes) {
  const fs::path run = invocation.arguments.front();
  SKILLGRAD_TRY(const auto iteration, iteration_flag(invocation));
  SKILLGRAD_TRY(auto proposal, report::read_proposal(run, iteration));
  SKILLGRAD_TRY(auto report, report::read_run(run, {trace_bytes, iteration, std::nullopt}));
  const fs::path file = invocation.value("file", (proposal.run / "review.json").string());
  return open(std::move(report), std::move(proposal), file);
}

Result<ReviewSession> ReviewSession::open(report::RunReport report, report::Proposal proposal,
                                          const fs::path& file) {
  ReviewSession out;
  out.report_ = std::move(report);
  out.proposal_ = std::move(proposal);
  out.file_ = fs::absolute(file);
  std::error_code ignored;
  out.review_ = report::open_review(out.proposal_);
  if (fs::exists(out.file_, ignored)) {
    SKILLGRAD_TRY(out.review_, report::read_review(out.file_, out.proposal_));
  }
  return out;
}

report::Review ReviewSession::review() const {
  const std::lock_guard lock(mutex_);
  return review_;
}

Result<> ReviewSession::keep(report::Review changed) {
  SKILLGRAD_CHECK(write_json(file_, report::to_json(proposal_, changed)));
  review_ = std::move(changed);
  return {};
}

Result<> ReviewSession::decide(std::size_t hunk, report::HunkReview decision) {
  const std::lock_guard lock(mutex_);
  report::Review changed = review_;
  SKILLGRAD_CHECK(report::decide(proposal_, changed, hunk, std::move(decision)));
  return keep(std::move(changed));
}

Result<> ReviewSession::comment(const std::string& text) {
  const std::lock_guard lock(mutex_);
  report::Review changed = review_;
  changed.comment = text;
  return keep(std::move(changed));
}

Result<> ReviewSession::save() {
  const std::lock_guard lock(mutex_);
  return keep(review_);
}

std::string ReviewSession::summary() const {
  using report::HunkDecision;
  const report::Review now = review();
  std::size_t counts[4] = {};
  for (const auto& one : now.hunks) ++counts[static_cast<std::size_t>(one.decision)];
  const auto of = [&](HunkDecision decision) { return counts[static_cast<std::size_t>(decision)]; };
  std::string out = fmt::format("{} accepted, {} edited, {} rejected, {} open: {}\n",
                                of(HunkDecision::accept), of(HunkDecision::edit),
                                of(HunkDecision::reject), of(HunkDecision::open), file_.string());
  const std::string iteration =
      proposal_.source == "best" ? ""
                                 : fmt::format(" --iter {}", std::stoi(proposal_.source.substr(5)));
  const std::string run = shell_word(proposal_.run.string()) + iteration;
  if (const auto open = report::undecided(proposal_, now); !open.empty())
    return out +
           fmt::format("open: {}; go on with: skillgrad review {}\n", list_some(open, 20), run);
  const auto merged =
      skill::merge_hunks(proposal_.initial, proposal_.initial, report::taken(proposal_, now));
  if (merged)
    if (const auto valid = report::check_package(proposal_, merged->package, proposal_.initial);
        !valid)
      return out + "what was accepted cannot be applied: " + valid.error().message + "\n";
  return out +
         fmt::format("next: skillgrad apply {} --review {}\n", run, shell_word(file_.string()));
}

}  // namespace skillgrad::cli
