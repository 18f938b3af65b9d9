// SPDX-License-Identifier: MIT
#include <algorithm>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include <skillgrad/core/random.hpp>

namespace skillgrad {
namespace {

std::vector<int> range(int n) {
  std::vector<int> out(static_cast<std::size_t>(n));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

std::vector<int> head(const std::vector<int>& items, std::size_t count) {
  return {items.begin(), items.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(PyRandom, FirstOutputsEqualCPython) {
  struct Case {
    std::uint64_t seed;
    std::vector<std::uint32_t> outputs;
  };
  // The last two seeds need two key words: random.Random(2**32), random.Random(2**64 - 1).
  const std::vector<Case> cases = {
      {0, {3626764237U, 1654615998U, 3255389356U, 3823568514U, 1806341205U}},
      {42, {2746317213U, 478163327U, 107420369U}},
      {std::uint64_t{1} << 32, {485306839U, 1508871100U, 1794561286U}},
      {~std::uint64_t{0}, {93740670U, 1068495656U, 1452108352U}},
  };
  for (const Case& c : cases) {
    PyRandom random(c.seed);
    for (const std::uint32_t expected : c.outputs) EXPECT_EQ(random.next_u32(), expected) << c.seed;
  }
}

TEST(PyRandom, LongRunEqualsCPythonAcrossStateRefills) {
  PyRandom random(7);
  std::uint32_t last = 0;
  for (int i = 0; i < 2000; ++i) last = random.next_u32();
  EXPECT_EQ(last, 2803521222U);
}

TEST(PyRandom, DoublesAndWideRandbelowEqualCPython) {
  PyRandom random(5);
  EXPECT_DOUBLE_EQ(random.random(), 0.6229016948897019);
  EXPECT_EQ(random.randbelow(std::size_t{1} << 40), 789164966041U);
  EXPECT_EQ(random.randbelow(1000), 814U);
}

TEST(PyRandom, ShuffleOfFourHundredEqualsCPython) {
  auto items = range(400);
  PyRandom(0).shuffle(items);
  EXPECT_EQ(head(items, 12),
            (std::vector<int>{150, 381, 6, 4, 65, 62, 36, 299, 185, 279, 28, 191}));
}

TEST(PyRandom, PublishedSplitIsReproduced) {
  auto items = range(400);
  PyRandom(0).shuffle(items);
  auto held_out = head(items, 200);
  std::vector<int> evolution(items.begin() + 200, items.end());
  std::sort(evolution.begin(), evolution.end());
  PyRandom(42).shuffle(held_out);
  EXPECT_EQ(head(held_out, 12),
            (std::vector<int>{262, 130, 78, 44, 251, 24, 319, 6, 329, 292, 332, 34}));
  EXPECT_EQ(std::set<int>(held_out.begin(), held_out.begin() + 20),
            (std::set<int>{4,   6,   24,  34,  44,  78,  83,  90,  130, 180,
                           251, 262, 292, 319, 329, 330, 332, 365, 382, 398}));
  EXPECT_EQ(std::vector<int>(held_out.begin() + 20, held_out.begin() + 30),
            (std::vector<int>{359, 98, 392, 103, 79, 363, 270, 136, 62, 271}));
  EXPECT_EQ(head(evolution, 6), (std::vector<int>{0, 5, 7, 8, 10, 13}));
  EXPECT_EQ(std::vector<int>(evolution.end() - 5, evolution.end()),
            (std::vector<int>{389, 390, 391, 393, 399}));
}

TEST(PyRandom, TrainingBatchesOfTheSpecification) {
  auto failures = range(12);
  PyRandom random(0);
  random.shuffle(failures);
  auto taken = head(failures, 6);
  random.shuffle(taken);
  EXPECT_EQ(taken, (std::vector<int>{2, 5, 1, 8, 9, 10}));
}

TEST(PyRandom, ShuffleOfNothingAndOneDrawsNothing) {
  PyRandom random(0);
  std::vector<int> none;
  std::vector<int> one{1};
  random.shuffle(none);
  random.shuffle(one);
  EXPECT_EQ(random.next_u32(), 3626764237U);
}

}  // namespace
}  // namespace skillgrad
