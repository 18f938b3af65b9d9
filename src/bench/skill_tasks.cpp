// SPDX-License-Identifier: MIT
#include "bench/skill_tasks.hpp"

#include <algorithm>
#include <set>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/records/records.hpp"

namespace skillgrad::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEvals = "evals";

/// The tasks of one skill, or of the folder around the skills.
struct Part {
  std::string skill;  ///< its folder; "": none
  std::unique_ptr<Benchmark> tasks;
};

bool has_tasks(const fs::path& evals) {
  std::error_code ignored;
  return fs::is_regular_file(evals / "tasks.jsonl", ignored) ||
         fs::is_regular_file(evals / "evals.json", ignored);
}

std::vector<std::string> folders_with_skills(const fs::path& folder) {
  std::vector<std::string> out;
  std::error_code code;
  for (fs::directory_iterator it(folder, code); !code && it != fs::directory_iterator();
       it.increment(code)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;
    if (!name.starts_with('.') && fs::exists(it->path() / "SKILL.md", ignored)) out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// Each part grades its own tasks, under the ids that they have there.
class SkillTasks final : public Benchmark {
 public:
  SkillTasks(std::string source, std::vector<Part> parts)
      : source_(std::move(source)), parts_(std::move(parts)) {
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      const Benchmark& of = *parts_[part].tasks;
      for (const std::string& notice : of.notices()) notices_.push_back(notice);
      for (const Task& task : of.tasks()) {
        Task own = task;
        own.id = named(parts_[part], task.id);
        if (!own.group.empty()) own.group = named(parts_[part], task.group);
        if (!parts_[part].skill.empty()) own.fields["skill"] = parts_[part].skill;
        places_.emplace(own.id, Place{part, task.id, tasks_.size()});
        tasks_.push_back(std::move(own));
      }
    }
    join_splits();
  }

  /// An id that two parts come to, or "".
  [[nodiscard]] std::string twice() const {
    std::set<std::string> seen;
    for (const Task& task : tasks_)
      if (!seen.insert(task.id).second) return task.id;
    return {};
  }

  [[nodiscard]] std::string name() const override { return kSkillTasks; }
  [[nodiscard]] std::string source() const override { return source_; }
  [[nodiscard]] std::string grading() const override { return "records"; }
  [[nodiscard]] const std::vector<Task>& tasks() const override { return tasks_; }
  [[nodiscard]] const std::vector<std::string>& notices() const override { return notices_; }
  [[nodiscard]] std::optional<Splits> own_splits() const override { return splits_; }
  [[nodiscard]] const Task* find(const std::string& id) const override {
    const auto found = places_.find(id);
    return found == places_.end() ? nullptr : &tasks_[found->second.index];
  }
  [[nodiscard]] Result<> set_up(const Task& task, const fs::path& work_dir,
                                const GradeContext& context) const override {
    SKILLGRAD_TRY(const Inner inner, inner_of(task));
    return inner.tasks->set_up(*inner.task, work_dir, context);
  }
  [[nodiscard]] bool needs_work_dir(const Task& task) const override {
    const auto inner = inner_of(task);
    return !inner || inner->tasks->needs_work_dir(*inner->task);
  }
  [[nodiscard]] bool may_recalculate() const override {
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const Part& part) { return part.tasks->may_recalculate(); });
  }
  [[nodiscard]] Grade grade(const Task& task, const AgentAnswer& answer,
                            const GradeContext& context) const override {
    const auto inner = inner_of(task);
    Grade out;
    if (inner) {
      out = inner->tasks->grade(*inner->task, answer, context);
    } else {
      out.kind = GradeErrorKind::infra_error;
      out.message = inner.error().to_line();
    }
    out.task_id = task.id;
    return out;
  }
  [[nodiscard]] Result<AgentAnswer> golden_answer(const Task& task,
                                                  const fs::path& work_dir) const override {
    SKILLGRAD_TRY(const Inner inner, inner_of(task));
    return inner.tasks->golden_answer(*inner.task, work_dir);
  }
  [[nodiscard]] Result<AgentAnswer> prediction(const Task& task, const Json& line,
                                               const fs::path& base_dir,
                                               const fs::path& work_dir) const override {
    SKILLGRAD_TRY(const Inner inner, inner_of(task));
    return inner.tasks->prediction(*inner.task, line, base_dir, work_dir);
  }
  [[nodiscard]] std::vector<std::string> criteria(const Task& task) const override {
    const auto inner = inner_of(task);
    return inner ? inner->tasks->criteria(*inner->task) : std::vector<std::string>();
  }

 private:
  struct Place {
    std::size_t part = 0;
    std::string id;  ///< in its part
    std::size_t index = 0;
  };
  struct Inner {
    const Benchmark* tasks = nullptr;
    const Task* task = nullptr;
  };

  static std::string named(const Part& part, const std::string& id) {
    return part.skill.empty() ? id : part.skill + "." + id;
  }

  [[nodiscard]] Result<Inner> inner_of(const Task& task) const {
    const auto found = places_.find(task.id);
    if (found == places_.end())
      return fail(ErrorCode::internal, "no task \"" + task.id + "\" in this benchmark", source_);
    const Benchmark* const of = parts_[found->second.part].tasks.get();
    return Inner{of, of->find(found->second.id)};
  }

  void join_splits() {
    Splits out;
    std::vector<std::string> without;
    bool any = false;
    for (const Part& part : parts_) {
      const auto own = part.tasks->own_splits();
      if (!own) {
        without.push_back(part.skill.empty() ? kEvals : part.skill);
        continue;
      }
      any = true;
      for (const auto& id : own->train) out.train.push_back(named(part, id));
      for (const auto& id : own->val) out.val.push_back(named(part, id));
      for (const auto& id : own->test) out.test.push_back(named(part, id));
    }
    if (!any) return;
    out.origin = "named by the records of " + source_;
    if (!without.empty()) {
      out.origin += "; the tasks of " + list_some(without) + " are in no split";
      notices_.push_back("the tasks of " + list_some(without) +
                         " name no split, while others do: they are in none");
    }
    splits_ = std::move(out);
  }

  std::string source_;
  std::vector<Part> parts_;
  std::vector<std::string> notices_;
  std::vector<Task> tasks_;
  std::unordered_map<std::string, Place> places_;
  std::optional<Splits> splits_;
};

}  // namespace

bool is_folder_of_skills(const fs::path& folder) {
  std::error_code ignored;
  return !fs::exists(folder / "SKILL.md", ignored) && !folders_with_skills(folder).empty();
}

Result<std::unique_ptr<Benchmark>> load_skill_tasks(const fs::path& folder,
                                                    const BenchmarkOptions& options) {
  std::vector<Part> parts;
  const auto add = [&](const std::string& skill, const fs::path& evals) -> Result<> {
    if (!has_tasks(evals)) return {};
    BenchmarkOptions own = options;
    own.only.reset();  // which names ids as they are in the whole
    SKILLGRAD_TRY(auto tasks, load_records(evals, own));
    parts.push_back({skill, std::move(tasks)});
    return {};
  };
  SKILLGRAD_CHECK(add("", folder / kEvals));
  for (const std::string& skill : folders_with_skills(folder))
    SKILLGRAD_CHECK(add(skill, folder / skill / kEvals));
  if (parts.empty())
    return fail(ErrorCode::input, "no skill of this folder has tasks", folder.string(),
                "write evals/tasks.jsonl or evals/evals.json into the folders of skills, or into "
                "the folder itself; or name a benchmark with -b");
  auto out = std::make_unique<SkillTasks>(folder.string(), std::move(parts));
  if (const std::string id = out->twice(); !id.empty())
    return fail(ErrorCode::dataset, "two tasks are called \"" + id + "\"", folder.string(),
                "give one of them another id");
  return out;
}

}  // namespace skillgrad::bench
