// SPDX-License-Identifier: MIT
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <skillgrad/core/random.hpp>
#include <skillgrad/stats/intervals.hpp>
#include <skillgrad/stats/planning.hpp>

namespace skillgrad::stats {
namespace {

TEST(TasksNeeded, ByMcNemarAreThoseOfConnor) {
  EXPECT_EQ(tasks_needed_mcnemar(0.05, 0.20), 493);
  EXPECT_EQ(tasks_needed_mcnemar(0.10, 0.20), 122);
  EXPECT_EQ(tasks_needed_mcnemar(0.05, 0.10), 246);
}

TEST(TasksNeeded, WithRepeatsAreThoseOfMiller) {
  const Variances variances{0.03, 0.08};
  const std::vector<std::pair<std::size_t, double>> rows = {{1, 118}, {2, 69}, {4, 44}, {8, 31}};
  for (const auto& [repeats, tasks] : rows)
    EXPECT_EQ(tasks_needed(0.10, repeats, variances), tasks) << repeats;
}

TEST(SmallestDifference, IsTheOneWhoseTasksAreAtHand) {
  const Variances variances{0.03, 0.08};
  // For many tasks the t form is the normal one.
  const double found = smallest_difference(11'800, 1, variances);
  EXPECT_NEAR(tasks_needed(found, 1, variances), 11'800, 5);
  // For few it says more than the normal form, which would be 0.3127 here.
  EXPECT_NEAR(smallest_difference(12, 1, variances), 0.33622, 1e-4);
  EXPECT_LT(smallest_difference(12, 4, variances), smallest_difference(12, 1, variances));
  EXPECT_EQ(smallest_difference(1, 1, variances), 1);
  EXPECT_EQ(smallest_difference(2, 1, {1, 1}), 1);
}

TEST(WithinTask, CountsTasksWithTwoRunsOnly) {
  const auto found = within_task({{1, 0}, {1, 1}, {0}, {}, {0.5, 1, 0}});
  EXPECT_EQ(found.tasks, 3U);
  EXPECT_NEAR(found.variance, (0.5 + 0 + 0.25) / 3, 1e-12);
  EXPECT_NEAR(found.flip_rate, 2.0 / 3, 1e-12);
  EXPECT_EQ(within_task({{1}, {0}}).tasks, 0U);
}

TEST(TInterval, IsTheTextbookOne) {
  const auto interval = t_interval({1, 2, 3, 4});
  EXPECT_NEAR(interval.low, 0.445739743239121, 1e-10);  // scipy.stats.t.interval
  EXPECT_NEAR(interval.high, 4.554260256760879, 1e-10);
  EXPECT_TRUE(std::isinf(t_interval({1}).low));
  EXPECT_EQ(t_interval({2, 2, 2}).low, 2);
}

// What tasks do: `up` become better, `down` worse, each run passing by chance.
struct World {
  double spread;  // tasks pass with a chance of mean 1/2 and this distance to it: 0.5 = always or
                  // never
  double up, down;
  int repeats;
};

double draw_difference(const World& world, PyRandom& random) {
  const double before = random.random() < 0.5 ? 0.5 + world.spread : 0.5 - world.spread;
  const double change = random.random();
  const double after = change < world.up ? 1 : change < world.up + world.down ? 0 : before;
  double difference = 0;
  for (int k = 0; k < world.repeats; ++k)
    difference += (random.random() < after ? 1 : 0) - (random.random() < before ? 1 : 0);
  return difference / world.repeats;
}

TEST(PairedInterval, HoldsItsCoverageFromTwelveTasksOnAlsoWithManyZeros) {
  constexpr int kDraws = 1'500;  // standard error of the coverage: 0.6 points
  PyRandom random(11);
  for (const std::size_t n : {12U, 20U, 40U, 90U, 180U}) {
    for (const World& world : {World{0.5, 0, 0, 1}, World{0.5, 0.04, 0, 1}, World{0.5, 0.1, 0.1, 1},
                               World{0.5, 0.4, 0.05, 1}, World{0.3, 0, 0, 1}, World{0.3, 0.2, 0, 2},
                               World{0.4, 0.1, 0.02, 3}, World{0.1, 0, 0.3, 1}}) {
      const double truth = (world.up - world.down) / 2;
      int covered = 0;
      for (int draw = 0; draw < kDraws; ++draw) {
        std::vector<double> differences(n);
        for (double& d : differences) d = draw_difference(world, random);
        const auto interval = paired_interval(differences);
        covered += interval.low <= truth && truth <= interval.high ? 1 : 0;
      }
      EXPECT_GE(static_cast<double>(covered) / kDraws, 0.93)
          << n << " tasks, spread " << world.spread << ", up " << world.up << ", down "
          << world.down << ", " << world.repeats << " runs";
    }
  }
}

TEST(PairedInterval, HasWidthWithoutSpreadAndStaysInBounds) {
  const auto none = paired_interval(std::vector<double>(12, 0));
  EXPECT_LT(none.low, -0.1);
  EXPECT_NEAR(none.low, -none.high, 1e-12);
  EXPECT_LE(paired_interval({1, 1, 1}).high, 1);
  EXPECT_EQ(paired_interval({}).low, -1);
  const std::vector<double> more(40, 0.1);
  EXPECT_LT(paired_interval(more, 0.9).high, paired_interval(more, 0.95).high);
}

}  // namespace
}  // namespace skillgrad::stats
