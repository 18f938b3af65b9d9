// SPDX-License-Identifier: MIT
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <skillgrad/core/random.hpp>
#include <skillgrad/stats/sequential.hpp>

namespace skillgrad::stats {
namespace {

TEST(SpentAlpha, IsLittleAtFirstAndAllAtTheEnd) {
  // 2 (1 - Phi(1.959964 / sqrt t)).
  EXPECT_NEAR(spent_alpha(0.25, 0.05), 8.857e-05, 1e-8);
  EXPECT_NEAR(spent_alpha(0.5, 0.05), 0.0055745, 1e-6);
  EXPECT_NEAR(spent_alpha(0.75, 0.05), 0.0236251, 1e-6);
  EXPECT_NEAR(spent_alpha(1, 0.05), 0.05, 1e-15);
  EXPECT_EQ(spent_alpha(0, 0.05), 0);
}

SequentialOptions options_for(std::uint64_t seed = 1) {
  SequentialOptions out;
  out.seed = seed;
  out.flips = 999;
  return out;
}

std::vector<std::size_t> all_looks(std::size_t planned) {
  std::vector<std::size_t> out;
  for (std::size_t look = 1; look <= 4; ++look) out.push_back(look_size(planned, 4, look));
  return out;
}

TEST(SequentialSignFlip, LooksFourTimesAndIsOpenInBetween) {
  EXPECT_EQ(all_looks(120), (std::vector<std::size_t>{30, 60, 90, 120}));
  EXPECT_EQ(all_looks(3), (std::vector<std::size_t>{1, 2, 2, 3}));
  const auto none = sequential_sign_flip({}, {}, options_for());
  EXPECT_EQ(none.standing, Standing::open);
  EXPECT_EQ(none.look, 0U);
  std::vector<double> differences(45, 0.0);
  differences[0] = 1;
  const auto open = sequential_sign_flip(differences, {30}, options_for());
  EXPECT_EQ(open.standing, Standing::open);
  EXPECT_EQ(open.used, 30U);
  EXPECT_NEAR(open.mean, 1.0 / 30, 1e-12);
}

TEST(SequentialSignFlip, EndsAClearCaseEarlyAndAHopelessOneFromTheSecondLook) {
  const auto clear =
      sequential_sign_flip(std::vector<double>(120, 1.0), all_looks(120), options_for());
  EXPECT_EQ(clear.standing, Standing::shown);
  EXPECT_LE(clear.look, 2U);
  EXPECT_LT(clear.p, 0.006);
  EXPECT_GT(clear.boundary_z, 2.2);
  for (const double difference : {-0.5, 0.0}) {
    const auto hopeless =
        sequential_sign_flip(std::vector<double>(120, difference), all_looks(120), options_for());
    EXPECT_EQ(hopeless.standing, Standing::futile);
    EXPECT_EQ(hopeless.look, 2U);
  }
}

TEST(SequentialSignFlip, GivesTheSameAnswerLookByLookAsAtOnce) {
  PyRandom random(3);
  std::vector<double> differences;
  for (int i = 0; i < 60; ++i) differences.push_back(random.random() < 0.4 ? 1 : -0.5);
  const auto whole = sequential_sign_flip(differences, all_looks(60), options_for());
  std::vector<std::size_t> sizes;
  for (const std::size_t size : all_looks(60)) {
    sizes.push_back(size);
    const auto part = sequential_sign_flip(
        {differences.begin(), differences.begin() + static_cast<std::ptrdiff_t>(size)}, sizes,
        options_for());
    if (part.standing == Standing::open) continue;
    EXPECT_EQ(part.standing, whole.standing);
    EXPECT_EQ(part.p, whole.p);
    EXPECT_EQ(part.used, whole.used);
    return;
  }
  FAIL() << "no look ended the test";
}

TEST(SequentialSignFlip, SpendsAllAtTheLastLookHoweverFewTasksCouldBeGraded) {
  std::vector<double> differences(50, 0.0);
  for (std::size_t i = 0; i < 12; ++i) differences[i * 4] = 1;
  const auto ended = sequential_sign_flip(differences, {2, 2, 9, 50}, options_for());
  EXPECT_EQ(ended.standing, Standing::shown);
  EXPECT_EQ(ended.look, 4U);
  EXPECT_EQ(sequential_sign_flip({}, {0, 0, 0, 0}, options_for()).standing, Standing::futile);
}

// At 120 tasks with two runs of each arm: no difference 0.036, +5 points 0.40, +10 points 0.87, 93
// tasks on average (of other tasks than these, hence the bounds).
struct Shares {
  double shown = 0, used = 0;
};
Shares simulate(double gain, int runs) {
  PyRandom random(17);
  Shares out;
  for (int run = 0; run < runs; ++run) {
    std::vector<double> differences;
    for (int i = 0; i < 120; ++i) {
      // Within-task variance 0.15 on average.
      const double before = random.random() < 0.25 ? 0.02 : 0.1 + 0.8 * random.random();
      double difference = 0;
      for (int k = 0; k < 2; ++k)
        difference +=
            ((random.random() < before + gain ? 1 : 0) - (random.random() < before ? 1 : 0)) / 2.0;
      differences.push_back(difference);
    }
    const auto result = sequential_sign_flip(differences, all_looks(120),
                                             options_for(static_cast<std::uint64_t>(run)));
    out.shown += result.standing == Standing::shown ? 1.0 / runs : 0;
    out.used += static_cast<double>(result.used) / runs;
  }
  return out;
}

TEST(SequentialSignFlip, KeepsItsErrorAndHasThePowerOfItsPlan) {
  const auto null = simulate(0, 800);
  EXPECT_LE(null.shown, 0.05 + 2 * std::sqrt(0.05 * 0.95 / 800));
  EXPECT_GE(null.shown, 0.02);
  EXPECT_NEAR(null.used, 93, 10);
  EXPECT_NEAR(simulate(0.05, 300).shown, 0.40, 0.1);
  EXPECT_NEAR(simulate(0.10, 300).shown, 0.87, 0.08);
}

}  // namespace
}  // namespace skillgrad::stats
