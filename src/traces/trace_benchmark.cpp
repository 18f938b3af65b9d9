// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/skill_set.hpp>
#include <skillgrad/traces/evidence.hpp>

namespace skillgrad::traces {
namespace {

constexpr std::size_t kMostCorrections = 8;
constexpr std::size_t kCorrectionBytes = 1'500;

std::string said_by(Witness by) {
  switch (by) {
    case Witness::record:
      return "the grade in the record";
    case Witness::label:
      return "a person's label";
    case Witness::note:
      return "a person's note";
    case Witness::judge:
      return "a judge model";
  }
  return {};
}

/// What is known of how it came out, as the feedback of a grading.
std::string feedback_of(const Session& session) {
  const std::string& found = session.outcome->text;
  std::string out = found + (found.empty() ? "" : "\n") + "(recorded session; graded by " +
                    said_by(session.outcome->by) + ")";
  const auto& said = session.corrections;
  if (said.empty()) return out;
  out += "\nWhat the user said later in the session:";
  for (std::size_t i = 0; i < std::min(said.size(), kMostCorrections); ++i)
    out += fmt::format("\n{}. {}", i + 1, truncate_middle(said[i], kCorrectionBytes));
  if (said.size() > kMostCorrections)
    out += fmt::format("\n({} more)", said.size() - kMostCorrections);
  return out;
}

bench::Task task_of(const Session& session) {
  bench::Task out;
  out.id = session.id;
  out.prompt = session.request;
  out.split = "train";
  out.recorded = true;
  PartHasher hasher;
  hasher.add(session.sha256)
      .add(name_of(session.outcome->by))
      .add(format_double(session.outcome->score))
      .add(session.outcome->text);
  out.hash = hasher.finish();
  // Several sessions may ask for the same: each is evidence of its own.
  out.content_hash = session.sha256;
  return out;
}

}  // namespace

std::string request_key(const std::string& request) {
  std::string out;
  bool gap = false;
  for (const char c : to_lower_ascii(request)) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!space) {
      if (gap && !out.empty()) out += ' ';
      out += c;
    }
    gap = space;
  }
  return out;
}

TraceBenchmark::TraceBenchmark(std::unique_ptr<bench::Benchmark> executable, std::string place,
                               std::vector<Session> sessions)
    : executable_(std::move(executable)), place_(std::move(place)), sessions_(std::move(sessions)) {
  if (executable_ != nullptr) {
    tasks_ = executable_->tasks();
    notices_ = executable_->notices();
  }
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    by_id_[sessions_[i].id] = i;
    tasks_.push_back(task_of(sessions_[i]));
  }
  for (std::size_t i = 0; i < tasks_.size(); ++i) tasks_by_id_[tasks_[i].id] = i;
}

const Session* TraceBenchmark::session(const std::string& task_id) const {
  const auto found = by_id_.find(task_id);
  return found == by_id_.end() ? nullptr : &sessions_[found->second];
}

const bench::Task* TraceBenchmark::find(const std::string& id) const {
  const auto found = tasks_by_id_.find(id);
  return found == tasks_by_id_.end() ? nullptr : &tasks_[found->second];
}

std::string TraceBenchmark::name() const {
  return executable_ != nullptr ? executable_->name() : "traces";
}

std::string TraceBenchmark::source() const {
  return executable_ != nullptr ? executable_->source() : place_;
}

std::string TraceBenchmark::grading() const {
  const std::string own = "recorded sessions by their records, labels and notes";
  return executable_ != nullptr ? executable_->grading() + "; " + own : own;
}

std::optional<bench::Splits> TraceBenchmark::own_splits() const {
  return executable_ != nullptr ? executable_->own_splits() : std::nullopt;
}

Result<> TraceBenchmark::set_up(const bench::Task& task, const fs::path& work_dir,
                                const bench::GradeContext& context) const {
  if (session(task.id) != nullptr) return {};
  return executable_->set_up(task, work_dir, context);
}

bool TraceBenchmark::needs_work_dir(const bench::Task& task) const {
  return session(task.id) == nullptr && executable_->needs_work_dir(task);
}

bool TraceBenchmark::may_recalculate() const {
  return executable_ != nullptr && executable_->may_recalculate();
}

bench::Grade TraceBenchmark::grade(const bench::Task& task, const bench::AgentAnswer& answer,
                                   const bench::GradeContext& context) const {
  const Session* const recorded = session(task.id);
  if (recorded == nullptr) return executable_->grade(task, answer, context);
  bench::Grade out;
  out.task_id = task.id;
  out.score = recorded->outcome->score;
  out.hard = out.score >= 1;
  out.status = out.hard ? bench::GradeStatus::pass : bench::GradeStatus::fail;
  out.message = feedback_of(*recorded);
  out.grader = std::string("traces/") + name_of(recorded->outcome->by);
  return out;
}

Result<bench::AgentAnswer> TraceBenchmark::golden_answer(const bench::Task& task,
                                                         const fs::path& work_dir) const {
  if (session(task.id) == nullptr) return executable_->golden_answer(task, work_dir);
  return fail(ErrorCode::dataset, "a recorded session has no expected answer", task.id);
}

Result<bench::AgentAnswer> TraceBenchmark::prediction(const bench::Task& task, const Json& line,
                                                      const fs::path& base_dir,
                                                      const fs::path& work_dir) const {
  if (session(task.id) == nullptr) return executable_->prediction(task, line, base_dir, work_dir);
  return fail(ErrorCode::input, "a recorded session takes no other answer", task.id,
              "leave its line out");
}

bool TraceBenchmark::follows_published_verdicts() const {
  return executable_ != nullptr && executable_->follows_published_verdicts();
}

std::optional<std::string> TraceBenchmark::known_flaw(const bench::Task& task) const {
  if (session(task.id) != nullptr) return std::nullopt;
  return executable_->known_flaw(task);
}

std::vector<std::string> TraceBenchmark::criteria(const bench::Task& task) const {
  if (session(task.id) != nullptr) return {};
  return executable_->criteria(task);
}

namespace {

class TraceExecutor final : public agent::Executor {
 public:
  TraceExecutor(const TraceBenchmark& benchmark, agent::Executor& next)
      : benchmark_(benchmark), next_(next) {}

  [[nodiscard]] agent::Rollout run(const agent::RolloutRequest& request,
                                   const llm::CallContext& context) override {
    const Session* const recorded = benchmark_.session(request.task->id);
    if (recorded == nullptr) return next_.run(request, context);
    agent::Rollout out;
    out.task_id = request.task->id;
    out.sample = request.sample;
    out.end = agent::EndState::finished;
    out.trajectory = recorded->trajectory;
    out.final_message = recorded->final_message;
    if (request.skill != nullptr) {
      for (const std::string& name : skill::skill_names(*request.skill)) {
        out.skill_text += recorded->skill_text(name);
        if (!recorded->loaded(name)) continue;
        out.activated = true;
        out.activated_skills.push_back(name);
      }
    }
    // What the session cost was paid long ago, and is no cost of this run.
    return out;
  }

  [[nodiscard]] std::string system_prompt(const skill::SkillPackage* skill) const override {
    return next_.system_prompt(skill);
  }

 private:
  const TraceBenchmark& benchmark_;
  agent::Executor& next_;
};

}  // namespace

std::unique_ptr<agent::Executor> make_trace_executor(const TraceBenchmark& benchmark,
                                                     agent::Executor& next) {
  return std::make_unique<TraceExecutor>(benchmark, next);
}

}  // namespace skillgrad::traces
