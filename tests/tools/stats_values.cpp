// SPDX-License-Identifier: MIT
// Computes what tests/scripts/stats_oracle.py asks for: one line "NAME NUMBER..." in, one number
// out.
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <skillgrad/stats/stats.hpp>

namespace {

using skillgrad::stats::BettingProcess;
using Numbers = std::vector<double>;

std::size_t count(double value) { return static_cast<std::size_t>(value); }

double bet(BettingProcess::Bet kind, const Numbers& differences) {
  BettingProcess process(kind);
  for (const double difference : differences) process.add(difference);
  return process.value();
}

const std::map<std::string, std::function<double(const Numbers&)>>& functions() {
  using namespace skillgrad::stats;
  static const std::map<std::string, std::function<double(const Numbers&)>> table = {
      {"normal_cdf", [](const Numbers& x) { return normal_cdf(x.at(0)); }},
      {"normal_quantile", [](const Numbers& x) { return normal_quantile(x.at(0)); }},
      {"student_t_cdf", [](const Numbers& x) { return student_t_cdf(x.at(0), x.at(1)); }},
      {"student_t_quantile", [](const Numbers& x) { return student_t_quantile(x.at(0), x.at(1)); }},
      {"incomplete_beta",
       [](const Numbers& x) { return incomplete_beta(x.at(0), x.at(1), x.at(2)); }},
      {"binomial_upper_tail",
       [](const Numbers& x) {
         return binomial_upper_tail(count(x.at(0)), count(x.at(1)), x.at(2));
       }},
      {"sign_test", [](const Numbers& x) { return sign_test(count(x.at(0)), count(x.at(1))); }},
      {"mcnemar_exact",
       [](const Numbers& x) { return mcnemar_exact(count(x.at(0)), count(x.at(1))); }},
      {"mixture_e_value",
       [](const Numbers& x) { return mixture_e_value(count(x.at(0)), count(x.at(1))); }},
      {"bet_constant", [](const Numbers& x) { return bet(BettingProcess::Bet::constant, x); }},
      {"bet_agrapa", [](const Numbers& x) { return bet(BettingProcess::Bet::agrapa, x); }},
      {"t_interval_low", [](const Numbers& x) { return t_interval(x).low; }},
      {"sign_flip_p", [](const Numbers& x) { return compare_paired(Numbers(x.size(), 0), x).p; }},
      {"sequential_p",
       [](const Numbers& x) {
         SequentialOptions options;
         options.looks = 1;
         return sequential_sign_flip(x, {x.size()}, options).p;
       }},
  };
  return table;
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    Numbers numbers;
    for (double number = 0; words >> number;) numbers.push_back(number);
    const auto found = functions().find(name);
    if (found == functions().end()) {
      std::fprintf(stderr, "stats_values: no function \"%s\"\n", name.c_str());
      return 2;
    }
    std::printf("%.17g\n", found->second(numbers));
  }
  return 0;
}
