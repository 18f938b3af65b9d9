// SPDX-License-Identifier: MIT
#include <algorithm>

#include <unistd.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/review.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "cli/results/results.hpp"
#include "cli/review/review_flags.hpp"
#include "cli/screen/console.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

void note_what_a_patch_lacks(const report::Proposal& proposal) {
  const auto binary =
      std::count_if(proposal.hunks.begin(), proposal.hunks.end(), [](const skill::Hunk& hunk) {
        return hunk.kind != skill::HunkKind::mode && hunk.lines.empty() &&
               !(hunk.old_text + hunk.new_text).empty();
      });
  if (binary > 0)
    print_err("note: " + counted(static_cast<std::size_t>(binary), "file") +
              " of the package is no text; its bytes are not in this diff, `skillgrad apply RUN` "
              "writes them\n");
}

}  // namespace

Result<int> cmd_diff(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  const bool json = settings.get<"json">(), stat = invocation.has("stat");
  if (json && stat)
    return fail(ErrorCode::usage, "--json and --stat", "skillgrad diff",
                "give one of them; the JSON holds what --stat prints");
  SKILLGRAD_TRY(const auto proposal, proposal_of(invocation));
  if (json) {
    print_out(dump_json(report::diff_json(proposal), 1) + "\n");
    return 0;
  }
  if (stat) {
    print_out(report::stat_text(proposal));
    return 0;
  }
  std::string patch = skill::patch_text(proposal.initial, proposal.proposed, proposal.hunks);
  // A program gets the exact bytes, a terminal none that act.
  if (::isatty(STDOUT_FILENO) != 0)
    patch = skill::visible_controls(patch);
  else if (without_secrets(patch) != patch)
    print_err(
        "note: what looks like a key is not printed, so this diff may not apply; "
        "`skillgrad apply RUN` writes the exact bytes\n");
  print_out(patch);
  note_what_a_patch_lacks(proposal);
  return 0;
}

}  // namespace skillgrad::cli
