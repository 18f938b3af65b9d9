// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <skillgrad/report/review.hpp>

#include "report/pages/visible.hpp"

namespace skillgrad::report {
namespace {

constexpr std::array<const char*, 4> kLayers = {"", "front matter", "body", "other files"};

std::string plural(std::size_t n, const char* noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::size_t tokens_of(const skill::Sizes& sizes, int layer) {
  return (layer == 1 ? sizes.l1 : layer == 2 ? sizes.l2 : sizes.l3).tokens;
}

Json sizes_json(const skill::Sizes& sizes) {
  return {{"l1", sizes.l1.tokens}, {"l2", sizes.l2.tokens}, {"l3", sizes.l3.tokens}};
}

Json risks_json(const std::vector<skill::Risk>& risks) {
  Json out = Json::array();
  for (const skill::Risk& risk : risks)
    out.push_back({{"kind", name_of(risk.kind)}, {"what", risk.what}, {"line", risk.line}});
  return out;
}

Json lines_json(const skill::Hunk& hunk) {
  Json out = Json::array();
  for (const skill::HunkLine& line : hunk.lines)
    out.push_back(std::string(1, line.mark) + line.text);
  return out;
}

}  // namespace

std::string layer_name(int layer) {
  return fmt::format("{} (layer {})", kLayers.at(static_cast<std::size_t>(layer)), layer);
}

std::vector<LayerStat> layer_stats(const Proposal& proposal) {
  std::vector<LayerStat> out;
  for (const skill::Hunk& hunk : proposal.hunks) {
    auto row = std::find_if(out.begin(), out.end(), [&](const LayerStat& one) {
      return one.layer == hunk.layer && one.file == hunk.file;
    });
    if (row == out.end()) row = out.insert(out.end(), {hunk.layer, hunk.file, 0, 0, 0});
    ++row->hunks;
    for (const skill::HunkLine& line : hunk.lines) {
      row->added += line.mark == '+' ? 1 : 0;
      row->removed += line.mark == '-' ? 1 : 0;
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const LayerStat& a, const LayerStat& b) { return a.layer < b.layer; });
  return out;
}

std::string stat_text(const Proposal& proposal) {
  const auto stats = layer_stats(proposal);
  const auto before = proposal.initial.sizes(), after = proposal.proposed.sizes();
  std::string out;
  for (const int layer : {1, 2, 3}) {
    out += fmt::format("{}: {} -> {} tokens", layer_name(layer), tokens_of(before, layer),
                       tokens_of(after, layer));
    const bool any = std::any_of(stats.begin(), stats.end(),
                                 [&](const LayerStat& one) { return one.layer == layer; });
    out += any ? "\n" : ", unchanged\n";
    for (const LayerStat& one : stats)
      if (one.layer == layer)
        out += fmt::format("  {}  +{} -{} lines, {}\n", visible(one.file), one.added, one.removed,
                           plural(one.hunks, "hunk"));
  }
  return out;
}

Json diff_json(const Proposal& proposal) {
  Json files = Json::array(), hunks = Json::array();
  for (const LayerStat& one : layer_stats(proposal))
    files.push_back({{"layer", one.layer},
                     {"file", one.file},
                     {"hunks", one.hunks},
                     {"added", one.added},
                     {"removed", one.removed}});
  for (const skill::Hunk& hunk : proposal.hunks)
    hunks.push_back({{"id", hunk.id},
                     {"kind", name_of(hunk.kind)},
                     {"file", hunk.file},
                     {"anchor", hunk.anchor},
                     {"layer", hunk.layer},
                     {"old_line", hunk.old_line},
                     {"new_line", hunk.new_line},
                     {"lines", lines_json(hunk)},
                     {"risks", risks_json(risks_in(proposal, hunk))}});
  return {{"schema", "skillgrad.diff/1"},
          {"command", "diff"},
          {"run", proposal.run.string()},
          {"package", proposal.source},
          {"skill", proposal.skill_path},
          {"tokens_before", sizes_json(proposal.initial.sizes())},
          {"tokens_after", sizes_json(proposal.proposed.sizes())},
          {"files", std::move(files)},
          {"hunks", std::move(hunks)}};
}

Json review_block(const Proposal& proposal, const Review& review) {
  Json hunks = Json::array();
  for (std::size_t i = 0; i < proposal.hunks.size(); ++i) {
    const skill::Hunk& hunk = proposal.hunks[i];
    const HunkReview& one = review.hunks[i];
    hunks.push_back({{"id", hunk.id},
                     {"editable", hunk.editable()},
                     {"text", hunk.editable() ? Json(hunk.new_text) : Json()},
                     {"risks", risks_json(risks_in(proposal, hunk, one.text))},
                     {"decision", name_of(one.decision)},
                     {"edited", one.text ? Json(*one.text) : Json()},
                     {"edited_shown", one.text ? Json(visible(*one.text)) : Json()},
                     {"comment", one.comment}});
  }
  return {{"package", proposal.source}, {"comment", review.comment}, {"hunks", std::move(hunks)}};
}

}  // namespace skillgrad::report
