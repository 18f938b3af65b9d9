// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/random.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/skill_tasks.hpp"
#include "bench/split_file.hpp"

namespace skillgrad::bench {
namespace {

Result<> check_ids(const Benchmark& benchmark, const Splits& splits, const std::string& where) {
  std::unordered_set<std::string> known;
  for (const Task& task : benchmark.tasks()) known.insert(task.id);
  std::unordered_map<std::string, std::string> seen;
  const std::pair<const char*, const std::vector<std::string>*> lists[] = {
      {"train", &splits.train}, {"val", &splits.val}, {"test", &splits.test}};
  for (const auto& [name, ids] : lists) {
    for (const std::string& id : *ids) {
      if (!known.contains(id)) {
        std::vector<std::string> candidates(known.begin(), known.end());
        std::sort(candidates.begin(), candidates.end());
        const auto near = nearest_match(id, candidates);
        return fail(ErrorCode::input,
                    std::string("split \"") + name + "\" names task \"" + id +
                        "\", which the benchmark does not have",
                    where,
                    near ? "did you mean \"" + *near + "\"?" : "check that both belong together");
      }
      const auto [other, fresh] = seen.emplace(id, name);
      if (!fresh)
        return fail(
            ErrorCode::dataset,
            "task \"" + id + "\" is in \"" + other->second + "\" and again in \"" + name + "\"",
            where, "keep each task in one split");
    }
  }
  return {};
}

// Tasks with one content, and the test cases of one task, count as one unit, so that a copy of a
// training task is never tested.
std::vector<std::vector<std::size_t>> content_groups(const std::vector<Task>& tasks) {
  std::vector<std::vector<std::size_t>> groups;
  std::unordered_map<std::string, std::size_t> group_of;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const Task& task = tasks[i];
    const std::string content =
        task.content_hash.empty() ? "id:" + task.id : "content:" + task.content_hash;
    const std::string whole = "task:" + (task.group.empty() ? task.id : task.group);
    // A copy of an earlier task's content joins it; so does a further case of an earlier task.
    auto found = group_of.find(content);
    if (found == group_of.end()) found = group_of.find(whole);
    const std::size_t at = found == group_of.end() ? groups.size() : found->second;
    if (at == groups.size()) groups.emplace_back();
    group_of.emplace(content, at);
    group_of.emplace(whole, at);
    groups[at].push_back(i);
  }
  return groups;
}

std::size_t share_of(std::size_t n, double share) {
  if (share <= 0) return 0;
  const auto count = static_cast<std::size_t>(std::floor(static_cast<double>(n) * share + 1e-9));
  return std::max<std::size_t>(1, count);
}

using Groups = std::vector<std::vector<std::size_t>>;

/// How many groups of a stratum go to train and val; the rest is test.
struct Quota {
  std::size_t train = 0, val = 0;
};

/// Shares `total` out in proportion to `weights`, by largest remainders, earlier ones first; none
/// gets more than its `room`. Needs total <= sum of room.
std::vector<std::size_t> share_out(std::size_t total, const std::vector<std::size_t>& weights,
                                   const std::vector<std::size_t>& room) {
  const std::size_t all = std::accumulate(weights.begin(), weights.end(), std::size_t{0});
  std::vector<std::size_t> out(weights.size()), order(weights.size());
  std::size_t given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    out[i] = std::min(total * weights[i] / all, room[i]);
    given += out[i];
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return total * weights[a] % all > total * weights[b] % all;
  });
  while (given < total)
    for (const std::size_t i : order)
      if (given < total && out[i] < room[i]) {
        ++out[i];
        ++given;
      }
  return out;
}

/// What a task says in the field; "" when it says nothing.
std::string value_of(const Task& task, const std::string& field) {
  if (field == "category") return task.category;
  const auto found = task.fields.find(field);
  return found == task.fields.end() ? "" : found->second;
}

Result<> check_field(const Benchmark& benchmark, const std::string& field) {
  std::set<std::string> known;
  for (const Task& task : benchmark.tasks()) {
    if (!value_of(task, field).empty()) return {};
    if (!task.category.empty()) known.insert("category");
    for (const auto& [name, value] : task.fields) known.insert(name);
  }
  const std::vector<std::string> names(known.begin(), known.end());
  const auto near = nearest_match(field, names);
  return fail(ErrorCode::config, "no task has a field \"" + field + "\"", "--stratify",
              near            ? "did you mean \"" + *near + "\"?"
              : names.empty() ? "the tasks of this benchmark have no fields"
                              : "use one of " + list_some(names));
}

/// The groups by the field's value (that of a group's first task), in the order of the values.
std::vector<Groups> strata_of(const std::vector<Task>& tasks, Groups groups,
                              const std::string& field) {
  std::map<std::string, Groups> by_value;
  for (auto& group : groups)
    by_value[field.empty() ? "" : value_of(tasks[group.front()], field)].push_back(
        std::move(group));
  std::vector<Groups> out;
  for (auto& [value, members] : by_value) out.push_back(std::move(members));
  return out;
}

std::vector<Quota> quotas_of(const std::vector<Groups>& strata, std::size_t train,
                             std::size_t val) {
  std::vector<std::size_t> sizes;
  for (const auto& stratum : strata) sizes.push_back(stratum.size());
  const auto for_train = share_out(train, sizes, sizes);
  std::vector<std::size_t> room;
  for (std::size_t i = 0; i < sizes.size(); ++i) room.push_back(sizes[i] - for_train[i]);
  const auto for_val = share_out(val, sizes, room);
  std::vector<Quota> out;
  for (std::size_t i = 0; i < sizes.size(); ++i) out.push_back({for_train[i], for_val[i]});
  return out;
}

std::string origin_of(const SplitOptions& options, const Splits& splits, std::size_t strata) {
  std::string out = "shuffled with seed " + std::to_string(options.seed);
  if (!options.stratify.empty())
    out += ", stratified by " + options.stratify + " (" + std::to_string(strata) + " values)";
  return out + ": " + std::to_string(splits.train.size()) + " train, " +
         std::to_string(splits.val.size()) + " val, " + std::to_string(splits.test.size()) +
         " test";
}

Result<Splits> shuffle_split(const Benchmark& benchmark, const SplitOptions& options) {
  const std::vector<Task>& tasks = benchmark.tasks();
  if (options.train < 0 || options.val < 0 || options.train + options.val > 1 + 1e-9)
    return fail(ErrorCode::config,
                "shares train " + format_double(options.train) + " and val " +
                    format_double(options.val) + " do not fit into 1",
                {}, "give shares of at least 0 whose sum is at most 1");
  Groups groups = content_groups(tasks);
  const std::size_t train = share_of(groups.size(), options.train);
  const std::size_t val = share_of(groups.size(), options.val);
  const bool wants_test = options.train + options.val < 1 - 1e-9;
  if (train + val + (wants_test ? 1 : 0) > groups.size())
    return fail(ErrorCode::input,
                "too few tasks to split: " + std::to_string(groups.size()) + " different ones",
                benchmark.source(), "add tasks, or name the splits in a split file");
  PyRandom random(options.seed);
  std::vector<Groups> strata = strata_of(tasks, std::move(groups), options.stratify);
  const std::vector<Quota> quotas = quotas_of(strata, train, val);
  std::vector<std::size_t> parts[3];
  for (std::size_t k = 0; k < strata.size(); ++k) {
    random.shuffle(strata[k]);
    for (std::size_t i = 0; i < strata[k].size(); ++i) {
      const bool is_val = i < quotas[k].train + quotas[k].val;
      auto& part = parts[i < quotas[k].train ? 0 : is_val ? 1 : 2];
      part.insert(part.end(), strata[k][i].begin(), strata[k][i].end());
    }
  }
  Splits splits;
  std::vector<std::string>* targets[3] = {&splits.train, &splits.val, &splits.test};
  for (std::size_t part = 0; part < 3; ++part) {
    std::sort(parts[part].begin(), parts[part].end());
    for (const std::size_t index : parts[part]) targets[part]->push_back(tasks[index].id);
  }
  splits.origin = origin_of(options, splits, strata.size());
  return splits;
}

}  // namespace

Result<Splits> make_splits(const Benchmark& benchmark, const SplitOptions& options) {
  if (!options.split_file.empty()) {
    if (!options.stratify.empty())
      return fail(ErrorCode::config, "a split file and a field to stratify by are both given",
                  "--stratify", "give one of --split-file and --stratify");
    SKILLGRAD_TRY(Splits splits, read_split_file(options.split_file));
    SKILLGRAD_CHECK(check_ids(benchmark, splits, options.split_file));
    return splits;
  }
  if (!options.stratify.empty()) {
    SKILLGRAD_CHECK(check_field(benchmark, options.stratify));
    return shuffle_split(benchmark, options);
  }
  if (auto own = benchmark.own_splits()) {
    SKILLGRAD_CHECK(check_ids(benchmark, *own, benchmark.source()));
    return *std::move(own);
  }
  SplitOptions shared = options;
  if (benchmark.name() == kSkillTasks && check_field(benchmark, "skill")) shared.stratify = "skill";
  return shuffle_split(benchmark, shared);
}

std::optional<GroupScores> score_groups(const Benchmark& benchmark,
                                        const std::vector<CaseScore>& cases) {
  struct Sum {
    double score = 0, right = 0;
    std::size_t cases = 0;
    bool graded = true;
  };
  std::map<std::string, Sum> sums;
  bool any = false;
  for (const CaseScore& one : cases) {
    const Task* task = benchmark.find(one.task_id);
    if (task == nullptr) continue;
    any = any || !task->group.empty();
    Sum& sum = sums[task->group.empty() ? task->id : task->group];
    ++sum.cases;
    sum.score += one.score;
    sum.right += one.hard ? 1 : 0;
    sum.graded = sum.graded && one.graded;
  }
  if (!any) return std::nullopt;
  GroupScores out;
  out.planned = sums.size();
  for (const auto& [id, sum] : sums) {
    if (!sum.graded) continue;
    const auto n = static_cast<double>(sum.cases);
    ++out.graded;
    out.score += sum.score / n;
    out.soft += sum.right / n;
    out.hard += sum.right == n ? 1 : 0;
  }
  const double n = std::max<double>(1, static_cast<double>(out.graded));
  out.score /= n;
  out.soft /= n;
  out.hard /= n;
  return out;
}

}  // namespace skillgrad::bench
