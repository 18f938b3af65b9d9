// SPDX-License-Identifier: MIT
#include "cli/estimate/first_requests.hpp"

#include <algorithm>
#include <optional>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "cli/models/executing_models.hpp"
#include "cli/run/stage_set.hpp"
#include "cli/settings/options.hpp"
#include "cli/workbench/external_agent.hpp"

namespace skillgrad::cli {
namespace {

/// Keeps the first request and answers none.
class NobodyModel final : public llm::ChatModel {
 public:
  Result<llm::ChatReply> complete(const llm::ChatRequest& request,
                                  const llm::CallContext&) override {
    if (!first_) first_ = request;
    return fail(ErrorCode::cancelled, "no call is made in a dry run");
  }
  [[nodiscard]] std::string model_name() const override { return "nobody"; }
  [[nodiscard]] std::optional<llm::ChatRequest> take() { return std::exchange(first_, {}); }

 private:
  std::optional<llm::ChatRequest> first_;
};

/// The stages of a set-up talk to nobody as long as this lives.
class StandIn {
 public:
  explicit StandIn(RunSetup& setup) : setup_(setup) { setup_.stand_in = &model; }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;
  ~StandIn() { setup_.stand_in = nullptr; }
  NobodyModel model;

 private:
  RunSetup& setup_;
};

/// Lengths of what the model of a stage writes, in bytes: for prompts that quote it.
constexpr std::size_t kFeedback = 1'000, kDiagnosis = 1'500, kRuleText = 300, kPatternText = 800;
constexpr std::size_t kTaskShown = 3'000, kCitedStep = 700;
constexpr std::size_t kTraceShown = 40'000, kStepShown = 4'000;
constexpr double kBytesPerToken = 3.5;

/// `endpoint`: the role that calls, which is one of several for several models.
Result<> keep(RunSetup& setup, NobodyModel& nobody, const std::string& role, FirstRequests& out,
              const std::string& endpoint = {}) {
  const auto request = nobody.take();
  if (!request) return {};
  SKILLGRAD_TRY(
      out.by_role[role],
      llm::preview(setup.models->endpoint_of(endpoint.empty() ? role : endpoint), *request));
  return {};
}

Result<> executor_request(RunSetup& setup, const StageSet& stages, const bench::Task& task,
                          NobodyModel& nobody, const std::stop_token& stop, FirstRequests& out) {
  agent::RolloutRequest request;
  request.task = &task;
  request.skill = setup.skill_path.empty() ? nullptr : &setup.skill;
  request.skill_dir = setup.skill_path;
  request.scope = "estimate";
  request.limits = rollout_limits(setup.settings);
  const auto rollout = stages.executor->run(request, {stop, {}, {}});
  if (rollout.error && rollout.error->code != ErrorCode::cancelled)
    return tl::unexpected(*rollout.error);
  out.task = task.id;
  if (setup.across == nullptr) return keep(setup, nobody, "executor", out);
  const std::string& model = setup.across->models()[setup.across->of(task.id).model];
  return keep(setup, nobody, "executor", out, executor_role(model));
}

std::string words(std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += "evidence ";
  out.resize(bytes);
  return out;
}

std::vector<optim::Gradient> gradients(const Settings& settings, const bench::Splits& splits) {
  std::vector<optim::Gradient> out;
  for (const auto& id : splits.train) {
    if (out.size() >= static_cast<std::size_t>(settings.get<"batch_size">())) break;
    optim::Gradient gradient;
    gradient.task_id = id;
    gradient.kind = optim::EvidenceKind::failure;
    optim::Cause cause;
    cause.label = "a label of some words";
    cause.found = optim::CauseCase::gap;
    cause.analysis = words(kDiagnosis);
    cause.rule = words(kRuleText);
    gradient.causes = {std::move(cause)};
    gradient.loss = 1;
    out.push_back(std::move(gradient));
  }
  return out;
}

/// What is shown of the tasks beside their diagnoses.
std::vector<optim::TaskFacts> task_facts(const RunSetup& setup,
                                         const std::vector<optim::Gradient>& gradients) {
  std::vector<optim::TaskFacts> out;
  for (const auto& gradient : gradients) {
    const bench::Task* task = setup.bench.benchmark->find(gradient.task_id);
    optim::TaskFacts facts;
    facts.task_id = gradient.task_id;
    if (task != nullptr) facts.task = truncate_middle(task->prompt, kTaskShown);
    facts.feedback = words(kFeedback);
    for (const int step : {2, 4}) facts.steps[step] = words(kCitedStep);
    out.push_back(std::move(facts));
  }
  return out;
}

optim::Evidence evidence(const RunSetup& setup, const bench::Task& task) {
  const Settings& settings = setup.settings;
  const auto tokens = settings.get<"assume.turns">() * (settings.get<"assume.output_tokens">() +
                                                        settings.get<"assume.tool_tokens">());
  const auto trace = static_cast<std::size_t>(static_cast<double>(tokens) * kBytesPerToken);
  optim::Evidence out;
  out.task_id = task.id;
  out.kind = optim::EvidenceKind::failure;
  out.task_prompt = task.prompt;
  out.current.task_id = task.id;
  out.current.status = optim::LossStatus::fail;
  out.current.feedback = words(kFeedback);
  out.current_trace = words(std::min(trace, kTraceShown));
  for (const skill::SkillPackage& member : skill::members_of(setup.skill))
    out.skill_text += member.body();
  if (setup.bench.recorded == nullptr) return out;
  // Of a recorded session nothing has to be assumed.
  if (const traces::Session* session = setup.bench.recorded->session(task.id)) {
    out.current_trace = session->trajectory.render(kStepShown, kTraceShown);
    out.skill_text.clear();
    for (const std::string& name : skill::skill_names(setup.skill))
      out.skill_text += session->skill_text(name);
    out.group.recorded = true;
  }
  return out;
}

optim::MomentumMemory memory(const std::vector<optim::Gradient>& gradients) {
  optim::MomentumMemory out;
  out.iteration = 1;
  for (const auto& gradient : gradients) {
    optim::Pattern pattern;
    pattern.slug = "pattern-" + std::to_string(out.patterns.size());
    pattern.kind = optim::PatternKind::operation;
    pattern.line = gradient.causes.front().label;
    pattern.description = words(kPatternText);
    pattern.failed_in = {1};
    out.patterns.push_back(std::move(pattern));
  }
  return out;
}

bool asks_model(const Settings& settings, Key<Json> stage) {
  const Json& spec = settings.get(stage);
  return spec.is_object() && spec.value("name", Json()) == Json("llm");
}

/// A stage that ends in another error than that of nobody's answer has shown its request already.
Result<> stage_requests(RunSetup& setup, const StageSet& stages, const bench::Task& task,
                        NobodyModel& nobody, FirstRequests& out) {
  const Settings& settings = setup.settings;
  optim::StageContext context;
  context.scope = "estimate";
  context.iteration = 2;
  context.clock = &setup.clock;
  const auto given = gradients(settings, setup.bench.splits);
  const auto known = memory(given);
  const auto shown = task_facts(setup, given);
  if (asks_model(settings, option<"stages.diagnoser">)) {
    const auto done = stages.diagnoser->diagnose(evidence(setup, task), context);
    static_cast<void>(done);
    SKILLGRAD_CHECK(keep(setup, nobody, "diagnoser", out));
  }
  if (stages.momentum && asks_model(settings, option<"stages.momentum">)) {
    const auto done = stages.momentum->update({given, known, &setup.skill, 0, shown}, context);
    static_cast<void>(done);
    SKILLGRAD_CHECK(keep(setup, nobody, "momentum", out));
  }
  const bool reflects = settings.get<"optimizer">() == optim::OptimizerKind::reflect;
  if (!reflects && !asks_model(settings, option<"stages.patcher">)) return {};
  optim::PatchInput input;
  input.gradients = given;
  if (reflects)
    for (std::size_t i = 0; i < given.size(); ++i) input.evidence.push_back(evidence(setup, task));
  input.memory = &known;
  input.facts = shown;
  input.skill = &setup.skill;
  input.lint.previous = &setup.skill;
  input.lint.initial = &setup.skill;
  const auto done = stages.patcher->patch(input, context);
  static_cast<void>(done);
  return keep(setup, nobody, "patcher", out);
}

/// The executor runs no recorded session; then the first task that is run, or null.
const bench::Task* task_to_run(const RunSetup& setup, const bench::Task& task) {
  if (!task.recorded) return &task;
  for (const auto* ids : {&setup.bench.splits.val, &setup.bench.splits.test})
    if (!ids->empty()) return setup.bench.benchmark->find(ids->front());
  return nullptr;
}

}  // namespace

Result<FirstRequests> first_requests(RunSetup& setup, const std::vector<std::string>& tasks,
                                     bool loop, std::stop_token stop) {
  StandIn stand_in(setup);
  FirstRequests out;
  const bench::Task* task = tasks.empty() ? nullptr : setup.bench.benchmark->find(tasks.front());
  if (task == nullptr) return out;
  auto stages = loop ? make_stages(setup, stop) : make_executor_stages(setup, stop);
  if (!stages) return tl::unexpected(std::move(stages).error());
  // What another program's agent asks for is its own affair: nothing of it is known beforehand.
  if (is_external(setup.settings))
    out.task = task->id;
  else if (const bench::Task* run = task_to_run(setup, *task))
    SKILLGRAD_CHECK(executor_request(setup, **stages, *run, stand_in.model, stop, out));
  if (!loop) return out;
  out.evidence = task->id;
  SKILLGRAD_CHECK(stage_requests(setup, **stages, *task, stand_in.model, out));
  out.gated = (*stages)->gate == nullptr || (*stages)->gate->needs_scores();
  out.momentum = (*stages)->momentum != nullptr;
  return out;
}

}  // namespace skillgrad::cli
