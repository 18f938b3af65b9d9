// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>
#include <skillgrad/report/transfer.hpp>

#include "report/table.hpp"

namespace skillgrad::report {
namespace {

std::string shown_name(const std::string& name) { return strip_control(truncate_middle(name, 60)); }

std::string cell_of(const ScoredSkill& scored) {
  return scored.summary.graded > 0 ? percent_ci(scored.summary.score, scored.summary.score_ci95)
                                   : "none";
}

std::string usd_of(const std::optional<double>& usd) {
  return usd ? fmt::format("{:.4f}", *usd) : "-";
}

std::string points(double difference, const stats::Interval& interval) {
  return fmt::format("{:+.1f} points [{:+.1f}, {:+.1f}]", 100 * difference, 100 * interval.low,
                     100 * interval.high);
}

std::string scores_table(const Transfer& transfer) {
  std::vector<std::vector<std::string>> rows = {{"score"}};
  for (const std::string& package : transfer.packages) rows[0].push_back(shown_name(package));
  for (std::size_t subject = 0; subject < transfer.subjects.size(); ++subject) {
    auto& row = rows.emplace_back();
    row.push_back(shown_name(transfer.subjects[subject].name));
    row.resize(1 + transfer.packages.size());
    for (const TransferScore& score : transfer.scores)
      if (score.subject == subject) row[1 + score.package] = cell_of(score.scored);
  }
  return format_table(rows);
}

std::string costs_table(const Transfer& transfer) {
  std::vector<std::vector<std::string>> rows = {{"USD"}};
  for (const std::string& package : transfer.packages) rows[0].push_back(shown_name(package));
  rows[0].push_back("graded");
  rows[0].push_back("errors");
  for (std::size_t subject = 0; subject < transfer.subjects.size(); ++subject) {
    auto& row = rows.emplace_back();
    row.push_back(shown_name(transfer.subjects[subject].name));
    row.resize(1 + transfer.packages.size());
    std::size_t graded = 0, planned = 0, errors = 0;
    for (const TransferScore& score : transfer.scores) {
      if (score.subject != subject) continue;
      row[1 + score.package] = usd_of(score.scored.cost_usd);
      graded += score.scored.summary.graded;
      planned += score.scored.summary.planned;
      errors += score.scored.summary.errors();
    }
    row.push_back(fmt::format("{} of {}", graded, planned));
    row.push_back(std::to_string(errors));
  }
  return format_table(rows) + "all  " + usd_of(transfer.cost_usd) + "\n";
}

std::string pairings_table(const Transfer& transfer, bool with_none) {
  std::vector<std::vector<std::string>> rows = {
      {"verdict", "package", "against", "with", "difference", "tasks", "p", "adjusted"}};
  for (const Pairing& pairing : transfer.pairings) {
    if ((pairing.against == 0) != with_none) continue;
    const bool any = pairing.paired.n > 0;
    rows.push_back({name_of(pairing.verdict), shown_name(transfer.packages[pairing.package]),
                    shown_name(transfer.packages[pairing.against]),
                    shown_name(transfer.subjects[pairing.subject].name),
                    any ? points(pairing.paired.difference, pairing.paired.difference95) : "-",
                    std::to_string(pairing.paired.n),
                    any ? fmt::format("{:.3f}", pairing.paired.p) : "-",
                    any ? fmt::format("{:.3f}", pairing.p_adjusted) : "-"});
  }
  return rows.size() > 1 ? format_table(rows) : "";
}

std::string across_lines(const Transfer& transfer) {
  std::string out;
  if (transfer.subjects.size() < 2) return out;
  for (const AcrossSubjects& across : transfer.across) {
    out += shown_name(transfer.packages[across.package]) + " over all: ";
    out += across.n > 0 ? points(across.mean, across.mean95) + " on " + counted(across.n, "task")
                        : std::string("no task was graded with every one");
    if (across.worst) out += "; least with " + shown_name(transfer.subjects[*across.worst].name);
    out += "\n";
  }
  return out;
}

/// The harmed first and by name: they are what one must not miss.
std::string headline(const Transfer& transfer) {
  std::string out = fmt::format(
      "{} of {} helped, {} harmed, {} not shown", transfer.count(TransferVerdict::helped),
      counted((transfer.packages.size() - 1) * transfer.subjects.size(), "pairing"),
      transfer.count(TransferVerdict::harmed), transfer.count(TransferVerdict::not_shown));
  if (const auto lost = transfer.count(TransferVerdict::not_compared); lost > 0)
    out += fmt::format(", {} not compared", lost);
  out += "\n";
  for (const Pairing& pairing : transfer.pairings)
    if (pairing.against == 0 && pairing.verdict == TransferVerdict::harmed)
      out += "harmed: " + shown_name(transfer.packages[pairing.package]) + " with " +
             shown_name(transfer.subjects[pairing.subject].name) + ", " +
             points(pairing.paired.difference, pairing.paired.difference95) + " on " +
             counted(pairing.paired.n, "task") + "\n";
  return out;
}

Json interval_json(const stats::Interval& interval) { return Json({interval.low, interval.high}); }

Json score_json(const Transfer& transfer, const TransferScore& score) {
  const auto& summary = score.scored.summary;
  const bool any = summary.graded > 0;
  return {{"package", transfer.packages[score.package]},
          {"subject", transfer.subjects[score.subject].name},
          {"score", any ? Json(summary.score) : Json()},
          {"score_ci95", any ? interval_json(summary.score_ci95) : Json()},
          {"n_planned", summary.planned},
          {"n_graded", summary.graded},
          {"errors", summary.errors()},
          {"cost_usd", score.scored.cost_usd ? Json(*score.scored.cost_usd) : Json()},
          {"simulation", score.scored.simulation},
          {"run", score.scored.run}};
}

Json pairing_json(const Transfer& transfer, const Pairing& pairing) {
  const auto& paired = pairing.paired;
  const bool any = paired.n > 0;
  return {{"package", transfer.packages[pairing.package]},
          {"against", transfer.packages[pairing.against]},
          {"subject", transfer.subjects[pairing.subject].name},
          {"verdict", name_of(pairing.verdict)},
          {"difference", any ? Json(paired.difference) : Json()},
          {"difference_ci95", any ? interval_json(paired.difference95) : Json()},
          {"p", any ? Json(paired.p) : Json()},
          {"p_adjusted", any ? Json(pairing.p_adjusted) : Json()},
          {"n", paired.n},
          {"fixed", paired.fixed},
          {"broken", paired.broken}};
}

Json across_json(const Transfer& transfer, const AcrossSubjects& across) {
  return {{"package", transfer.packages[across.package]},
          {"against", transfer.packages[across.against]},
          {"n", across.n},
          {"mean", across.n > 0 ? Json(across.mean) : Json()},
          {"mean_ci95", across.n > 0 ? interval_json(across.mean95) : Json()},
          {"worst_subject", across.worst ? Json(transfer.subjects[*across.worst].name) : Json()}};
}

}  // namespace

std::string transfer_text(const Transfer& transfer) {
  std::string out = headline(transfer) + "\n" + scores_table(transfer) + "\n" +
                    pairings_table(transfer, true) + across_lines(transfer);
  if (const std::string among = pairings_table(transfer, false); !among.empty())
    out += "\n" + among;
  out += "\n" + costs_table(transfer);
  if (!transfer.notes.empty()) out += "\nnotes\n";
  for (const std::string& note : transfer.notes) out += "  " + strip_control(note) + "\n";
  return out;
}

Json to_json(const Transfer& transfer) {
  Json subjects = Json::array(), scores = Json::array(), pairings = Json::array(),
       across = Json::array();
  for (const TransferSubject& subject : transfer.subjects)
    subjects.push_back(
        {{"name", subject.name}, {"model", subject.model}, {"executor", subject.executor}});
  for (const TransferScore& score : transfer.scores) scores.push_back(score_json(transfer, score));
  for (const Pairing& pairing : transfer.pairings)
    pairings.push_back(pairing_json(transfer, pairing));
  for (const AcrossSubjects& one : transfer.across) across.push_back(across_json(transfer, one));
  return {{"schema", "skillgrad.transfer/1"},
          {"command", "transfer"},
          {"benchmark", transfer.benchmark},
          {"split", transfer.split},
          {"trials", transfer.trials},
          {"packages", transfer.packages},
          {"subjects", std::move(subjects)},
          {"scores", std::move(scores)},
          {"pairings", std::move(pairings)},
          {"across", std::move(across)},
          {"helped", transfer.count(TransferVerdict::helped)},
          {"harmed", transfer.count(TransferVerdict::harmed)},
          {"not_shown", transfer.count(TransferVerdict::not_shown)},
          {"cost_usd", transfer.cost_usd ? Json(*transfer.cost_usd) : Json()},
          {"notes", transfer.notes}};
}

}  // namespace skillgrad::report
