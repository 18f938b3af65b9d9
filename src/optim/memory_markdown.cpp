// SPDX-License-Identifier: MIT
// momentum_memory.md: the record as people and the patcher read it.
#include <map>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/messages.hpp>

namespace skillgrad::optim {
namespace {

/// Texts come from a model: no control characters, and no line that could pass for a heading or an
/// item of the record.
std::string plain(const std::string& text) {
  return replace_all(strip_control(replace_all(text, "\r\n", "\n")), "\n", "\n  ");
}

std::string one_line(const std::string& text) {
  return replace_all(strip_control(text), "\n", " ");
}

std::string numbers(const std::vector<int>& values) {
  std::vector<std::string> out;
  for (const int value : values) out.push_back(std::to_string(value));
  return join(out, ", ");
}

std::string names(const std::vector<std::string>& values) {
  return values.empty() ? "none" : one_line(join(values, ", "));
}

std::string remedy(const RemedyEntry& entry) {
  const std::string place = entry.anchor.empty() ? "" : ", at " + one_line(entry.anchor);
  std::string out = fmt::format("- remedy, iteration {} ({}){}: {} -> {}\n", entry.iteration,
                                entry.accepted ? "kept" : "not kept", place,
                                one_line(entry.diagnosis), one_line(entry.change));
  if (!entry.inferred.empty())
    out += fmt::format("  - inferred, shown by no case yet: {}\n", one_line(entry.inferred));
  if (!entry.supports.empty() || !entry.against.empty())
    out += fmt::format("  - cases for it: {}; against it: {}\n", names(entry.supports),
                       names(entry.against));
  if (!entry.confirmed_in.empty())
    out += fmt::format("  - confirmed: tasks were right with it in view in iterations {}\n",
                       numbers(entry.confirmed_in));
  return out;
}

/// Failures, remedies and successes in the order in which they came.
std::string history(const Pattern& pattern) {
  std::map<int, std::string> by_iteration;
  const auto add = [&](int iteration, const std::string& what) {
    std::string& said = by_iteration[iteration];
    if (said.find(what) == std::string::npos) said += (said.empty() ? "" : ", ") + what;
  };
  for (const int t : pattern.failed_in) add(t, "failed");
  for (const int t : pattern.succeeded_in) add(t, "right");
  // A patch is made after the runs of its iteration.
  for (const auto& entry : pattern.remedies)
    add(entry.iteration, entry.accepted ? "then remedy kept" : "then remedy not kept");
  std::vector<std::string> parts;
  for (const auto& [iteration, what] : by_iteration)
    parts.push_back(fmt::format("iteration {}: {}", iteration, what));
  return parts.empty() ? "none yet" : join(parts, "; ");
}

std::string pattern_text(const Pattern& pattern) {
  std::string out =
      fmt::format("\n## {} ({})\n{}\n\n- anchor: {}\n- history: {}\n- velocity: {:.3f}\n",
                  one_line(pattern.slug), one_line(pattern.kind_text()), one_line(pattern.line),
                  pattern.anchor.empty() ? "none" : one_line(pattern.anchor), history(pattern),
                  pattern.velocity);
  if (!pattern.description.empty()) out += "- description: " + plain(pattern.description) + "\n";
  if (!pattern.action.empty()) out += "- recommended action: " + plain(pattern.action) + "\n";
  for (const auto& entry : pattern.remedies) out += remedy(entry);
  return out;
}

}  // namespace

std::string MomentumMemory::to_markdown() const {
  std::string out = fmt::format(
      "# Momentum memory (through iteration {})\n\nVelocity: what a pattern costs lately, from 0 "
      "to "
      "1; patterns are in its order.\n",
      iteration);
  if (patterns.empty()) out += "\nNo patterns yet.\n";
  for (const auto& pattern : patterns) out += pattern_text(pattern);
  return out;
}

}  // namespace skillgrad::optim
