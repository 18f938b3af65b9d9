// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/transfer.hpp>
#include <skillgrad/stats/multiple.hpp>

namespace skillgrad::report {
namespace {

constexpr double kTransferLevel = 0.05;

/// Fills one transfer from its scores.
class TransferJudge {
 public:
  explicit TransferJudge(Transfer& out) : out_(out) {}

  void judge() {
    add_family(0);
    for (std::size_t against = 1; against < out_.packages.size(); ++against) add_family(against);
    const std::size_t with_none = (out_.packages.size() - 1) * out_.subjects.size();
    adjust(0, with_none);
    adjust(with_none, out_.pairings.size());
    for (std::size_t package = 1; package < out_.packages.size(); ++package) add_across(package);
    add_facts();
    add_notes(with_none);
  }

 private:
  [[nodiscard]] const ScoredSkill* find(std::size_t package, std::size_t subject) const {
    for (const TransferScore& score : out_.scores)
      if (score.package == package && score.subject == subject) return &score.scored;
    return nullptr;
  }

  /// Every later package against this one.
  void add_family(std::size_t against) {
    for (std::size_t package = against + 1; package < out_.packages.size(); ++package)
      for (std::size_t subject = 0; subject < out_.subjects.size(); ++subject) {
        Pairing pairing{package, against, subject, {}, 1, TransferVerdict::not_compared};
        const auto* before = find(against, subject);
        const auto* after = find(package, subject);
        if (before != nullptr && after != nullptr)
          pairing.paired = compare_skills(*before, *after).paired;
        out_.pairings.push_back(pairing);
      }
  }

  void adjust(std::size_t begin, std::size_t end) {
    std::vector<double> p;
    std::vector<std::size_t> compared;
    for (std::size_t i = begin; i < end; ++i) {
      if (out_.pairings[i].paired.n == 0) continue;
      compared.push_back(i);
      p.push_back(out_.pairings[i].paired.p);
    }
    const auto adjusted = stats::holm_adjusted(p);
    for (std::size_t i = 0; i < compared.size(); ++i) {
      Pairing& pairing = out_.pairings[compared[i]];
      const auto& interval = pairing.paired.difference95;
      pairing.p_adjusted = adjusted[i];
      const bool shown = pairing.p_adjusted <= kTransferLevel;
      pairing.verdict = shown && interval.low > 0    ? TransferVerdict::helped
                        : shown && interval.high < 0 ? TransferVerdict::harmed
                                                     : TransferVerdict::not_shown;
    }
  }

  void add_across(std::size_t package) {
    AcrossSubjects across;
    across.package = package;
    std::map<std::string, std::vector<double>> by_task;
    double lowest = 0;
    for (const Pairing& pairing : out_.pairings) {
      if (pairing.package != package || pairing.against != 0 || pairing.paired.n == 0) continue;
      if (!across.worst || pairing.paired.difference < lowest) {
        across.worst = pairing.subject;
        lowest = pairing.paired.difference;
      }
      const auto before = optim::task_scores(find(0, pairing.subject)->summary.records);
      for (const auto& [id, score] :
           optim::task_scores(find(package, pairing.subject)->summary.records))
        if (const auto was = before.find(id); was != before.end())
          by_task[id].push_back(score - was->second);
    }
    std::vector<double> means;
    for (const auto& [id, differences] : by_task)
      if (differences.size() == out_.subjects.size())
        means.push_back(stats::mean_of(differences).value);
    across.n = means.size();
    across.mean = stats::mean_of(means).value;
    across.mean95 = stats::paired_interval(means);
    out_.across.push_back(across);
  }

  void add_facts() {
    for (const TransferScore& score : out_.scores) {
      const ScoredSkill& scored = score.scored;
      out_.benchmark = scored.benchmark;
      out_.split = scored.split;
      out_.trials = scored.summary.trials;
      out_.cost_usd = out_.cost_usd && scored.cost_usd
                          ? std::optional(*out_.cost_usd + *scored.cost_usd)
                          : std::nullopt;
    }
  }

  void add_notes(std::size_t with_none) {
    std::set<std::string> gradings;
    bool simulated = false;
    std::size_t errors = 0;
    for (const TransferScore& score : out_.scores) {
      gradings.insert(score.scored.grading);
      simulated = simulated || score.scored.simulation;
      errors += score.scored.summary.errors();
    }
    if (gradings.size() > 1)
      out_.notes.push_back("the way of grading differs: " +
                           list_some({gradings.begin(), gradings.end()}));
    if (errors > 0)
      out_.notes.push_back(counted(errors, "rollout") +
                           " ended as errors, which are in no score and no comparison");
    note_power(with_none);
    if (simulated)
      out_.notes.emplace_back("replies came from a simulation and say nothing about any model");
  }

  /// Where even a change of every task could not have been shown, silence says nothing.
  void note_power(std::size_t with_none) {
    std::size_t least = 0;
    for (std::size_t i = 0; i < with_none; ++i) {
      const std::size_t n = out_.pairings[i].paired.n;
      if (n > 0 && (least == 0 || n < least)) least = n;
    }
    if (least == 0) return;
    const auto tests = static_cast<double>(with_none);
    if (2 * std::exp2(-static_cast<double>(least)) * tests <= kTransferLevel) return;
    const double needed = std::ceil(std::log2(2 * tests / kTransferLevel));
    out_.notes.push_back(
        fmt::format("{} cannot show help or harm in {} at 5 %, however they come out: that takes "
                    "at least {:.0f} tasks",
                    counted(least, "task"), counted(with_none, "pairing"), needed));
  }

  Transfer& out_;
};

}  // namespace

std::size_t Transfer::count(TransferVerdict verdict) const {
  return static_cast<std::size_t>(std::count_if(
      pairings.begin(), pairings.end(),
      [&](const Pairing& pairing) { return pairing.against == 0 && pairing.verdict == verdict; }));
}

Transfer judge_transfer(std::vector<std::string> packages, std::vector<TransferSubject> subjects,
                        std::vector<TransferScore> scores) {
  Transfer out;
  out.packages = std::move(packages);
  out.subjects = std::move(subjects);
  out.scores = std::move(scores);
  TransferJudge(out).judge();
  return out;
}

}  // namespace skillgrad::report
