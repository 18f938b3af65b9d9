// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/report/terminal.hpp>

namespace skillgrad::report {
namespace {

using optim::decisions::ReleaseVerdict;

std::string test_tasks(std::size_t n) {
  return fmt::format("{} test task{}", n, n == 1 ? "" : "s");
}

/// What all planned tasks could have shown.
std::string reach(const VerdictFacts& facts) {
  if (facts.planned == 0) return {};
  if (facts.test.could_show >= 1)
    return fmt::format(" {} are too few to show any difference with 80 % power.",
                       test_tasks(facts.planned));
  return fmt::format(
      " With the spread that was found, {} can show a true difference of {:.0f} points or more "
      "with "
      "80 % power; smaller ones mostly stay unseen.",
      test_tasks(facts.planned), 100 * facts.test.could_show);
}

std::string chance_text(double p) {
  return p < 0.001 ? "fewer than 1 of 1,000" : fmt::format("about {:.1f} of 100", 100 * p);
}

/// What the tests of single models found, for the end of the line.
std::string models_text(const optim::decisions::ReleaseResult& test) {
  std::string out;
  for (std::size_t i = 0; i < test.models.size(); ++i) {
    const auto& model = test.models[i];
    if (model.verdict != optim::decisions::ModelVerdict::harmed || test.harmed == i) continue;
    out += fmt::format("; harmed with {}: {:+.1f} points [{:+.1f}, {:+.1f}]", model.model,
                       100 * model.difference, 100 * model.interval.low, 100 * model.interval.high);
  }
  return out;
}

/// The verdict is that of one model, whatever the mean over all came to.
std::string harmed_line(const VerdictFacts& facts) {
  const auto& test = facts.test;
  const auto& model = test.models.at(*test.harmed);
  return fmt::format(
             "{}: harmed with {}: {:+.1f} points [{:+.1f}, {:+.1f}] on {}, {}; over {} "
             "models {:+.1f} points",
             name_of(test.verdict), model.model, 100 * model.difference, 100 * model.interval.low,
             100 * model.interval.high, test_tasks(model.n), p_text(model.p), test.models.size(),
             100 * test.difference) +
         models_text(test);
}

/// The skill is the same on both sides, so this is about the measurement alone.
std::string unchanged_line(const VerdictFacts& facts) {
  const auto& test = facts.test;
  std::string out = name_of(test.verdict) + std::string(": the skill was not changed");
  if (test.n == 0) return out;
  out += fmt::format("; two passes over {} differ by {:+.1f} points [{:+.1f}, {:+.1f}] by chance",
                     test_tasks(test.n), 100 * test.difference, 100 * test.interval.low,
                     100 * test.interval.high);
  const auto said = facts.test_said.value_or(ReleaseVerdict::not_shown);
  if (said != ReleaseVerdict::not_shown)
    out += fmt::format(" (the test took that for \"{}\": a false alarm)", name_of(said));
  return out;
}

}  // namespace

std::string verdict_line(const VerdictFacts& facts) {
  const auto& test = facts.test;
  const std::string name = name_of(test.verdict);
  if (facts.proposed && !facts.at_work && !facts.ended_early)
    return facts.patch_kept ? "proposed, not measured: the patch was made from recorded sessions, "
                              "and no task was "
                              "run with it"
                            : "proposed, not measured: the recorded sessions led to no patch";
  if (test.verdict == ReleaseVerdict::not_tested)
    return name + (facts.at_work       ? ": the run is still at work"
                   : facts.ended_early ? ": the run ended before its test"
                                       : ": no test split was scored, so nothing is shown");
  if (facts.unchanged) return unchanged_line(facts);
  if (!facts.patch_kept) return name + ": no patch was kept, the skill is as it was";
  if (test.n == 0) return name + ": no test task was graded with both skills";
  if (test.harmed) return harmed_line(facts);
  std::string out =
      fmt::format("{}: {:+.1f} points{} [{:+.1f}, {:+.1f}] on {}, {}", name, 100 * test.difference,
                  test.weighted ? " of the weighted loss" : "", 100 * test.interval.low,
                  100 * test.interval.high, test_tasks(test.n), p_text(test.p));
  if (test.verdict == ReleaseVerdict::not_shown && test.could_show < 1)
    out += fmt::format("; {} tasks can show {:.0f} points and more", facts.planned,
                       100 * test.could_show);
  if (test.verdict == ReleaseVerdict::not_shown && test.could_show >= 1)
    out += fmt::format("; {} tasks are too few to show any difference", facts.planned);
  return out + models_text(test);
}

std::string verdict_line(const optim::OptimizeResult& result) {
  VerdictFacts facts{result.release, result.error.has_value(), result.best_iteration != 0,
                     result.test_planned};
  facts.unchanged = result.reruns.has_value();
  if (result.reruns) facts.test_said = result.reruns->test_said;
  facts.proposed = result.proposed;
  return verdict_line(facts);
}

std::string verdict_explanation(const VerdictFacts& facts) {
  const auto& test = facts.test;
  if (facts.proposed)
    return "The patch answers what went wrong in recorded sessions. Nobody has run a task with it, "
           "so nothing says whether it helps. Review it, or give the skill tasks (evals/) and let "
           "them decide.";
  if (facts.unchanged && test.verdict != ReleaseVerdict::not_tested)
    return "The initial skill was only measured again and again, to show how much choosing the "
           "best of "
           "several passes alone pretends.";
  switch (test.verdict) {
    case ReleaseVerdict::not_tested:
      return "Only tasks that the run never learned from or chose by can show an improvement, and "
             "none of them was scored with both skills. Every other score on this page was used to "
             "choose and is too high by an unknown amount.";
    case ReleaseVerdict::improved:
      return fmt::format(
                 "On {} that the run had not seen before, the patched skill does better than the "
                 "initial one. Of patches that change nothing, {} would look this good by chance.",
                 test_tasks(test.n), chance_text(test.p)) +
             reach(facts);
    case ReleaseVerdict::worse:
      if (test.harmed)
        return fmt::format(
            "With {}, the patched skill does worse than the initial one on tasks that the run had "
            "not seen before, and by --across worst no model may be harmed. Do not ship it for "
            "that model; --across mean would judge by the mean over all of them alone.",
            test.models.at(*test.harmed).model);
      return fmt::format(
                 "On {} that the run had not seen before, the patched skill does worse than "
                 "the initial one. Do not ship it.",
                 test_tasks(test.n)) +
             reach(facts);
    case ReleaseVerdict::not_shown:
      if (!facts.patch_kept)
        return "No patch was kept, so the best skill is the one that the run began with.";
      if (test.n == 0)
        return "Without a task that was graded with both skills nothing can be said.";
      return "A difference like this is well within what chance alone makes. That is no proof that "
             "the patch is useless." +
             reach(facts);
  }
  return {};
}

}  // namespace skillgrad::report
