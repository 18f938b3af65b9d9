// SPDX-License-Identifier: MIT
#include "optim/methods/measure_requests.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "optim/rollouts/rollout_budget.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::int64_t kMostTrials = 1000;
constexpr const char* kEvals = "evals/";
/// Of a program's own packages: far from the trials of the judging, so that no cache of replies
/// gives both the same.
constexpr std::size_t kFirstTrial = 10'000;

/// '*' stands for any run of characters.
bool fits(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*')
    return fits(pattern.substr(1), text) || (!text.empty() && fits(pattern, text.substr(1)));
  return !text.empty() && pattern.front() == text.front() &&
         fits(pattern.substr(1), text.substr(1));
}

/// The tasks of the split that the patterns name; all where there are none.
Result<std::vector<std::string>> chosen_tasks(const std::vector<std::string>& split,
                                              const std::vector<std::string>& patterns) {
  if (patterns.empty()) return split;
  for (const auto& pattern : patterns)
    if (std::none_of(split.begin(), split.end(),
                     [&](const std::string& id) { return fits(pattern, id); }))
      return fail(ErrorCode::usage, "no task of the split is called \"" + pattern + "\"", "--ids",
                  "name some of: " + list_some(split, 12));
  std::vector<std::string> out;
  for (const auto& id : split)
    if (std::any_of(patterns.begin(), patterns.end(),
                    [&](const std::string& pattern) { return fits(pattern, id); }))
      out.push_back(id);
  return out;
}

/// Of a validation task the score alone: what chooses among packages is not to be learned from.
Json rollout_json(const LossRecord& record, bool all, const store::RunStore& store) {
  Json out = {{"trial", record.sample},
              {"status", name_of(record.status)},
              {"score", record.graded() ? Json(record.score) : Json()}};
  out["feedback"] = all ? Json(record.feedback) : Json();
  out["trace"] = all && !record.trace.empty() ? Json(store.path(record.trace).string()) : Json();
  out["error"] = record.failed() ? Json(record.error) : Json();
  return out;
}

bool is_below_evals(const skill::SkillPackage& package, const std::string& path) {
  return skill::is_set(package) ? skill::is_task_of_set(path) : path.starts_with(kEvals);
}

/// Which skills there are, and what they are called, is for a person to decide.
Result<> check_skills(const skill::SkillPackage& initial, const skill::SkillPackage& package,
                      const std::filesystem::path& dir) {
  if (!skill::is_set(initial) && !skill::is_set(package)) return {};
  const auto names_of = [](const skill::SkillPackage& of) {
    std::vector<std::string> out;
    for (const skill::SkillPackage& member : skill::members_of(of))
      out.push_back(member.folder_name() == member.name()
                        ? member.name()
                        : member.folder_name() + " (" + member.name() + ")");
    return out;
  };
  const auto before = names_of(initial), after = names_of(package);
  if (before == after && skill::is_set(initial) == skill::is_set(package)) return {};
  return fail(ErrorCode::invalid_skill,
              "the skills are " + list_some(after) + ", and were " + list_some(before) +
                  ": which skills there are is for a person to decide",
              dir.string(), "leave the folders and names of the skills as they were");
}

}  // namespace

Result<skill::SkillPackage> edited_package(const OptimizeParts& parts,
                                           const std::filesystem::path& dir) {
  SKILLGRAD_TRY(const auto package, skill::load_skills(dir));
  SKILLGRAD_CHECK(check_skills(parts.initial, package, dir));
  if (package.name() != parts.initial.name() && !skill::is_set(package))
    return fail(ErrorCode::invalid_skill,
                fmt::format("the skill is called \"{}\", and was called \"{}\"", package.name(),
                            parts.initial.name()),
                dir.string(), "leave \"name\" in SKILL.md as it was");
  auto files = package.files();
  for (const auto& [path, file] : files) {
    if (is_below_evals(parts.initial, path))
      return fail(ErrorCode::invalid_skill, "the package has got a file in evals/", path,
                  "take it out: a skill does not bring the tasks that judge it");
    const auto before = parts.initial.files().find(path);
    const bool same = before != parts.initial.files().end() && before->second == file;
    if (!same && first_invalid_utf8(file.bytes))
      return fail(ErrorCode::invalid_skill, "the package has got a file that is no text", path,
                  "write UTF-8 text only");
  }
  for (const auto& [path, file] : parts.initial.files())
    if (is_below_evals(parts.initial, path)) files[path] = file;
  return skill::SkillPackage::from_files(parts.initial.folder_name(), package.skill_md(),
                                         std::move(files));
}

Result<MeasureRequests::Question> MeasureRequests::read(const Json& request) const {
  const OptimizeParts& parts = *step_.loop.parts;
  StrictReader reader(request, "request");
  const std::string folder = reader.string("skill");
  Question out;
  out.split = reader.string("split", "train");
  const Json ids = reader.any("ids");
  out.trials = static_cast<std::size_t>(reader.integer("trials", 1, 1, kMostTrials));
  if (!ids.is_null() && (!ids.is_array() || std::any_of(ids.begin(), ids.end(), [](const Json& id) {
        return !id.is_string();
      })))
    reader.reject("ids", "is no list of texts");
  if (out.split != "train" && out.split != "val")
    reader.reject("split", "got \"" + out.split + "\"",
                  "ask for train or val: the test split is run once, when the search is over");
  SKILLGRAD_CHECK(reader.finish());
  std::vector<std::string> patterns;
  for (const Json& id : ids) patterns.push_back(id.get<std::string>());
  SKILLGRAD_TRY(out.tasks,
                chosen_tasks(out.split == "val" ? parts.splits.val : parts.splits.train, patterns));
  SKILLGRAD_TRY(out.package, edited_package(parts, folder));
  return out;
}

Json MeasureRequests::rollouts_json(std::size_t made) const {
  const auto left = step_.allowance > asked_ ? step_.allowance - asked_ : 0;
  return {{"made", made}, {"allowed", step_.allowance}, {"left", left}};
}

Result<Json> MeasureRequests::measure(const Question& question) {
  struct Asked {
    std::vector<decisions::Need> needs;
    [[nodiscard]] bool done() const { return needs.empty(); }
  };
  const LoopContext& loop = step_.loop;
  Bookkeeper& book = *loop.book;
  // A package that is chosen by these rollouts is not judged by them: it is known by another name.
  const std::string hash = question.package.hash();
  const std::string known = hash == step_.current.hash()
                                ? book.know(question.package)
                                : book.know_again(question.package, kFirstTrial);
  const auto missing = [&] {
    Asked out;
    for (const auto& task : question.tasks)
      book.book().top_up(known, task, question.trials, out.needs);
    return out;
  };
  const std::size_t made = missing().needs.size();
  if (asked_ + made > step_.allowance) {
    return fail(
        ErrorCode::budget,
        fmt::format("{} more rollouts are needed, and {} of {} are left", made,
                    step_.allowance > asked_ ? step_.allowance - asked_ : 0, step_.allowance),
        "--max-rollouts", "ask for fewer tasks or trials, or end");
  }
  const BookPlace place{step_.file("measured"), "program: measure", step_.iteration};
  SKILLGRAD_TRY([[maybe_unused]] const auto done, book.drive(place, missing));
  asked_ += made;
  Json tasks = Json::array();
  double sum = 0;
  std::size_t graded = 0;
  const bool all = question.split == "train";
  for (const auto& task : question.tasks) {
    Json rollouts = Json::array();
    double score = 0;
    std::size_t n = 0;
    for (const LossRecord& record : book.records(known, {task})) {
      if (static_cast<std::size_t>(record.sample) >= question.trials) continue;
      rollouts.push_back(rollout_json(record, all, *loop.parts->store));
      if (!record.graded()) continue;
      score += record.score;
      ++n;
    }
    const double mean = n > 0 ? score / static_cast<double>(n) : 0;
    if (n > 0) {
      sum += mean;
      ++graded;
    }
    tasks.push_back({{"task_id", task},
                     {"score", n > 0 ? Json(mean) : Json()},
                     {"rollouts", std::move(rollouts)}});
  }
  const Json score = graded > 0 ? Json(sum / static_cast<double>(graded)) : Json();
  SKILLGRAD_CHECK(loop.parts->store->event("measured", dump_json({{"iteration", step_.iteration},
                                                                  {"package", hash},
                                                                  {"split", question.split},
                                                                  {"trials", question.trials},
                                                                  {"rollouts", made},
                                                                  {"score", score}})));
  return Json{{"schema", "skillgrad.measurement/1"},
              {"command", "eval"},
              {"package", hash},
              {"split", question.split},
              {"trials", question.trials},
              {"score", score},
              {"n_planned", question.tasks.size()},
              {"n_graded", graded},
              {"tasks", std::move(tasks)},
              {"rollouts", rollouts_json(made)}};
}

Json MeasureRequests::answer(const Json& request) {
  if (ended_) return {{"error", error_json(ended_)}};
  auto question = read(request);
  if (!question) return {{"error", error_json(std::move(question).error())}};
  auto measured = measure(*question);
  if (measured) return std::move(*measured);
  Error error = std::move(measured).error();
  RolloutBudget& budget = *step_.loop.budget;
  const bool spent = budget.refused() || error.code == ErrorCode::budget;
  // Any other failure to make rollouts is one of the run.
  const bool own = error.where == "--max-rollouts";
  if (budget.refused()) budget.go_on();
  if (!(spent && own)) ended_ = error;
  return {{"error", error_json(error)}};
}

}  // namespace skillgrad::optim
