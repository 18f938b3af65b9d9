// SPDX-License-Identifier: MIT
#include <vector>

#include <gtest/gtest.h>

#include <skillgrad/core/random.hpp>
#include <skillgrad/stats/evidence.hpp>
#include <skillgrad/stats/paired.hpp>

namespace skillgrad::stats {
namespace {

const std::vector<double> kSequence = {1, 0, 0, 1, -1, 1, 0, 1, 1, 0,
                                       1, 1, 0, 1, -1, 1, 1, 0, 1, 1};

TEST(SignTest, HasTheLeastPThatTheVotesAllow) {
  EXPECT_NEAR(sign_test(5, 0), 0.03125, 1e-15);
  EXPECT_EQ(sign_test(0, 0), 1);
  EXPECT_EQ(sign_test(0, 4), 1);
  EXPECT_NEAR(sign_test(10, 2), 0.019287109375, 1e-14);
  EXPECT_EQ(least_sign_p(4), 0.0625);
  EXPECT_FALSE(wins_needed(4).has_value());
  EXPECT_EQ(wins_needed(5), 5U);
  EXPECT_EQ(wins_needed(12), 10U);
  EXPECT_EQ(wins_needed(20), 15U);
  EXPECT_EQ(wins_needed(0, 1), 0U);
}

// Known answers of the betting e-process (arXiv 2010.09686), made with confseq's formulas.
TEST(BettingProcess, GrowsAsPublishedAfterFiveTenFifteenAndTwentyTasks) {
  BettingProcess constant(BettingProcess::Bet::constant);
  BettingProcess agrapa;
  std::vector<double> seen_constant, seen_agrapa;
  for (std::size_t i = 0; i < kSequence.size(); ++i) {
    constant.add(kSequence[i]);
    agrapa.add(kSequence[i]);
    if (i % 5 != 4) continue;
    seen_constant.push_back(constant.value());
    seen_agrapa.push_back(agrapa.value());
  }
  const std::vector<double> want_constant = {1.125, 3.79688, 6.40723, 32.4366};
  const std::vector<double> want_agrapa = {0.75, 2.15935, 3.6439, 18.4472};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(seen_constant[i] / want_constant[i], 1, 1e-5);
    EXPECT_NEAR(seen_agrapa[i] / want_agrapa[i], 1, 1e-5);
  }
}

TEST(BettingProcess, LosesHalfAtMostByOneTask) {
  for (const auto bet : {BettingProcess::Bet::constant, BettingProcess::Bet::agrapa}) {
    BettingProcess process(bet);
    for (int i = 0; i < 30; ++i) process.add(1);
    EXPECT_LE(process.next_bet(), 0.5);
    const double before = process.value();
    process.add(-7);  // cut to -1
    EXPECT_GE(process.value(), before / 2);
  }
}

TEST(BettingProcess, CrossesTwentyInAtMostOneOfTwentyRunsWithoutADifference) {
  PyRandom random(5);
  int crossed = 0;
  constexpr int kRuns = 2'000;
  for (int run = 0; run < kRuns; ++run) {
    BettingProcess process;
    bool over = false;
    for (int i = 0; i < 100; ++i) {
      const double draw = random.random();
      process.add(draw < 0.2 ? 1 : draw < 0.4 ? -1 : 0);
      over = over || process.value() >= 20;
    }
    crossed += over ? 1 : 0;
  }
  EXPECT_GT(crossed, 0);
  EXPECT_LE(crossed, kRuns / 20);
}

TEST(MixtureEValue, HasItsKnownAnswers) {
  struct Row {
    std::size_t wins, losses;
    double value;
  };
  for (const Row& row :
       {Row{0, 0, 1}, Row{5, 0, 10.5}, Row{7, 0, 31.875}, Row{8, 1, 11.2556}, Row{12, 3, 8.90646},
        Row{20, 8, 5.88446}, Row{2, 1, 0.916667}, Row{5, 1, 2.85714}})
    EXPECT_NEAR(mixture_e_value(row.wins, row.losses) / row.value, 1, 1e-5)
        << row.wins << ":" << row.losses;
}

TEST(MixtureEValue, OfTheSequenceIsAsPublished) {
  const std::vector<double> want = {0.916667, 2.85714, 4.00202, 23.9172};
  std::size_t wins = 0, losses = 0;
  for (std::size_t i = 0; i < kSequence.size(); ++i) {
    wins += kSequence[i] > 0 ? 1U : 0U;
    losses += kSequence[i] < 0 ? 1U : 0U;
    if (i % 5 != 4) continue;
    EXPECT_NEAR(mixture_e_value(wins, losses) / want[i / 5], 1, 1e-5) << i;
  }
}

}  // namespace
}  // namespace skillgrad::stats
