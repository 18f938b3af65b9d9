// SPDX-License-Identifier: MIT
#include "cli/estimate/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/store/ledger.hpp>

#include "cli/models/executing_models.hpp"
#include "cli/settings/options.hpp"
#include "cli/workbench/external_agent.hpp"

namespace skillgrad::cli {
namespace {

/// One full tool result as the model is shown it, in tokens.
constexpr double kFullToolResult = 30'000 / 3.5 * 1.1;
/// Of a prompt's estimate (3.5 bytes a token, a tenth more), what it is at least (5 bytes).
constexpr double kLeastOfEstimate = 3.5 / 1.1 / 5;
constexpr double kLeastReply = 20;
/// A judge is shown the task and the answer, of which nobody knows the length yet.
constexpr double kAnswerTokens = 500;

/// One conversation whose prompt grows by what the model writes and the tools answer.
struct Talk {
  double turns = 1, prompt = 0, output = 0, tools = 0;
  double context = 0, token_limit = 0;  ///< 0: none
  bool cached = false;                  ///< all of the prompt, for a lower bound
  bool written = false;                 ///< all of it, where that costs more: for an upper bound
};

/// Tokens of one call.
struct CallTokens {
  double input = 0, cached = 0, written = 0, output = 0;
};

struct Cost {
  double calls = 0, input = 0, output = 0, usd = 0;
};

llm::Usage usage_of(const CallTokens& tokens) {
  llm::Usage usage;
  usage.input_tokens = std::llround(tokens.input);
  usage.cached_tokens = std::min(std::llround(tokens.cached), std::llround(tokens.input));
  usage.output_tokens = std::llround(tokens.output);
  return usage;
}

double price_call(const std::optional<llm::PriceEntry>& price, const CallTokens& tokens) {
  if (!price) return 0;
  const llm::Usage usage = usage_of(tokens);
  const std::int64_t rest = usage.input_tokens - usage.cached_tokens;
  return llm::cost_of(*price, usage, std::min<std::int64_t>(std::llround(tokens.written), rest));
}

Cost hold(const Talk& talk, const std::optional<llm::PriceEntry>& price) {
  Cost out;
  double prompt = talk.prompt;
  for (int turn = 0; turn < static_cast<int>(std::lround(talk.turns)); ++turn) {
    const double shown = talk.context > 0 ? std::min(prompt, talk.context) : prompt;
    ++out.calls;
    out.input += shown;
    out.output += talk.output;
    const CallTokens tokens{shown, talk.cached ? shown : 0, 0, talk.output};
    if (price && talk.written)
      out.usd += llm::most_cost_of(*price, usage_of(tokens));
    else
      out.usd += price_call(price, tokens);
    if (talk.token_limit > 0 && out.input + out.output >= talk.token_limit) break;
    prompt += talk.output + talk.tools;
  }
  return out;
}

struct StageTurns {
  const char* role;
  Key<Json> spec;
  int turns;  ///< where the spec names none
};
constexpr StageTurns kStages[] = {{"diagnoser", option<"stages.diagnoser">, optim::kDiagnoserTurns},
                                  {"momentum", option<"stages.momentum">, optim::kMomentumTurns},
                                  {"patcher", option<"stages.patcher">, optim::kPatcherTurns}};

/// Model calls that a stage may make.
int stage_turns(const Settings& settings, const std::string& role) {
  const auto* const stage = std::find_if(std::begin(kStages), std::end(kStages),
                                         [&](const StageTurns& one) { return one.role == role; });
  if (stage == std::end(kStages)) throw std::logic_error("no stage is called " + role);
  const Json& spec = settings.get(stage->spec);
  const Json turns = spec.is_object() ? spec.value("turns", Json()) : Json();
  int out = (turns.is_number_integer() ? turns.get<int>() : stage->turns) + optim::kExtraStageTurns;
  if (role == "patcher")
    out += optim::kPatchRepairRounds * (optim::kPatchRepairTurns + optim::kExtraStageTurns);
  return out;
}

/// The role of "executor@NAME", which is one of several models.
std::string kind_of(const std::string& role) { return role.substr(0, role.find('@')); }
bool executes(const std::string& role) { return kind_of(role) == "executor"; }

/// One stage as it is planned, in the three views.
struct PlannedStage {
  optim::PlannedWork low, expected, high;
};

class Estimator {
 public:
  Estimator(const RunSetup& setup, const FirstRequests& first,
            const std::optional<Measured>& measured)
      : setup_(setup), settings_(setup.settings), first_(first), measured_(measured) {}

  Estimate run(const PlannedViews& plan);

 private:
  StageEstimate stage(const optim::PlannedWork& low, const optim::PlannedWork& expected,
                      const optim::PlannedWork& high) const;
  [[nodiscard]] optim::PlannedWork of_model(const optim::PlannedWork& work,
                                            std::size_t model) const;
  [[nodiscard]] std::vector<PlannedStage> by_model(PlannedStage whole) const;
  void judges(const StageEstimate& executor, const PlannedViews& plan, std::size_t i,
              Estimate& out) const;
  [[nodiscard]] optim::PlannedWork as_measured(const PlannedViews& plan, std::size_t i) const;
  [[nodiscard]] double prompt_of(const optim::PlannedWork& work) const;
  [[nodiscard]] double output_cap(const std::string& role) const;
  [[nodiscard]] double most_turns(const std::string& role) const;
  [[nodiscard]] Talk least(const std::string& role, double prompt) const;
  [[nodiscard]] Talk assumed(const std::string& role, double prompt) const;
  [[nodiscard]] Talk most(const std::string& role, double prompt) const;
  [[nodiscard]] std::optional<llm::PriceEntry> price_of(const std::string& role) const;
  [[nodiscard]] Cost expected_cost(const std::string& role, double prompt,
                                   const std::optional<llm::PriceEntry>& price) const;

  const RunSetup& setup_;
  const Settings& settings_;
  const FirstRequests& first_;
  const std::optional<Measured>& measured_;
};

std::optional<llm::PriceEntry> Estimator::price_of(const std::string& role) const {
  auto found = llm::effective_price(setup_.models->endpoint_of(role), setup_.clock.wall_now());
  return found ? std::move(found->price) : std::nullopt;
}

/// The first prompt of such conversations; tasks differ in their own texts alone.
double Estimator::prompt_of(const optim::PlannedWork& work) const {
  const auto found = first_.by_role.find(kind_of(work.role));
  if (found == first_.by_role.end()) return 0;
  const auto known = static_cast<double>(found->second.prompt_tokens);
  const bench::Task* shown = setup_.bench.benchmark->find(
      executes(work.role) || first_.evidence.empty() ? first_.task : first_.evidence);
  if (work.tasks.empty() || shown == nullptr) return known;
  double bytes = 0;
  for (const auto& id : work.tasks)
    if (const bench::Task* task = setup_.bench.benchmark->find(id))
      bytes += static_cast<double>(task->prompt.size());
  bytes /= static_cast<double>(work.tasks.size());
  return std::max(1.0, known + (bytes - static_cast<double>(shown->prompt.size())) / 3.5 * 1.1);
}

double Estimator::output_cap(const std::string& role) const {
  return static_cast<double>(
      setup_.models->endpoint_of(role).max_output_tokens.value_or(llm::kDefaultOutputCap));
}

double Estimator::most_turns(const std::string& role) const {
  if (role == "judge") return 1;
  return executes(role) ? static_cast<double>(settings_.get<"task_turns">())
                        : stage_turns(settings_, role);
}

Talk Estimator::least(const std::string& role, double prompt) const {
  // A rollout looks at its skill or does its work, and ends.
  const auto turns = static_cast<double>(settings_.get<"task_turns">());
  return {executes(role) ? std::min(2.0, turns) : 1.0,
          prompt * kLeastOfEstimate,
          std::min(kLeastReply, output_cap(role)),
          0,
          0,
          0,
          true};
}

Talk Estimator::assumed(const std::string& role, double prompt) const {
  Talk out;
  out.turns = static_cast<double>(
      settings_.get(executes(role) ? option<"assume.turns"> : option<"assume.stage_turns">));
  out.turns = std::min(out.turns, most_turns(role));
  out.prompt = prompt;
  out.output =
      std::min(static_cast<double>(settings_.get<"assume.output_tokens">()), output_cap(role));
  out.tools = static_cast<double>(settings_.get<"assume.tool_tokens">());
  out.context = static_cast<double>(setup_.models->endpoint_of(role).context_tokens);
  if (executes(role)) out.token_limit = static_cast<double>(settings_.get<"task_tokens">());
  return out;
}

Talk Estimator::most(const std::string& role, double prompt) const {
  const auto& endpoint = setup_.models->endpoint_of(role);
  Talk out;
  out.turns = most_turns(role);
  out.prompt = prompt;
  out.output = output_cap(role);
  out.tools = kFullToolResult;
  out.written = true;
  out.context = static_cast<double>(endpoint.context_tokens);
  if (executes(role)) out.token_limit = static_cast<double>(settings_.get<"task_tokens">());
  return out;
}

Cost Estimator::expected_cost(const std::string& role, double prompt,
                              const std::optional<llm::PriceEntry>& price) const {
  if (!measured_ || !measured_->by_role.contains(kind_of(role)))
    return hold(assumed(role, prompt), price);
  const auto& mean = measured_->by_role.at(kind_of(role));
  // The earlier run may have had wider limits than this one.
  const double measured = std::max(1.0, mean.calls), calls = std::min(measured, most_turns(role));
  const double share = mean.calls > 0 ? calls / measured : 0;
  const double input = share * mean.input, cached = share * mean.cached;
  const double output = std::min(share * mean.output, calls * output_cap(role));
  const double written = share * mean.written;
  return {share * mean.calls, input, output,
          share * mean.calls *
              price_call(price, {input / calls, cached / calls, written / calls, output / calls})};
}

StageEstimate Estimator::stage(const optim::PlannedWork& low, const optim::PlannedWork& expected,
                               const optim::PlannedWork& high) const {
  const auto price = price_of(expected.role);
  const double n[] = {static_cast<double>(low.conversations),
                      static_cast<double>(expected.conversations),
                      static_cast<double>(high.conversations)};
  const Cost one[] = {hold(least(low.role, prompt_of(low)), price),
                      expected_cost(expected.role, prompt_of(expected), price),
                      hold(most(high.role, prompt_of(high)), price)};
  const auto span = [&](double Cost::*part) {
    // A measured run may have needed more than what is thought the least, and less than the most.
    Span out{n[0] * one[0].*part, n[1] * one[1].*part, n[2] * one[2].*part};
    out.low = std::min(out.low, out.expected);
    out.high = std::max(out.high, out.expected);
    return out;
  };
  StageEstimate out;
  out.stage = expected.stage;
  out.role = kind_of(expected.role);
  out.endpoint = expected.role;
  out.model = setup_.models->endpoint_of(expected.role).model;
  out.conversations = {n[0], n[1], n[2]};
  out.calls = span(&Cost::calls);
  out.input = span(&Cost::input);
  out.output = span(&Cost::output);
  if (price) out.usd = span(&Cost::usd);
  out.exact = expected.exact;
  out.measured = measured_ && measured_->by_role.contains(out.role);
  return out;
}

/// The part of it that one of several models executes.
optim::PlannedWork Estimator::of_model(const optim::PlannedWork& work, std::size_t model) const {
  optim::PlannedWork out = work;
  const std::string& name = setup_.across->models()[model];
  out.stage += " (" + name + ")";
  out.role = executor_role(name);
  std::erase_if(out.tasks,
                [&](const auto& cell) { return setup_.across->of(cell).model != model; });
  const double share = work.tasks.empty() ? 0
                                          : static_cast<double>(out.tasks.size()) /
                                                static_cast<double>(work.tasks.size());
  out.conversations =
      static_cast<std::size_t>(std::lround(share * static_cast<double>(work.conversations)));
  return out;
}

std::vector<PlannedStage> Estimator::by_model(PlannedStage whole) const {
  std::vector<PlannedStage> out;
  if (setup_.across == nullptr || !executes(whole.expected.role)) {
    out.push_back(std::move(whole));
    return out;
  }
  for (std::size_t model = 0; model < setup_.across->models().size(); ++model)
    out.push_back(
        {of_model(whole.low, model), of_model(whole.expected, model), of_model(whole.high, model)});
  return out;
}

/// The calls of judges for the rollouts of a stage.
void Estimator::judges(const StageEstimate& executor, const PlannedViews& plan, std::size_t i,
                       Estimate& out) const {
  const auto judged = [&](const optim::PlannedWork& work) {
    optim::PlannedWork some{work.stage + ": judge", "judge", {}, 0, work.exact};
    for (const auto& id : work.tasks)
      if (const bench::Task* task = setup_.bench.benchmark->find(id); task && task->judged)
        some.tasks.push_back(id);
    some.conversations = some.tasks.size();
    return some;
  };
  const auto most = judged(plan.high[i]);
  if (executor.role != "executor" || most.conversations == 0) return;
  double bytes = static_cast<double>(setup_.bench.judge_prompt.size());
  for (const auto& id : most.tasks)
    bytes += static_cast<double>(setup_.bench.benchmark->find(id)->prompt.size()) /
             static_cast<double>(most.conversations);
  const double prompt = bytes / 3.5 * 1.1 + kAnswerTokens;
  const auto price = price_of("judge");
  const double n[] = {static_cast<double>(judged(plan.low[i]).conversations),
                      static_cast<double>(judged(plan.expected[i]).conversations),
                      static_cast<double>(most.conversations)};
  Talk talk = assumed("judge", prompt);
  talk.turns = 1;
  const Cost expected = measured_ && measured_->by_role.contains("judge")
                            ? expected_cost("judge", prompt, price)
                            : hold(talk, price);
  const Cost least_cost = hold(least("judge", prompt), price);
  Talk top = talk;
  top.prompt += kFullToolResult;
  top.output = output_cap("judge");
  const Cost high = hold(top, price);
  double most_calls = 0;  // every vote, each with replies that cannot be used
  for (const auto& id : most.tasks) most_calls += setup_.bench.benchmark->find(id)->judge_calls;
  const auto span = [&](double Cost::*part) {
    return Span{n[0] * least_cost.*part, n[1] * expected.*part, most_calls * high.*part};
  };
  StageEstimate stage;
  stage.stage = most.stage;
  stage.role = stage.endpoint = "judge";
  stage.model = setup_.models->endpoint_of("judge").model;
  stage.conversations = {n[0], n[1], n[2]};
  stage.calls = span(&Cost::calls);
  stage.input = span(&Cost::input);
  stage.output = span(&Cost::output);
  if (price) stage.usd = span(&Cost::usd);
  stage.exact = most.exact;
  out.stages.push_back(std::move(stage));
}

/// What is expected of a stage of decisions, as far as they went in the measured run.
optim::PlannedWork Estimator::as_measured(const PlannedViews& plan, std::size_t i) const {
  optim::PlannedWork out = plan.expected[i];
  if (!measured_ || !measured_->staged || out.tasks.empty()) return out;
  const Measured::Staged& went = *measured_->staged;
  const auto of = [&](const std::vector<optim::PlannedWork>& view, const char* stage) {
    const auto found = std::find_if(view.begin(), view.end(),
                                    [&](const auto& work) { return work.stage == stage; });
    return found == view.end() ? optim::PlannedWork{} : *found;
  };
  const auto different = [](const optim::PlannedWork& work) {
    return static_cast<double>(std::set<std::string>(work.tasks.begin(), work.tasks.end()).size());
  };
  const double drawn = static_cast<double>(of(plan.expected, "execute").conversations);
  const double steps = static_cast<double>(of(plan.expected, "momentum").conversations);
  // All tasks of a split stand in what a stage takes at most.
  const double tasks = different(plan.high[i]);
  std::optional<double> n;
  if (out.stage == "screen") n = went.screen * drawn;
  if (out.stage == "gate" && steps > 0) n = went.gate * tasks * steps;
  if (out.stage == "finalists") n = went.finalists * tasks;
  if (out.stage == "prune") n = went.prune * tasks;
  if (out.stage == "test before") n = went.before * tasks;
  if (out.stage == "test after") n = went.after * tasks;
  if (!n) return out;
  const auto most = plan.high[i].conversations;
  out.conversations = std::min(most, static_cast<std::size_t>(std::lround(*n)));
  const std::vector<std::string> known = out.tasks;
  out.tasks.clear();
  for (std::size_t k = 0; k < out.conversations; ++k) out.tasks.push_back(known[k % known.size()]);
  return out;
}

Estimate Estimator::run(const PlannedViews& plan) {
  Estimate out;
  std::set<std::string> programs;
  for (std::size_t i = 0; i < plan.expected.size(); ++i) {
    const auto work = as_measured(plan, i);
    if (!first_.by_role.contains(work.role)) {
      programs.insert(work.role);
      continue;
    }
    if (plan.high[i].conversations == 0) continue;
    for (const PlannedStage& part : by_model({plan.low[i], work, plan.high[i]}))
      out.stages.push_back(stage(part.low, part.expected, part.high));
    judges(StageEstimate(out.stages.back()), plan, i, out);
  }
  for (const auto& part : out.stages) {
    out.calls += part.calls;
    out.input += part.input;
    out.output += part.output;
    if (out.usd && part.usd)
      *out.usd += *part.usd;
    else
      out.usd.reset();
    if (setup_.models->endpoint_of(part.endpoint).context_tokens == 0) out.bounded = false;
  }
  // An unknown part leaves no known sum.
  if (programs.contains("executor") && is_external(settings_)) out.usd.reset();
  out.uncounted.assign(programs.begin(), programs.end());
  return out;
}

Json json_of(const std::optional<Span>& span) {
  return span ? to_json(*span) : Json{{"low", nullptr}, {"expected", nullptr}, {"high", nullptr}};
}

Json whole(const Span& span) {
  return {{"low", std::llround(span.low)},
          {"expected", std::llround(span.expected)},
          {"high", std::llround(span.high)}};
}

/// Of the rollouts that an executor's calls were about, by their place in the run.
std::optional<Measured::Staged> staged_of(const std::set<std::string>& rollouts) {
  std::map<std::string, double> made;
  std::set<std::string> iterations, validation, test;
  const auto task_of = [](const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    return name.substr(0, name.rfind('.'));
  };
  for (const std::string& path : rollouts) {
    const std::string top = path.substr(0, path.find('/'));
    const bool of_iteration = top.starts_with("iter_");
    const std::string next = path.substr(std::min(path.size(), top.size() + 1));
    const std::string part = of_iteration ? next.substr(0, next.find('/')) : top;
    if (of_iteration) iterations.insert(top);
    if (part == "base_val") validation.insert(task_of(path));
    if (part == "test") {
      test.insert(task_of(path));
      ++made[next.starts_with("initial/") ? "before" : "after"];
    } else {
      ++made[part];
    }
  }
  if (iterations.empty() || validation.empty() || made["rollouts"] == 0 || made["screen"] == 0)
    return std::nullopt;
  const auto steps = static_cast<double>(iterations.size());
  const auto v = static_cast<double>(validation.size()), t = static_cast<double>(test.size());
  Measured::Staged out;
  out.screen = made["screen"] / made["rollouts"];
  out.gate = made["gate"] / (v * steps);
  out.finalists = made["finalists"] / v;
  out.prune = (made["prune"] + made["pruned"]) / v;
  out.before = t > 0 ? made["before"] / t : 0;
  out.after = t > 0 ? made["after"] / t : 0;
  return out;
}

}  // namespace

Span& Span::operator+=(const Span& other) {
  low += other.low;
  expected += other.expected;
  high += other.high;
  return *this;
}

Result<Measured> measure_run(const fs::path& run_dir) {
  SKILLGRAD_TRY(const auto rows, store::read_ledger(run_dir));
  Measured out;
  out.run = run_dir.string();
  std::map<std::string, std::set<std::string>> scopes;
  for (const auto& row : rows) {
    if (!row.answered()) continue;
    auto& talk = out.by_role[row.stage];
    scopes[row.stage].insert(row.scope);
    ++talk.calls;
    talk.input += static_cast<double>(row.usage.input_tokens);
    talk.cached += static_cast<double>(row.usage.cached_tokens);
    talk.written += static_cast<double>(row.cache_write_tokens);
    talk.output += static_cast<double>(row.usage.output_tokens);
    if (row.stage == "executor") out.model = row.model;
  }
  if (out.by_role.empty())
    return fail(ErrorCode::input, "this run has no finished call to measure", run_dir.string(),
                "name a run that got further, or leave --from out");
  for (auto& [role, talk] : out.by_role) {
    talk.conversations = scopes[role].size();
    const auto n = static_cast<double>(talk.conversations);
    for (double* part : {&talk.calls, &talk.input, &talk.cached, &talk.written, &talk.output})
      *part /= n;
  }
  out.staged = staged_of(scopes["executor"]);
  std::error_code ignored;
  if (!fs::exists(run_dir / "plan.json", ignored)) return out;
  SKILLGRAD_TRY(const Json plan, read_json(run_dir / "plan.json"));
  const Json::json_pointer pool("/failure_pool"), train("/splits/train");
  if (plan.contains(pool) && plan.contains(train) && !plan.at(train).empty())
    out.failures =
        static_cast<double>(plan.at(pool).size()) / static_cast<double>(plan.at(train).size());
  return out;
}

Estimate estimate(const RunSetup& setup, const PlannedViews& plan, const FirstRequests& first,
                  const std::optional<Measured>& measured) {
  return Estimator(setup, first, measured).run(plan);
}

PlannedViews evaluation_plan(const std::vector<std::string>& ids, int trials, bool baseline) {
  std::vector<optim::PlannedWork> work;
  const auto add = [&](const char* name) {
    optim::PlannedWork part{name, "executor", {}, 0, true};
    for (int k = 0; k < trials; ++k) part.tasks.insert(part.tasks.end(), ids.begin(), ids.end());
    part.conversations = part.tasks.size();
    work.push_back(std::move(part));
  };
  add("evaluate");
  if (baseline) add("evaluate the baseline");
  return {work, work, work};
}

void limit(Estimate& out, const Settings& settings) {
  const auto at_most = [&](Span& span, double most, const std::string& said) {
    if (span.high > most) out.limited_by.push_back(said);
    for (double* part : {&span.low, &span.expected, &span.high}) *part = std::min(*part, most);
  };
  if (const auto most = settings.get<"max_calls">(); most > 0)
    at_most(out.calls, static_cast<double>(most), fmt::format("--max-calls {}", most));
  if (const double most = settings.get<"max_usd">(); most > 0 && out.usd)
    at_most(*out.usd, most, "--max-usd " + format_double(most));
  const auto limit = settings.get<"max_tokens">();
  if (limit <= 0) return;
  const auto most = static_cast<double>(limit);
  Span tokens = out.input;
  tokens += out.output;
  if (tokens.high > most) out.limited_by.push_back(fmt::format("--max-tokens {}", limit));
  for (double Span::*part : {&Span::low, &Span::expected, &Span::high}) {
    const double share = tokens.*part > most ? most / (tokens.*part) : 1;
    out.input.*part *= share;
    out.output.*part *= share;
  }
}

Json to_json(const Span& span) {
  return {{"low", span.low}, {"expected", span.expected}, {"high", span.high}};
}

Json to_json(const Estimate& estimate) {
  Json stages = Json::array();
  for (const auto& part : estimate.stages)
    stages.push_back({{"stage", part.stage},
                      {"role", part.role},
                      {"model", part.model},
                      {"conversations", whole(part.conversations)},
                      {"exact", part.exact},
                      {"source", part.measured ? "measured" : "assumed"},
                      {"calls", whole(part.calls)},
                      {"input_tokens", whole(part.input)},
                      {"output_tokens", whole(part.output)},
                      {"usd", json_of(part.usd)}});
  Span tokens = estimate.input;
  tokens += estimate.output;
  return {{"stages", stages},
          {"calls", whole(estimate.calls)},
          {"tokens", whole(tokens)},
          {"input_tokens", whole(estimate.input)},
          {"output_tokens", whole(estimate.output)},
          {"usd", json_of(estimate.usd)},
          {"limited_by", estimate.limited_by},
          {"not_counted", estimate.uncounted}};
}

}  // namespace skillgrad::cli
