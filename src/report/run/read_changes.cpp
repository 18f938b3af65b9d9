// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/hunks.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "report/run/json_parts.hpp"
#include "report/run/sections.hpp"

namespace skillgrad::report {
namespace {

/// A patch may write files of any length; the whole of it is in the run's folder.
constexpr std::size_t kMostLines = 400, kLineBytes = 2000;

/// A line of a file for people: valid text, without its end.
std::string shown_line(const skill::HunkLine& line) {
  std::string_view text = line.text;
  if (text.ends_with('\n')) text.remove_suffix(1);
  return truncate_middle(std::string(1, line.mark) + skill::visible_controls(sanitize_utf8(text)),
                         kLineBytes);
}

Change change_of(const skill::Hunk& hunk) {
  Change out;
  out.id = hunk.id;
  out.file = hunk.file;
  out.anchor = hunk.anchor;
  out.layer = hunk.layer;
  out.old_line = hunk.old_line;
  out.new_line = hunk.new_line;
  for (std::size_t i = 0; i < hunk.lines.size() && i < kMostLines; ++i)
    out.lines.push_back(shown_line(hunk.lines[i]));
  if (hunk.lines.size() > kMostLines)
    out.lines.push_back(" [... " + std::to_string(hunk.lines.size() - kMostLines) +
                        " more lines are left out here ...]");
  if (hunk.kind == skill::HunkKind::mode)
    out.lines.push_back((hunk.mode & 0100U) != 0 ? " the file becomes executable"
                                                 : " the file is not executable any more");
  else if (out.lines.empty())
    out.lines.push_back(" not a text: " + std::to_string(hunk.old_text.size()) + " bytes before, " +
                        std::to_string(hunk.new_text.size()) + " after");
  return out;
}

std::vector<Change> changes_between(const skill::SkillPackage& before,
                                    const skill::SkillPackage& after) {
  std::vector<Change> out;
  for (const skill::Hunk& hunk : skill::hunks_between(before, after))
    out.push_back(change_of(hunk));
  return out;
}

/// What a patch says it is about, with the line of the pattern where the memory has it.
std::vector<Reason> reasons_of(const Json& patch, const Step& step, const RunReport& report) {
  std::vector<Reason> out;
  for (const Json& row : items(patch, "addressed")) {
    Reason reason;
    reason.iteration = step.iteration;
    reason.pattern = text_of(row, "pattern");
    reason.anchor = text_of(row, "anchor");
    reason.reason = text_of(row, "reason");
    reason.inferred = text_of(row, "inferred");
    reason.tasks = texts_of(row, "supports");
    reason.against = texts_of(row, "against");
    for (const auto& known : report.patterns)  // the first patch names them by their line
      if (known.pattern.slug == reason.pattern || known.pattern.line == reason.pattern) {
        reason.pattern = known.pattern.slug;
        reason.line = known.pattern.line;
      }
    out.push_back(std::move(reason));
  }
  return out;
}

/// Of one of several skills the anchor begins with it: "pdf/front matter".
std::string description_of(const Change& change) {
  const std::size_t slash = change.anchor.rfind('/');
  return (slash == std::string::npos ? "" : change.anchor.substr(0, slash + 1)) + "description";
}

bool is_about(const Reason& reason, const Change& change) {
  return reason.anchor == change.anchor ||
         (change.layer == 1 && reason.anchor == description_of(change)) ||
         (change.layer == 3 && change.anchor.substr(0, change.anchor.rfind('.')) == reason.anchor);
}

void give_reasons(const std::vector<Reason>& reasons, std::vector<Change>& changes) {
  for (Change& change : changes) {
    for (const Reason& reason : reasons)
      if (is_about(reason, change)) change.reasons.push_back(reason);
    if (change.reasons.empty() && reasons.size() == 1) change.reasons = reasons;
  }
}

}  // namespace

void read_changes(const RunFiles& files, const ReadOptions& options, RunReport& report) {
  const std::optional<int> iteration = options.iteration;
  const auto initial = files.package("initial/skill");
  auto current = initial;
  std::vector<Reason> kept;
  const auto add_size = [&] {
    if (!current) return;
    const auto sizes = current->sizes();
    report.sizes.push_back({sizes.l1.tokens, sizes.l2.tokens, sizes.l3.tokens});
  };
  const auto counts = [&](const Step& step) {
    if (iteration)  // the patches that it stands on, and its own
      return step.iteration == *iteration ||
             (step.iteration < *iteration && step.decision == "accepted");
    return step.decision == "accepted" && !step.pruned.starts_with("taken out") &&
           (!report.best || step.iteration <= report.best->iteration);
  };
  add_size();
  for (Step& step : report.steps) {
    const std::string folder = options.waiting == step.iteration
                                   ? iteration_folder(step.iteration)
                                   : patch_folder(files.dir(), step.iteration);
    const auto candidate = files.package(folder + "/skill");
    const auto reasons = reasons_of(files.json(folder + "/patch.json"), step, report);
    if (candidate && current) {
      step.changes = changes_between(*current, *candidate);
      give_reasons(reasons, step.changes);
    }
    if (counts(step)) kept.insert(kept.end(), reasons.begin(), reasons.end());
    if (step.decision == "accepted" && candidate) current = candidate;
    add_size();
  }
  for (const Step& step : report.steps)
    if (options.waiting == step.iteration) {
      report.changes = step.changes;
      return;
    }
  const auto last =
      files.package(iteration ? patch_folder(files.dir(), *iteration) + "/skill" : "best");
  if (!initial || !last) return;
  report.changes = changes_between(*initial, *last);
  give_reasons(kept, report.changes);
}

}  // namespace skillgrad::report
