// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "report/run/json_parts.hpp"
#include "report/run/sections.hpp"

namespace skillgrad::report {
namespace {

constexpr std::size_t kHashDigits = 12;
constexpr std::size_t kMessageBytes = 1200;
constexpr std::size_t kMostDifferences = 40;

/// A folder of rollouts: "iter_003/gate/0123456789ab" -> its column, and the arm that its name
/// tells, if it does.
struct Place {
  std::string column, label;
  int iteration = 0, order = 0;
  std::optional<Arm> arm;
};

int number_in(const std::string& name) {
  const std::size_t at = name.find_first_of("0123456789");
  int value = 0;
  for (std::size_t i = at; i < name.size() && value < 1'000'000 && name[i] >= '0' && name[i] <= '9';
       ++i)
    value = 10 * value + (name[i] - '0');
  return value;
}

std::optional<Place> place_of_folder(const std::string& folder, const RunReport& report) {
  const auto parts = split(folder, '/');
  const std::string& first = parts.front();
  const std::string last = parts.back();
  if (first == "base" || first == "base_val") return Place{"base", "initial", 0, 0, Arm::before};
  if (first == "baseline") return Place{"eval", "eval", 0, 0, Arm::before};
  if (first == "eval") return Place{"eval", "eval", 0, 0, Arm::after};
  if (first.starts_with("iter_")) {
    const int iteration = number_in(first);
    Place out{first, std::to_string(iteration), iteration, iteration, {}};
    if (parts.size() == 1) out.arm = Arm::before;
    return out;
  }
  const bool initial = last == "initial";
  const bool best = report.best && last == iteration_folder(report.best->iteration);
  const Arm arm = initial ? Arm::before : best ? Arm::after : Arm::other;
  if (first == "finalists") return Place{first, "final", 0, 1'000'000, arm};
  if (first == "prune") return Place{first, "prune", 0, 1'000'001, Arm::other};
  if (first == "test")
    return Place{first, "test", 0, 1'000'002,
                 initial                               ? Arm::before
                 : best || last.starts_with("pruned_") ? Arm::after
                                                       : Arm::other};
  return Place{first, first, 0, 999'999, Arm::before};
}

/// Folders of a run that hold no rollouts, or those of its other processes.
constexpr std::array<std::string_view, 6> kElsewhere = {"skill",  "packages", "calls",
                                                        "shards", "workers",  "shared"};

/// Folders of rollouts, relative to the run, sorted.
std::vector<std::string> rollout_folders(const fs::path& dir) {
  std::vector<std::string> out;
  const auto visit = [&](const auto& self, const fs::path& at, int depth) -> void {
    std::error_code error;
    for (fs::directory_iterator entry(at, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code ignored;
      if (!entry->is_directory(ignored) || entry->is_symlink(ignored)) continue;
      const std::string name = entry->path().filename().string();
      if (name == "rollouts")
        out.push_back(at.lexically_relative(dir).generic_string());
      else if (depth < 3 &&
               std::find(kElsewhere.begin(), kElsewhere.end(), name) == kElsewhere.end())
        self(self, entry->path(), depth + 1);
    }
  };
  visit(visit, dir, 0);
  std::sort(out.begin(), out.end());
  return out;
}

/// "Summary!B3: expected number 1, got nothing", a line of a grader's feedback.
std::optional<Difference> difference_in(std::string_view line) {
  constexpr std::string_view kExpected = ": expected ", kGot = ", got ";
  const std::size_t expected = line.find(kExpected);
  const std::size_t got = line.rfind(kGot);
  if (expected == std::string_view::npos || expected == 0 || got == std::string_view::npos ||
      got < expected + kExpected.size())
    return std::nullopt;
  Difference out;
  out.place = line.substr(0, expected);
  out.expected = line.substr(expected + kExpected.size(), got - expected - kExpected.size());
  out.got = line.substr(got + kGot.size());
  const std::size_t sheet = out.place.rfind('!');
  const std::string_view cell =
      std::string_view(out.place).substr(sheet == std::string::npos ? 0 : sheet + 1);
  const std::size_t digits = cell.find_first_of("0123456789");
  out.cell = sheet != std::string::npos && digits != std::string_view::npos && digits > 0 &&
             cell.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == digits &&
             cell.find_first_not_of("0123456789", digits) == std::string_view::npos;
  return out;
}

void read_feedback(const std::string& feedback, Rollout& out) {
  std::vector<std::string> rest;
  for (const std::string& line : split(feedback, '\n')) {
    auto difference = difference_in(line);
    if (difference && out.differences.size() < kMostDifferences)
      out.differences.push_back(std::move(*difference));
    else
      rest.push_back(line);
  }
  out.message = truncate_middle(trim(join(rest, "\n")), kMessageBytes);
}

Rollout rollout_of(const Json& loss, std::string path) {
  Rollout out;
  out.path = std::move(path);
  out.trial = integer_of(loss, "sample");
  out.status = text_of(loss, "status");
  out.score = number_of(loss, "score");
  if (out.status == "error") out.score.reset();
  out.cost_usd = number_of(loss, "cost_usd");
  out.seconds = number_of(loss, "seconds");
  out.package = text_of(loss, "skill").substr(0, kHashDigits);
  const std::string error = text_of(loss, "error");
  read_feedback(error.empty() ? text_of(loss, "feedback") : error, out);
  return out;
}

class TaskReader {
 public:
  TaskReader(const RunFiles& files, RunReport& report) : files_(files), report_(report) {}

  void read(const Json& plan, const Json& result) {
    for (const char* split : {"train", "val", "test"})
      for (const std::string& id : texts_of(member(plan, "splits"), split)) row(id).split = split;
    for (const Json& task : items(result, "tasks")) {
      const std::string id = text_of(task, "task_id");
      if (!id.empty()) row(id).split = report_.facts.split;
    }
    for (const std::string& folder : rollout_folders(files_.dir())) read_folder(folder);
    if (torn_ > 0)
      files_.miss(
          fmt::format("{} rollout{} left no record that can be read (cut off, or still "
                      "running)",
                      torn_, torn_ == 1 ? "" : "s"));
    number_columns();
    for (auto& task : report_.tasks) sum_up(task);
  }

 private:
  TaskRow& row(const std::string& id) {
    const auto [found, fresh] = index_.try_emplace(id, report_.tasks.size());
    if (fresh) report_.tasks.emplace_back().id = id;
    return report_.tasks[found->second];
  }

  void read_folder(const std::string& folder) {
    const auto place = place_of_folder(folder, report_);
    if (!place) return;
    std::vector<std::string> names;
    std::error_code error;
    const fs::path below = files_.dir() / folder / "rollouts";
    for (fs::directory_iterator entry(below, error), end; !error && entry != end;
         entry.increment(error))
      names.push_back(entry->path().filename().string());
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const std::string path = folder + "/rollouts/" + name;
      const auto loss = read_json(files_.dir() / path / "loss.json");
      if (!loss || text_of(*loss, "task_id").empty()) {
        ++torn_;
        continue;
      }
      add(*place, *loss, path);
    }
  }

  void add(const Place& place, const Json& loss, const std::string& path) {
    Rollout rollout = rollout_of(loss, path);
    if (place.arm == Arm::before && place.iteration > 0)
      current_[place.iteration] = rollout.package;  // the skill that the iteration began with
    rollout.arm = place.arm ? *place.arm : arm_of(place.iteration, rollout.package);
    columns_.try_emplace({place.order, place.column}, place);
    keys_.push_back({text_of(loss, "task_id"), {place.order, place.column}});
    row(keys_.back().first);
    rollouts_.push_back(std::move(rollout));
  }

  /// Of a rollout of screen or gate: folders are read in the order of their names, so that
  /// "iter_003" comes before what is below it.
  [[nodiscard]] Arm arm_of(int iteration, const std::string& package) const {
    const auto current = current_.find(iteration);
    if (current != current_.end() && current->second == package) return Arm::before;
    for (const Step& step : report_.steps) {
      if (step.iteration != iteration) continue;
      if (step.screened.empty() || step.candidates < 2) return Arm::after;
      return decided_on(step) == package ? Arm::after : Arm::other;
    }
    return Arm::other;
  }

  /// The package of the patch that was decided on, from the patch that was copied up.
  [[nodiscard]] const std::string& decided_on(const Step& step) const {
    auto [found, fresh] = decided_.try_emplace(step.iteration);
    if (fresh)
      found->second =
          text_of(files_.json(patch_folder(files_.dir(), step.iteration) + "/patch.json"),
                  "skill_hash")
              .substr(0, kHashDigits);
    return found->second;
  }

  void number_columns() {
    std::map<std::pair<int, std::string>, std::size_t> number;
    for (const auto& [key, place] : columns_) {
      number[key] = report_.columns.size();
      report_.columns.push_back({place.column, place.label, place.iteration});
    }
    for (std::size_t i = 0; i < rollouts_.size(); ++i) {
      rollouts_[i].column = number[keys_[i].second];
      row(keys_[i].first).rollouts.push_back(std::move(rollouts_[i]));
    }
  }

  static void sum_up(TaskRow& task) {
    std::map<std::pair<std::size_t, Arm>, Cell> cells;
    std::map<std::pair<std::size_t, Arm>, double> sums;
    for (const Rollout& rollout : task.rollouts) {
      const std::pair key{rollout.column, rollout.arm};
      Cell& cell = cells[key];
      cell.column = rollout.column;
      cell.arm = rollout.arm;
      if (!rollout.score) {
        ++cell.error;
        continue;
      }
      ++(rollout.status == "pass" ? cell.pass : cell.fail);
      sums[key] += *rollout.score;
    }
    for (auto& [key, cell] : cells) {
      const auto graded = static_cast<double>(cell.pass + cell.fail);
      if (graded > 0) cell.score = sums[key] / graded;
      task.cells.push_back(cell);
    }
  }

  const RunFiles& files_;
  RunReport& report_;
  std::map<std::string, std::size_t> index_;
  std::map<std::pair<int, std::string>, Place> columns_;
  std::vector<std::pair<std::string, std::pair<int, std::string>>> keys_;
  std::vector<Rollout> rollouts_;
  std::map<int, std::string> current_;
  mutable std::map<int, std::string> decided_;
  std::size_t torn_ = 0;
};

/// The outcome under a package: right, wrong, or nullopt where nothing was graded.
std::optional<bool> right_in(const Cell& cell) {
  if (cell.pass + cell.fail == 0) return std::nullopt;
  return cell.fail == 0;
}

std::string change_of(const TaskRow& task, const std::string& column, const RunReport& report) {
  std::optional<bool> before, after;
  for (const Cell& cell : task.cells) {
    if (report.columns[cell.column].key != column) continue;
    if (cell.arm == Arm::before) before = right_in(cell);
    if (cell.arm == Arm::after) after = right_in(cell);
  }
  if (!before || !after || *before == *after) return {};
  return *after ? "fixed" : "broken";
}

}  // namespace

void read_tasks(const RunFiles& files, const Json& result, RunReport& report) {
  TaskReader(files, report).read(files.json("plan.json"), result);
  for (auto& task : report.tasks)
    for (const char* column : {"test", "eval", "finalists"})
      if (task.change.empty()) task.change = change_of(task, column, report);
}

void add_screen_scores(RunReport& report) {
  std::vector<ScorePoint> points;
  for (const Step& step : report.steps) {
    double sum = 0;
    std::size_t n = 0;
    for (const TaskRow& task : report.tasks) {
      if (std::find(step.batch.begin(), step.batch.end(), task.id) == step.batch.end()) continue;
      for (const Cell& cell : task.cells)
        if (report.columns[cell.column].iteration == step.iteration && cell.arm == Arm::after &&
            cell.score) {
          sum += *cell.score;
          ++n;
        }
    }
    if (n > 0)
      points.push_back({"screen", step.iteration, sum / static_cast<double>(n), std::nullopt, n,
                        step.decision == "accepted"});
  }
  report.scores.insert(report.scores.end(), points.begin(), points.end());
}

}  // namespace skillgrad::report
