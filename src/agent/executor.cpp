// SPDX-License-Identifier: MIT
#include <chrono>
#include <mutex>
#include <utility>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/core/text.hpp>

#include "agent/executor_tools.hpp"
#include "agent/not_started.hpp"
#include "agent/work_folder.hpp"

namespace skillgrad::agent {
namespace {

class ToolExecutor final : public Executor {
 public:
  explicit ToolExecutor(ExecutorDependencies dependencies) : deps_(std::move(dependencies)) {}

  [[nodiscard]] Rollout run(const RolloutRequest& request,
                            const llm::CallContext& context) override {
    const SteadyTime start = deps_.clock->now();
    Rollout rollout = context.stop.stop_requested() ? not_started(request, stopped())
                                                    : set_up_and_run(request, context);
    rollout.seconds = std::chrono::duration<double>(deps_.clock->now() - start).count();
    return rollout;
  }

  [[nodiscard]] std::string system_prompt(const skill::SkillPackage* skill) const override {
    return std::string(trim(deps_.prompt)) + "\n\n" +
           std::string(trim(catalogue(skill, deps_.neighbours))) + "\n";
  }

 private:
  static Error stopped() {
    Error error;
    error.code = ErrorCode::cancelled;
    error.message = "the run was stopped";
    return error;
  }

  Rollout set_up_and_run(const RolloutRequest& request, const llm::CallContext& context) {
    bench::GradeContext grading;
    grading.recalculator = deps_.recalculator;
    grading.sandbox = deps_.sandbox;
    grading.stop = context.stop;
    WorkFolder work(*deps_.benchmark, *request.task, std::move(grading));
    // A set-up that fails is met before anything is paid for.
    if (deps_.benchmark->needs_work_dir(*request.task)) {
      if (auto ready = work.open(); !ready) return not_started(request, std::move(ready).error());
    }
    OfferedSkills offered(request.skill, deps_.neighbours);
    const auto activate = make_activate_tool(
        offered, request.task->activation_decides ? WhenActivated::ends : WhenActivated::goes_on);
    const auto reference = make_reference_tool(offered);
    const auto shell = make_shell_tool(offered, shell_options(request, work));
    LoopRequest loop = loop_request(request);
    loop.tools = {activate.get(), reference.get(), shell.get()};
    Rollout rollout =
        to_rollout(request, offered, run_tool_loop(*deps_.model, loop, *deps_.clock, context));
    rollout.folder = work.folder();
    return rollout;
  }

  [[nodiscard]] ShellOptions shell_options(const RolloutRequest& request, WorkFolder& work) {
    ShellOptions options;
    options.sandbox = deps_.sandbox;
    options.clock = deps_.clock;
    options.work = &work;
    options.skills = mounts_of(request.skill, request.skill_dir);
    for (const Neighbour& neighbour : deps_.neighbours)
      options.skills.emplace_back(neighbour.dir, skill_mount(neighbour.package));
    options.limits = request.limits;
    std::call_once(measured_, [this] {
      if (deps_.shell_facts) shell_facts_ = deps_.shell_facts();
    });
    options.facts = shell_facts_;
    if (request.limits.loop.time.count() > 0) {
      options.deadline = deps_.clock->now() + request.limits.loop.time;
    }
    return options;
  }

  [[nodiscard]] LoopRequest loop_request(const RolloutRequest& request) const {
    LoopRequest loop;
    loop.stage = "executor";
    loop.scope = request.scope;
    loop.sample_index = request.sample;
    loop.limits = request.limits.loop;
    loop.watch = deps_.watch;
    llm::Message system, user;
    system.role = llm::Role::system;
    system.content = system_prompt(request.skill);
    user.role = llm::Role::user;
    user.content = tagged("task", request.task->prompt);
    loop.messages = {std::move(system), std::move(user)};
    return loop;
  }

  static Rollout to_rollout(const RolloutRequest& request, const OfferedSkills& offered,
                            LoopResult result) {
    Rollout rollout;
    rollout.task_id = request.task->id;
    rollout.sample = request.sample;
    rollout.end = result.end;
    rollout.error = std::move(result.error);
    rollout.trajectory = std::move(result.trajectory);
    rollout.final_message = std::move(result.final_message);
    rollout.skill_text = offered.own_text();
    rollout.activated = offered.own_activated();
    rollout.activated_skills = offered.activated();
    rollout.cut_replies = result.cut_replies;
    rollout.cut_at = result.cut_at;
    rollout.usage = result.usage;
    rollout.cost_usd = result.cost_usd;
    rollout.replayed_calls = result.replayed_calls;
    return rollout;
  }

  ExecutorDependencies deps_;
  std::once_flag measured_;
  std::string shell_facts_;
};

}  // namespace

std::unique_ptr<Executor> make_executor(ExecutorDependencies dependencies) {
  return std::make_unique<ToolExecutor>(std::move(dependencies));
}

}  // namespace skillgrad::agent
