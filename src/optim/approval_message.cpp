// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/approver.hpp>

namespace skillgrad::optim {
namespace {

constexpr std::int64_t kMostHunks = 1'000'000;

std::string counts_text(const ApprovalCounts& hunks) {
  std::vector<std::string> out;
  const auto add = [&](std::size_t n, const char* word) {
    if (n > 0) out.push_back(fmt::format("{} {}", n, word));
  };
  add(hunks.accepted, "accepted");
  add(hunks.edited, "edited");
  add(hunks.rejected, "rejected");
  return join(out, ", ");
}

}  // namespace

Json to_json(const Approval& approval) {
  return {{"by", "a person"},
          {"outcome", name_of(approval.outcome)},
          {"hunks",
           {{"accepted", approval.hunks.accepted},
            {"edited", approval.hunks.edited},
            {"rejected", approval.hunks.rejected}}},
          {"comment", approval.comment}};
}

Result<Approval> approval_from_json(const Json& value) {
  StrictReader reader(value, "approval");
  Approval out;
  reader.ignore("by");
  out.outcome = read_named<ApprovalOutcome>(reader, "outcome");
  out.comment = reader.string("comment", "");
  const Json hunks = reader.any("hunks", true);
  SKILLGRAD_CHECK(reader.finish());
  StrictReader counts(hunks, "approval /hunks");
  out.hunks.accepted = static_cast<std::size_t>(counts.integer("accepted", 0, 0, kMostHunks));
  out.hunks.edited = static_cast<std::size_t>(counts.integer("edited", 0, 0, kMostHunks));
  out.hunks.rejected = static_cast<std::size_t>(counts.integer("rejected", 0, 0, kMostHunks));
  SKILLGRAD_CHECK(counts.finish());
  return out;
}

std::string approval_text(const Approval& approval) {
  const std::string counts = counts_text(approval.hunks);
  std::string out = approval.outcome == ApprovalOutcome::accepted   ? "approved by a person"
                    : approval.outcome == ApprovalOutcome::rejected ? "a person rejected it"
                                                                    : "changed by a person";
  if (approval.outcome != ApprovalOutcome::rejected && !counts.empty()) out += " (" + counts + ")";
  if (!approval.comment.empty()) out += ": " + approval.comment;
  return out;
}

}  // namespace skillgrad::optim
