// SPDX-License-Identifier: MIT
#include "study/world.hpp"

#include <cmath>
#include <numeric>
#include <string_view>

#include <skillgrad/stats/distributions.hpp>

namespace skillgrad::study {
namespace {

// splitmix64, by which streams and single outcomes are told apart.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}
std::uint64_t mix(std::uint64_t value, std::string_view text) {
  for (const char c : text) value = mix(value ^ static_cast<unsigned char>(c));
  return value;
}
double uniform(std::uint64_t bits) { return static_cast<double>(bits >> 11U) * 0x1p-53; }

double normal(PyRandom& random) {
  return stats::normal_quantile((random.random() * 0x1p53 + 0.5) / (0x1p53 + 1));
}

// Marsaglia & Tsang's method, for shape >= 1.
double gamma(PyRandom& random, double shape) {
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal(random);
    const double v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    const double u = random.random();
    if (std::log(1 - u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

std::size_t pick(PyRandom& random, const std::vector<double>& weights) {
  double left = random.random() * std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    if (left < weights[i]) return i;
    left -= weights[i];
  }
  return weights.size() - 1;
}

std::uint64_t bit(std::size_t lesson) { return std::uint64_t{1} << lesson; }

std::vector<std::uint64_t> bits_of(std::uint64_t set) {
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < 64; ++i)
    if ((set & bit(i)) != 0) out.push_back(bit(i));
  return out;
}

std::vector<std::string> names(char split, std::size_t first, std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(split + std::to_string(first + i));
  return out;
}

}  // namespace

Package apply(const Package& package, const Edit& edit) {
  return {(package.lessons | edit.teaches) & ~edit.breaks, package.shift + edit.shift};
}

World::World(const Population& population, std::uint64_t seed)
    : population_(population), seed_(seed) {
  PyRandom random(mix(seed));
  std::vector<double> weights;
  for (std::size_t i = 0; i < population.lessons; ++i) weights.push_back(gamma(random, 1.5));
  std::vector<std::size_t> order(population.lessons);
  std::iota(order.begin(), order.end(), 0);
  random.shuffle(order);
  for (std::size_t i = 0; i < population.known; ++i) initial_.lessons |= bit(order[i]);
  const std::size_t all = population.train + population.val + population.test;
  for (std::size_t i = 0; i < all; ++i) tasks_.push_back(draw_task(random, weights));
  train_ = names('t', 0, population.train);
  val_ = names('v', population.train, population.val);
  test_ = names('s', population.train + population.val, population.test);
}

World::Task World::draw_task(PyRandom& random, const std::vector<double>& weights) const {
  Task out;
  out.logit = population_.base_mean + population_.base_sd * normal(random);
  const auto& shares = population_.needs;
  const std::size_t wanted =
      std::min(pick(random, {shares.begin(), shares.end()}), population_.lessons);
  auto left = weights;
  for (std::size_t i = 0; i < wanted; ++i) {
    const std::size_t lesson = pick(random, left);
    out.needs |= bit(lesson);
    left[lesson] = 0;
  }
  return out;
}

const World::Task& World::task(const std::string& name) const {
  return tasks_[std::stoul(name.substr(1))];
}

Edit World::draw_edit(const std::vector<std::string>& batch, const Package& current,
                      std::uint64_t number) const {
  PyRandom random(mix(mix(seed_) ^ number));
  Edit out;
  const auto teach = [&] {
    std::vector<std::uint64_t> lacking;
    for (const auto& name : batch)
      if ((task(name).needs & ~current.lessons) != 0)
        lacking.push_back(task(name).needs & ~current.lessons);
    if (lacking.empty()) return;
    const auto lessons = bits_of(lacking[random.randbelow(lacking.size())]);
    out.teaches = lessons[random.randbelow(lessons.size())];
  };
  const auto unlearn = [&] {
    const auto known = bits_of(current.lessons & ~out.teaches);
    if (!known.empty()) out.breaks = known[random.randbelow(known.size())];
  };
  const Population& of = population_;
  switch (pick(random, {of.fix, of.fix_and_break, of.null, of.breaks, of.shift})) {
    case 0:
      teach();
      break;
    case 1:
      teach();
      unlearn();
      break;
    case 3:
      unlearn();
      break;
    case 4:
      out.shift = of.shift_mean + of.shift_sd * normal(random);
      break;
    default:
      break;
  }
  return out;
}

double World::chance(const Package& package, const std::string& name, double progress) const {
  const Task& of = task(name);
  const bool lacks = (of.needs & ~package.lessons) != 0;
  const double logit = of.logit + package.shift + population_.drift * progress +
                       (lacks ? population_.lesson_effect : 0);
  return 1 / (1 + std::exp(-logit));
}

double World::mean_chance(const Package& package, const std::vector<std::string>& tasks,
                          double progress) const {
  double sum = 0;
  for (const auto& name : tasks) sum += chance(package, name, progress);
  return tasks.empty() ? 0 : sum / static_cast<double>(tasks.size());
}

std::optional<double> World::play(const Package& package, const optim::decisions::Need& rollout,
                                  double progress) const {
  const std::uint64_t drawn =
      mix(mix(mix(mix(seed_), rollout.package), rollout.task) ^ rollout.repeat);
  if (uniform(mix(drawn ^ 1U)) < population_.error_rate) return std::nullopt;
  return uniform(mix(drawn)) < chance(package, rollout.task, progress) ? 1.0 : 0.0;
}

}  // namespace skillgrad::study
