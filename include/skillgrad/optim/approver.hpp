// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::optim {

/// What a person made of a patch that the gate took. `changed`: a part of it was taken, or other
/// words; that package was measured again.
enum class ApprovalOutcome { accepted, changed, rejected };

/// How a person decided, hunk by hunk, in numbers.
struct ApprovalCounts {
  std::size_t accepted = 0, edited = 0, rejected = 0;
};

/// `skillgrad.approval/1`, RUN/iter_NNN/approval.json: what a run goes on with.
struct Approval {
  ApprovalOutcome outcome = ApprovalOutcome::accepted;
  ApprovalCounts hunks;
  std::string comment;  ///< in the person's words, or ""
};
[[nodiscard]] Json to_json(const Approval& approval);
/// Errors: input.
[[nodiscard]] Result<Approval> approval_from_json(const Json& value);
/// "approved by a person (2 accepted, 1 rejected): too narrow"
[[nodiscard]] std::string approval_text(const Approval& approval);

/// A patch that the gate took, before the skill becomes it.
struct ApprovalRequest {
  int iteration = 0;
  std::string dir;  ///< of the run, "iter_003"
  const skill::SkillPackage* current = nullptr;
  const skill::SkillPackage* proposed = nullptr;
  std::string reason;  ///< the gate's
};
struct ApprovalAnswer {
  skill::SkillPackage package;  ///< the proposed one, the current one, or what was made of both
  ApprovalCounts hunks;
  std::string comment;
};

/// Asks a person. The optimizer knows neither terminals nor pages.
class Approver {
 public:
  virtual ~Approver() = default;
  /// Waits for the answer; partial decisions are kept in RUN/DIR/review.json. Errors: cancelled (a
  /// stop was asked for, or the person wants to decide later; a resume asks again), io.
  [[nodiscard]] virtual Result<ApprovalAnswer> ask(const ApprovalRequest& request) = 0;
};

}  // namespace skillgrad::optim

namespace skillgrad {

template <>
struct EnumText<optim::ApprovalOutcome> {
  using enum optim::ApprovalOutcome;
  static constexpr EnumName<optim::ApprovalOutcome> kTable[] = {
      {accepted, "accepted"}, {changed, "changed"}, {rejected, "rejected"}};
};

}  // namespace skillgrad
