// SPDX-License-Identifier: MIT
// momentum_memory.md: the record as people and the patcher read it.
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

std::string remedy(const RemedyEntry& entry) {
  const std::string place = entry.anchor.empty() ? "" : ", at " + one_line(entry.anchor);
  return fmt::format("- remedy, iteration {} ({}){}: {} -> {}\n", entry.iteration,
                     entry.accepted ? "kept" : "not kept", place, one_line(entry.diagnosis),
                     one_line(entry.change));
}

std::string pattern_text(const Pattern& pattern) {
  std::vector<std::string> appeared;
  for (const int t : pattern.appeared_in) appeared.push_back(std::to_string(t));
  std::string out = fmt::format(
      "\n## {} ({})\n{}\n\n- anchor: {}\n- appeared in iterations: {}\n- velocity: {:.3f}\n",
      one_line(pattern.slug), one_line(pattern.kind_text()), one_line(pattern.line),
      pattern.anchor.empty() ? "none" : one_line(pattern.anchor),
      appeared.empty() ? "none yet" : join(appeared, ", "), pattern.velocity);
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
