// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <skillgrad/stats/distributions.hpp>

namespace skillgrad::stats {
namespace {

// Reference values: scipy 1.17.1 (norm, t, betainc, binom).

TEST(Normal, DistributionAndQuantileAreEachOthersInverse) {
  EXPECT_NEAR(normal_cdf(1.959963984540054), 0.975, 1e-15);
  EXPECT_NEAR(normal_cdf(-8) / 6.220960574271785e-16, 1, 1e-12);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.8), 0.8416212335729143, 1e-14);
  EXPECT_NEAR(normal_quantile(1e-12), -7.034483825301131, 1e-12);
  EXPECT_EQ(normal_quantile(0.5), 0);
  for (const double z : {-6.0, -2.5, -0.3, 0.0, 0.7, 3.1})
    EXPECT_NEAR(normal_quantile(normal_cdf(z)), z, 1e-12) << z;
  EXPECT_TRUE(std::isinf(normal_quantile(0)));
  EXPECT_TRUE(std::isnan(normal_quantile(1.5)));
}

TEST(StudentT, HasTheTablesValues) {
  EXPECT_NEAR(student_t_quantile(0.975, 1), 12.706204736174694, 1e-10);
  EXPECT_NEAR(student_t_quantile(0.975, 11), 2.200985160091644, 1e-12);
  EXPECT_NEAR(student_t_quantile(0.95, 39), 1.684875121711224, 1e-12);
  EXPECT_NEAR(student_t_quantile(0.95, 1e6), 1.6448549, 2e-6);
  EXPECT_NEAR(student_t_cdf(2.200985160091644, 11), 0.975, 1e-13);
  EXPECT_NEAR(student_t_cdf(-0.01, 3), 0.496324555706426, 1e-13);
  EXPECT_EQ(student_t_quantile(0.5, 4), 0);
  EXPECT_TRUE(std::isnan(student_t_cdf(1, 0)));
}

TEST(IncompleteBeta, KeepsItsDigitsOnBothSides) {
  EXPECT_NEAR(incomplete_beta(6, 1, 0.5), std::pow(0.5, 6), 1e-16);
  EXPECT_NEAR(incomplete_beta(3, 2, 0.5), 0.3125, 1e-14);
  EXPECT_NEAR(incomplete_beta(0.5, 0.5, 0.25), 1.0 / 3, 1e-13);
  EXPECT_NEAR(incomplete_beta(200, 300, 0.4), 0.5024286163199315, 1e-13);
  EXPECT_EQ(incomplete_beta(2, 3, 0), 0);
  EXPECT_EQ(incomplete_beta(2, 3, 1), 1);
  EXPECT_TRUE(std::isnan(incomplete_beta(0, 1, 0.5)));
}

TEST(BinomialTail, CountsFromKUp) {
  EXPECT_NEAR(binomial_upper_tail(5, 5), 0.03125, 1e-15);
  EXPECT_NEAR(binomial_upper_tail(10, 12), 0.019287109375, 1e-14);
  EXPECT_NEAR(binomial_upper_tail(3, 10, 0.1), 0.0701908264, 1e-12);
  EXPECT_EQ(binomial_upper_tail(0, 10), 1);
  EXPECT_EQ(binomial_upper_tail(11, 10), 0);
}

}  // namespace
}  // namespace skillgrad::stats
