// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

/// How many tasks and repeats it takes to show a difference. One-sided alpha and power throughout,
/// unless said otherwise.
namespace skillgrad::stats {

struct ErrorRates {
  double alpha = 0.05, power = 0.8;
};

/// Smallest difference of two paired rates that n tasks can detect (two-sided alpha 5 %, power 80
/// %), assuming a share `discordant` of tasks that change verdict.
[[nodiscard]] double detectable_difference(std::size_t n, double discordant = 0.2);

/// Tasks that McNemar's test needs for a difference of pass rates, when a share `discordant` of
/// tasks changes its verdict (Connor 1987): ((z_a sqrt(psi) + z_b sqrt(psi - delta^2)) / delta)^2,
/// rounded up. A difference cannot exceed the discordant share; it is raised to it.
[[nodiscard]] double tasks_needed_mcnemar(double difference, double discordant,
                                          ErrorRates rates = {});

/// What differs between runs: of the true differences between tasks, and of the runs of one task.
struct Variances {
  double between = 0;  ///< omega^2: variance of the tasks' true differences
  double within = 0;   ///< s^2: mean variance of one rollout's score around its task's mean
};
/// Tasks needed with `repeats` rollouts of each arm (Miller 2024, arXiv 2411.00640):
/// (z_a + z_b)^2 (omega^2 + 2 s^2 / K) / delta^2, rounded up.
[[nodiscard]] double tasks_needed(double difference, std::size_t repeats, Variances variances,
                                  ErrorRates rates = {});
/// The smallest difference that n tasks with `repeats` rollouts of each arm show with the power
/// asked for, with Student's t in the place of the normal (which is too generous for small n). At
/// most 1; 1 for n < 2.
[[nodiscard]] double smallest_difference(std::size_t n, std::size_t repeats, Variances variances,
                                         ErrorRates rates = {});

/// From at least two rollouts of each of some tasks: mean unbiased variance of a rollout's score
/// within its task, over tasks with at least two. `tasks` counts these.
struct WithinTask {
  double variance = 0;
  std::size_t tasks = 0;
  double flip_rate = 0;  ///< share of pairs of rollouts of one task whose scores differ
};
[[nodiscard]] WithinTask within_task(const std::vector<std::vector<double>>& scores_by_task);

}  // namespace skillgrad::stats
