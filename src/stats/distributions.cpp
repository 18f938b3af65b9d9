// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <skillgrad/stats/distributions.hpp>

namespace skillgrad::stats {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSqrt2 = 1.4142135623730950488;
constexpr double kSqrt2Pi = 2.5066282746310005024;

// Stirling's series above 12, reached by the recurrence. Not std::lgamma, which writes a global.
double log_gamma(double x) {
  double shift = 0;
  while (x < 12) {
    shift += std::log(x);
    x += 1;
  }
  const double inverse = 1 / x;
  const double square = inverse * inverse;
  const double series =
      inverse *
      (1.0 / 12 -
       square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680 - square / 1188))));
  return (x - 0.5) * std::log(x) - x + std::log(kSqrt2Pi) + series - shift;
}

// The continued fraction of I_x(a, b), by Lentz's method; it converges fast for x below the mean.
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kMaxSteps = 100'000;
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < kTiny ? kTiny : d);
  double value = d;
  for (int m = 1; m <= kMaxSteps; ++m) {
    const double i = m;
    const std::array<double, 2> factors = {
        i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i)),
        -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1))};
    double step = 1;
    for (const double factor : factors) {
      d = 1 + factor * d;
      d = 1 / (std::abs(d) < kTiny ? kTiny : d);
      c = 1 + factor / c;
      c = std::abs(c) < kTiny ? kTiny : c;
      step = c * d;
      value *= step;
    }
    if (std::abs(step - 1) < 1e-16) break;
  }
  return value;
}

// Acklam's rational approximation, good to 1e-9; the caller refines it.
double rough_normal_quantile(double share) {
  constexpr std::array<double, 6> a = {-3.969683028665376e+01, 2.209460984245205e+02,
                                       -2.759285104469687e+02, 1.383577518672690e+02,
                                       -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr std::array<double, 5> b = {-5.447609879822406e+01, 1.615858368580409e+02,
                                       -1.556989798598866e+02, 6.680131188771972e+01,
                                       -1.328068155288572e+01};
  constexpr std::array<double, 6> c = {-7.784894002430293e-03, -3.223964580411365e-01,
                                       -2.400758277161838e+00, -2.549732539343734e+00,
                                       4.374664141464968e+00,  2.938163982698783e+00};
  constexpr std::array<double, 4> d = {7.784695709041462e-03, 3.224671290700398e-01,
                                       2.445134137142996e+00, 3.754408661907416e+00};
  if (share < 0.02425) {
    const double q = std::sqrt(-2 * std::log(share));
    return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
           ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
  }
  const double q = share - 0.5;
  const double r = q * q;
  return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
         (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

double student_t_density(double t, double freedom) {
  return std::exp(-(freedom + 1) / 2 * std::log1p(t * t / freedom) - log_beta(freedom / 2, 0.5)) /
         std::sqrt(freedom);
}

}  // namespace

double normal_cdf(double z) { return 0.5 * std::erfc(-z / kSqrt2); }

double normal_quantile(double share) {
  if (!(share >= 0 && share <= 1)) return kNaN;
  if (share == 0) return -kInfinity;
  if (share == 1) return kInfinity;
  // The lower half only: there the tail keeps its relative precision.
  if (share > 0.5) return -normal_quantile(1 - share);
  double z = rough_normal_quantile(share);
  for (int step = 0; step < 2; ++step) {  // Halley
    const double error = (normal_cdf(z) - share) * kSqrt2Pi * std::exp(z * z / 2);
    z -= error / (1 + z * error / 2);
  }
  return z;
}

double log_beta(double a, double b) { return log_gamma(a) + log_gamma(b) - log_gamma(a + b); }

double incomplete_beta(double a, double b, double x) {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1)) return kNaN;
  if (x == 0 || x == 1) return x;
  const double front = std::exp(a * std::log(x) + b * std::log1p(-x) - log_beta(a, b));
  if (x <= (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_t_cdf(double t, double freedom) {
  if (!(freedom > 0) || std::isnan(t)) return kNaN;
  if (std::isinf(t)) return t < 0 ? 0 : 1;
  const double square = t * t;
  // The tail from the smaller of the two arguments, so that neither end loses its digits.
  const double two_tails = square < std::min(1.0, freedom)
                               ? 1 - incomplete_beta(0.5, freedom / 2, square / (freedom + square))
                               : incomplete_beta(freedom / 2, 0.5, freedom / (freedom + square));
  return t < 0 ? two_tails / 2 : 1 - two_tails / 2;
}

double student_t_quantile(double share, double freedom) {
  if (!(share >= 0 && share <= 1) || !(freedom > 0)) return kNaN;
  if (share == 0) return -kInfinity;
  if (share == 1) return kInfinity;
  if (share == 0.5) return 0;
  if (share > 0.5) return -student_t_quantile(1 - share, freedom);
  // Bracket the quantile from below, then halve; Newton's steps where they stay inside.
  double high = 0;
  double low = std::min(-1.0, normal_quantile(share));
  while (student_t_cdf(low, freedom) > share) {
    high = low;
    low *= 2;
    if (std::isinf(low)) return low;
  }
  double t = (low + high) / 2;
  for (int step = 0; step < 200; ++step) {
    const double error = student_t_cdf(t, freedom) - share;
    (error > 0 ? high : low) = t;
    const double newton = t - error / student_t_density(t, freedom);
    if (std::abs(newton - t) <= 1e-14 * std::abs(t)) break;
    t = newton > low && newton < high ? newton : (low + high) / 2;
  }
  return t;
}

double binomial_upper_tail(std::size_t k, std::size_t n, double rate) {
  if (!(rate >= 0 && rate <= 1)) return kNaN;
  if (k == 0) return 1;
  if (k > n) return 0;
  return incomplete_beta(static_cast<double>(k), static_cast<double>(n - k + 1), rate);
}

}  // namespace skillgrad::stats
