// SPDX-License-Identifier: MIT
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/stats/stats.hpp>

namespace skillgrad::stats {
namespace {

// Reference values: the textbook formulas in Python, resampling with random.Random.

TEST(Wilson, AgreesWithTheFormulaAndStaysWithinZeroAndOne) {
  struct Row {
    double successes;
    std::size_t n;
    double low, high;
  };
  for (const Row& row :
       {Row{0, 10, 0, 0.2775327998628892}, Row{5, 10, 0.236593090512564, 0.7634069094874361},
        Row{10, 10, 0.7224672001371107, 1}, Row{72, 100, 0.6251197129007884, 0.7986031478881379},
        Row{1, 1, 0.20654931437723745, 1}, Row{0, 0, 0, 1}}) {
    const Interval interval = wilson95(row.successes, row.n);
    EXPECT_NEAR(interval.low, row.low, 1e-12) << row.successes << " of " << row.n;
    EXPECT_NEAR(interval.high, row.high, 1e-12) << row.successes << " of " << row.n;
  }
  EXPECT_EQ(wilson95(0, 7).low, 0);
  EXPECT_EQ(wilson95(7, 7).high, 1);
}

TEST(Holm, MultipliesEachPByTheTestsThatAreLeftAndNeverFallsBehindASmallerOne) {
  // 0.01 * 4; 0.02 * 3; 0.03 * 2, which is raised to the one before; 0.5 * 1.
  const auto adjusted = holm_adjusted({0.03, 0.01, 0.5, 0.02});
  const std::vector<double> expected = {0.06, 0.04, 0.5, 0.06};
  ASSERT_EQ(adjusted.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-12);
  EXPECT_EQ(holm_adjusted({0.6, 0.7}), (std::vector<double>{1, 1}));
  EXPECT_TRUE(holm_adjusted({}).empty());
}

TEST(Bootstrap, DrawsTheNumbersOfTheSeededGenerator) {
  const std::vector<double> values = {0, 1, 1, 0, 1, .5, .25, 1};
  const Interval interval = bootstrap_mean95(values, 0);
  EXPECT_NEAR(interval.low, 0.28125, 1e-12);
  EXPECT_NEAR(interval.high, 0.875, 1e-12);
  const Interval again = bootstrap_mean95(values, 0);
  EXPECT_EQ(interval.low, again.low);
  EXPECT_EQ(interval.high, again.high);
}

TEST(Bootstrap, HasNoWidthWithoutSpreadAndIsZeroWithoutValues) {
  EXPECT_EQ(bootstrap_mean95({.5, .5, .5}, 3).low, .5);
  EXPECT_EQ(bootstrap_mean95({.5, .5, .5}, 3).high, .5);
  EXPECT_EQ(bootstrap_mean95({}, 3).high, 0);
}

TEST(McNemar, IsTheExactBinomialTail) {
  EXPECT_EQ(mcnemar_exact(0, 0), 1);
  EXPECT_NEAR(mcnemar_exact(1, 0), 1, 1e-12);
  EXPECT_NEAR(mcnemar_exact(5, 0), 0.0625, 1e-12);
  EXPECT_NEAR(mcnemar_exact(0, 5), 0.0625, 1e-12);
  EXPECT_NEAR(mcnemar_exact(10, 2), 0.03857421875, 1e-12);
  EXPECT_NEAR(mcnemar_exact(3, 3), 1, 1e-12);
  EXPECT_NEAR(mcnemar_exact(15, 5), 0.04138946533203125, 1e-12);
  EXPECT_NEAR(mcnemar_exact(600, 500), 0.0028195449914364275, 1e-10);
}

TEST(PairedComparison, OfVerdictsCountsFixedAndBrokenAndUsesMcNemar) {
  std::vector<double> before(20, 1);
  std::vector<double> after(20, 1);
  for (std::size_t i = 0; i < 12; ++i) before[i] = i < 10 ? 0 : 1;
  for (std::size_t i = 0; i < 12; ++i) after[i] = i < 10 ? 1 : 0;
  const PairedResult result = compare_paired(before, after);
  EXPECT_EQ(result.n, 20U);
  EXPECT_EQ(result.fixed, 10U);
  EXPECT_EQ(result.broken, 2U);
  EXPECT_NEAR(result.before, 0.5, 1e-12);
  EXPECT_NEAR(result.after, 0.9, 1e-12);
  EXPECT_NEAR(result.difference, 0.4, 1e-12);
  EXPECT_NEAR(result.standard_error, 0.6805570473787109 / std::sqrt(20.0), 1e-9);
  EXPECT_NEAR(result.p, 0.03857421875, 1e-12);
  EXPECT_LT(result.difference95.low, 0.4);
  EXPECT_GT(result.difference95.high, 0.4);
}

TEST(PairedComparison, OfFewScoresFlipsEverySign) {
  const PairedResult result = compare_paired({0, .25, .5, 0, .5, .3}, {.5, .5, .375, .75, .75, .3});
  EXPECT_NEAR(result.p, 0.125, 1e-12);
  EXPECT_EQ(result.fixed, 0U);
  EXPECT_EQ(result.n, 6U);
}

TEST(PairedComparison, OfManyScoresDrawsSignsFromTheSeed) {
  std::vector<double> before(20, .5);
  std::vector<double> after;
  for (const double d : {.5,  .5,  .5,  .5,  .5,  .5,  -.5, -.5, -.5,  .25,
                         .25, .25, .25, .25, .25, .25, .25, .25, -.25, -.25})
    after.push_back(.5 + d);
  EXPECT_NEAR(compare_paired(before, after, 0).p, 0.07849215078492151, 1e-12);
}

TEST(PairedComparison, WithoutAnyDifferenceFindsNone) {
  const PairedResult same = compare_paired({.5, .25, 1}, {.5, .25, 1});
  EXPECT_EQ(same.p, 1);
  EXPECT_EQ(same.standard_error, 0);
  const PairedResult empty = compare_paired({}, {});
  EXPECT_EQ(empty.n, 0U);
  EXPECT_EQ(empty.p, 1);
  EXPECT_EQ(compare_paired({0}, {1}).standard_error, 0);
}

TEST(DetectableDifference, SolvesThePowerEquation) {
  // delta * sqrt(n) = 1.96 * sqrt(psi) + 0.84 * sqrt(psi - delta^2)
  for (const std::size_t n : {50U, 120U, 180U, 1000U}) {
    const double d = detectable_difference(n, 0.2);
    EXPECT_NEAR(d * std::sqrt(static_cast<double>(n)),
                1.959963985 * std::sqrt(0.2) + 0.841621234 * std::sqrt(0.2 - d * d), 1e-6)
        << n;
  }
  EXPECT_NEAR(detectable_difference(180), 0.0926, 5e-4);
}

TEST(DetectableDifference, BeyondTheDiscordantShareAllChangesGoOneWay) {
  const double d = detectable_difference(20, 0.1);
  EXPECT_GT(d, 0.1);
  EXPECT_NEAR(d * 20, std::pow(1.959963985 + 0.841621234 * std::sqrt(1 - d), 2), 1e-5);
  EXPECT_EQ(detectable_difference(0), 1);
  EXPECT_EQ(detectable_difference(2), 1);
}

TEST(PassAtK, IsUnbiasedAndUndefinedBeyondTheTrials) {
  EXPECT_NEAR(pass_at_k(5, 2, 1), 0.4, 1e-12);
  EXPECT_NEAR(pass_at_k(5, 2, 2), 1 - 3.0 / 10, 1e-12);  // 1 - C(3,2)/C(5,2)
  EXPECT_EQ(pass_at_k(5, 2, 4), 1);
  EXPECT_EQ(pass_at_k(5, 0, 5), 0);
  EXPECT_NEAR(pass_hat_k(5, 3, 2), 3.0 / 10, 1e-12);  // C(3,2)/C(5,2)
  EXPECT_EQ(pass_hat_k(5, 1, 2), 0);
  EXPECT_TRUE(std::isnan(pass_at_k(5, 2, 6)));
  EXPECT_TRUE(std::isnan(pass_hat_k(5, 2, 0)));
}

}  // namespace
}  // namespace skillgrad::stats
