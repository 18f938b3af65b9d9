// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <unordered_map>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/notices.hpp"

namespace skillgrad::bench {
namespace {

/// What one task's check found; kept apart so that the report's order is that of the tasks.
struct Finding {
  std::vector<CheckProblem> problems, unwinnable;
  std::vector<std::string> notices;  ///< about this task
  std::optional<Error> error;        ///< the check itself could not be done
  bool ungradable = false;  ///< nobody can be graded: further grades would say the same again
  bool unjudged = false;
};

std::string outcome(const Grade& grade) {
  if (grade.status == GradeStatus::error) return "is an error (" + grade.message + ")";
  return "scores " + format_double(grade.score);
}

/// Words of a judge may differ from one opinion to the next, verdicts may not.
bool agree(const Grade& a, const Grade& b) {
  if (!a.judged || !b.judged) return grade_to_json(a) == grade_to_json(b);
  if (a.status != b.status || a.score != b.score || a.checks.size() != b.checks.size())
    return false;
  return std::equal(a.checks.begin(), a.checks.end(), b.checks.begin(),
                    [](const Check& x, const Check& y) { return x.score == y.score; });
}

/// A judge call that fails like this would fail for every task.
bool ends_check(const Grade& grade, Finding& finding) {
  if (!grade.call_error || !llm::ends_run(grade.call_error->code)) return false;
  finding.error = grade.call_error;
  return true;
}

/// Whether a task's input files are put in place although no grading looks at them.
enum class Inputs { as_needed, always };

/// The folder that grading needs, where it needs one.
class Prepared {
 public:
  [[nodiscard]] static Result<Prepared> make(const Benchmark& benchmark, const Task& task,
                                             const GradeContext& context,
                                             Inputs inputs = Inputs::as_needed) {
    Prepared out;
    const bool looks = inputs == Inputs::always && !task.input_files.empty();
    if (!looks && !benchmark.needs_work_dir(task)) return out;
    SKILLGRAD_TRY(out.dir_, TempDir::create("skillgrad-check-"));
    SKILLGRAD_CHECK(benchmark.set_up(task, out.path(), context));
    return out;
  }
  [[nodiscard]] std::filesystem::path path() const {
    return dir_ ? dir_->path() : std::filesystem::path();
  }

 private:
  std::optional<TempDir> dir_;
};

Result<> check_golden(const Benchmark& benchmark, const Task& task, const GradeContext& context,
                      Finding& finding) {
  // Files that cannot be had are met here, not at the first command of a run.
  SKILLGRAD_TRY(const Prepared dir, Prepared::make(benchmark, task, context, Inputs::always));
  const Result<AgentAnswer> golden = benchmark.golden_answer(task, dir.path());
  if (!golden && golden.error().code == ErrorCode::dataset) {
    finding.notices.push_back("golden answer not checked: " + golden.error().message +
                              (golden.error().mend.empty() ? "" : "; " + golden.error().mend));
    return {};
  }
  if (!golden) return unexpected(golden.error());
  const Grade first = benchmark.grade(task, *golden, context);
  if (first.judged && context.judging.models == nullptr) {
    finding.unjudged = true;
    return {};
  }
  finding.ungradable = first.kind == GradeErrorKind::dataset_error;
  // A judge would be answered from the record: it has to be asked anew to show what it is worth.
  GradeContext again = context;
  ++again.judging.opinion;
  const Grade second = finding.ungradable ? first : benchmark.grade(task, *golden, again);
  if (ends_check(first, finding) || ends_check(second, finding)) return {};
  if (first.status == GradeStatus::error || first.score < 1) {
    const bool published =
        first.status == GradeStatus::fail && benchmark.follows_published_verdicts();
    (published ? finding.unwinnable : finding.problems)
        .push_back({task.id, "golden answer " + outcome(first) + ", expected 1: " + first.message,
                    published ? "grade with --mode strict, or mend the task's expected result"
                              : "mend the task's expected result or its grader",
                    first.kind});
  }
  if (!agree(first, second))
    finding.problems.push_back(
        {task.id, "two grades of one answer differ",
         first.judged ? "word the criteria so that they can be decided, or raise \"votes\""
                      : "make the grader depend on the answer alone",
         GradeErrorKind::none});
  return {};
}

Result<> check_empty(const Benchmark& benchmark, const Task& task, const GradeContext& context,
                     Finding& finding) {
  if (task.activation_decides) return {};  // no answer, empty or not, says anything
  SKILLGRAD_TRY(const Prepared dir, Prepared::make(benchmark, task, context));
  const Grade grade = benchmark.grade(task, {dir.path(), ""}, context);
  if (ends_check(grade, finding)) return {};
  if (grade.judged && context.judging.models == nullptr) {
    finding.unjudged = true;
    return {};
  }
  if (grade.status == GradeStatus::error || grade.score > 0)
    finding.problems.push_back({task.id, "an empty answer " + outcome(grade) + ", expected 0",
                                "make the grader refuse an answer that is not there", grade.kind});
  return {};
}

/// Graders that people write by hand may take an answer that says nothing for a right one.
Result<> check_apology(const Benchmark& benchmark, const Task& task, const GradeContext& context,
                       Finding& finding) {
  constexpr const char* kApology = "I am sorry, but I cannot help with this.";
  if (task.judged || benchmark.name() != "records") return {};
  SKILLGRAD_TRY(const Prepared dir, Prepared::make(benchmark, task, context));
  const auto answer = benchmark.prediction(task, {{"task_id", task.id}, {"answer", kApology}},
                                           dir.path(), dir.path());
  if (!answer) return {};
  const Grade grade = benchmark.grade(task, *answer, context);
  if (grade.status == GradeStatus::pass)
    finding.notices.push_back("its grader passes an answer that says nothing (\"" +
                              std::string(kApology) + "\"); ask for more than that");
  return {};
}

Finding check_task(const Benchmark& benchmark, const Task& task, const GradeContext& context) {
  Finding finding;
  Result<> done = check_golden(benchmark, task, context, finding);
  if (done && !finding.error && !finding.ungradable)
    done = check_empty(benchmark, task, context, finding);
  if (done && !finding.error && !finding.ungradable && finding.problems.empty())
    done = check_apology(benchmark, task, context, finding);
  if (!done && done.error().code == ErrorCode::cancelled)
    finding.error = done.error();
  else if (!done)
    finding.problems.push_back(
        {task.id, "cannot be set up: " + done.error().to_line(), done.error().mend,
         done.error().code == ErrorCode::dataset ? GradeErrorKind::dataset_error
                                                 : GradeErrorKind::infra_error});
  return finding;
}

Result<std::vector<const Task*>> chosen_tasks(const Benchmark& benchmark,
                                              const std::vector<std::string>& ids) {
  std::vector<const Task*> chosen;
  if (ids.empty()) {
    for (const Task& task : benchmark.tasks()) chosen.push_back(&task);
    return chosen;
  }
  std::unordered_map<std::string, const Task*> by_id;
  std::vector<std::string> names;
  for (const Task& task : benchmark.tasks()) {
    by_id[task.id] = &task;
    names.push_back(task.id);
  }
  for (const std::string& id : ids) {
    const auto found = by_id.find(id);
    if (found == by_id.end()) {
      const auto near = nearest_match(id, names);
      return fail(ErrorCode::input, "no task \"" + id + "\"", benchmark.source(),
                  near ? "did you mean \"" + *near + "\"?" : "see the task list for the ids");
    }
    chosen.push_back(found->second);
  }
  return chosen;
}

/// Cases of one task in two splits: what is learned from one is tested by the other.
void check_groups(const std::unordered_map<std::string, const Task*>& by_id,
                  const std::unordered_map<std::string, std::string>& split_of,
                  CheckReport& report) {
  std::map<std::string, std::pair<std::string, std::string>> owner;  // group -> id, split
  const std::map<std::string, std::string> ordered(split_of.begin(), split_of.end());
  for (const auto& [id, split] : ordered) {
    const auto task = by_id.find(id);
    if (task == by_id.end() || task->second->group.empty()) continue;
    const auto [first, fresh] = owner.emplace(task->second->group, std::pair(id, split));
    if (!fresh && first->second.second != split)
      report.problems.push_back({id,
                                 "in " + split + " is a case of the same task as " +
                                     first->second.first + " in " + first->second.second,
                                 "keep the cases of a task in one split"});
  }
}

// Ids are disjoint by construction of make_splits; a caller may have built the lists otherwise.
void check_overlap(const Benchmark& benchmark, const Splits& splits, CheckReport& report) {
  std::unordered_map<std::string, const Task*> by_id;
  for (const Task& task : benchmark.tasks()) by_id[task.id] = &task;
  std::unordered_map<std::string, std::string> split_of;
  std::unordered_map<std::string, std::pair<std::string, std::string>> owner_of_content;
  const std::pair<const char*, const std::vector<std::string>*> lists[] = {
      {"train", &splits.train}, {"val", &splits.val}, {"test", &splits.test}};
  for (const auto& [name, ids] : lists) {
    for (const std::string& id : *ids) {
      const auto [other, fresh] = split_of.emplace(id, name);
      if (!fresh && other->second != name)
        report.problems.push_back({id, "is in the splits " + other->second + " and " + name,
                                   "keep each task in one split"});
      const auto task = by_id.find(id);
      if (task == by_id.end() || task->second->content_hash.empty() || !fresh) continue;
      const auto [owner, first] =
          owner_of_content.emplace(task->second->content_hash, std::pair(id, std::string(name)));
      if (!first && owner->second.second != name)
        report.problems.push_back({id,
                                   "in " + std::string(name) + " has the same content as " +
                                       owner->second.first + " in " + owner->second.second,
                                   "keep one of them, or both in one split"});
    }
  }
  check_groups(by_id, split_of, report);
}

}  // namespace

unsigned workers_for(const Benchmark& benchmark, unsigned jobs) {
  const auto& tasks = benchmark.tasks();
  const bool waits =
      benchmark.may_recalculate() || std::any_of(tasks.begin(), tasks.end(), [&](const Task& task) {
        return task.judged || benchmark.needs_work_dir(task);
      });
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  return std::max(1U, waits ? jobs : std::min(jobs, cores));
}

Result<CheckReport> check_benchmark(const Benchmark& benchmark, const std::vector<std::string>& ids,
                                    const Splits* splits, const GradeContext& context,
                                    unsigned jobs) {
  SKILLGRAD_TRY(const std::vector<const Task*> chosen, chosen_tasks(benchmark, ids));
  std::vector<Finding> findings(chosen.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < chosen.size() && !context.stop.stop_requested(); i = next++)
      findings[i] = check_task(benchmark, *chosen[i], context);
  };
  {
    std::vector<std::jthread> workers;
    const std::size_t count = std::min<std::size_t>(workers_for(benchmark, jobs), chosen.size());
    for (std::size_t i = 1; i < count; ++i) workers.emplace_back(work);
    work();
  }
  if (context.stop.stop_requested())
    return fail(ErrorCode::cancelled, "the check was stopped", benchmark.source());
  CheckReport report;
  report.tasks = chosen.size();
  report.notices = benchmark.notices();
  Notices notices;
  for (Finding& finding : findings) {
    if (finding.error) return unexpected(*std::move(finding.error));
    if (finding.unjudged)
      report.unjudged.push_back(chosen[static_cast<std::size_t>(&finding - findings.data())]->id);
    const auto flaw =
        benchmark.known_flaw(*chosen[static_cast<std::size_t>(&finding - findings.data())]);
    for (CheckProblem& problem : finding.problems) {
      if (flaw) problem.what = *flaw + ": " + problem.what;
      (flaw ? report.known : report.problems).push_back(std::move(problem));
    }
    for (CheckProblem& problem : finding.unwinnable) {
      if (flaw) problem.what = *flaw + ": " + problem.what;
      (flaw ? report.known : report.unwinnable).push_back(std::move(problem));
    }
    for (const std::string& notice : finding.notices)
      notices.add(chosen[static_cast<std::size_t>(&finding - findings.data())]->id, notice);
  }
  for (std::string& notice : notices.list()) report.notices.push_back(std::move(notice));
  if (splits != nullptr) check_overlap(benchmark, *splits, report);
  return report;
}

}  // namespace skillgrad::bench
