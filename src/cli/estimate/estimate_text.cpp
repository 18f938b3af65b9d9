// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/stats/stats.hpp>

#include "cli/estimate/estimate.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"
#include "cli/workbench/external_agent.hpp"

namespace skillgrad::cli {
namespace {

std::string count(double value) { return std::to_string(std::llround(value)); }

std::string usd(const std::optional<Span>& span, double Span::*part) {
  return span ? fmt::format("{:.4f}", (*span).*part) : "unknown";
}

std::string row(const std::string& stage, const Span& talks, const Span& calls, const Span& input,
                const Span& output, const std::optional<Span>& cost) {
  return fmt::format("{:<28} {:>7} {:>7} {:>11} {:>11} {:>10} {:>11} {:>11}\n",
                     strip_control(truncate_middle(stage, 80)), count(talks.expected),
                     count(calls.expected), count(input.expected), count(output.expected),
                     usd(cost, &Span::expected), count(calls.high), usd(cost, &Span::high));
}

std::string table(const Estimate& estimate) {
  std::string out =
      fmt::format("{:<28} {:>7} {:>7} {:>11} {:>11} {:>10} {:>11} {:>11}\n", "stage", "talks",
                  "calls", "input", "output", "USD", "most calls", "most USD");
  Span talks;
  for (const auto& part : estimate.stages) {
    out += row(part.stage, part.conversations, part.calls, part.input, part.output, part.usd);
    talks += part.conversations;
  }
  return out + row("all", talks, estimate.calls, estimate.input, estimate.output, estimate.usd);
}

Json assumptions(const RunSetup& setup, const Estimate& estimate, const EstimateFacts& facts) {
  const Settings& settings = setup.settings;
  Json out = {{"turns", settings.get<"assume.turns">()},
              {"stage_turns", settings.get<"assume.stage_turns">()},
              {"output_tokens", settings.get<"assume.output_tokens">()},
              {"tool_tokens", settings.get<"assume.tool_tokens">()},
              {"failures", estimate.loop ? Json(estimate.failures) : Json()},
              {"from", nullptr}};
  if (!facts.measured) return out;
  Json talks = Json::object();
  for (const auto& [role, talk] : facts.measured->by_role)
    talks[role] = {{"conversations", talk.conversations},
                   {"calls", talk.calls},
                   {"input_tokens", talk.input},
                   {"cached_tokens", talk.cached},
                   {"output_tokens", talk.output}};
  out["from"] = {{"run", facts.measured->run}, {"model", facts.measured->model}, {"means", talks}};
  return out;
}

/// Limits of one call or task that lie below what is assumed, and count instead.
std::string lower_limits(const RunSetup& setup) {
  const Settings& settings = setup.settings;
  const auto cap = setup.models->endpoint_of("executor").max_output_tokens;
  std::vector<std::string> limits;
  if (settings.get<"task_turns">() < settings.get<"assume.turns">())
    limits.push_back(fmt::format("--task-turns {}", settings.get<"task_turns">()));
  if (cap && *cap < settings.get<"assume.output_tokens">())
    limits.push_back(fmt::format("--max-output-tokens {}", *cap));
  return limits.empty() ? "" : "; less where " + join(limits, " and ") + " allow no more";
}

std::string assumed_text(const RunSetup& setup, const Estimate& estimate,
                         const EstimateFacts& facts) {
  const Settings& settings = setup.settings;
  std::string out;
  bool guessed = false;
  for (const auto& part : estimate.stages) guessed = guessed || !part.measured;
  if (facts.measured)
    out += fmt::format("measured   means of {} (model {})\n", facts.measured->run,
                       strip_control(facts.measured->model));
  if (guessed)
    out += fmt::format(
        "assumed    {} calls a task, {} a stage, replies of {} tokens, tool results of {}, nothing "
        "cached (--assume-turns and its like, or --from RUN){}\n",
        settings.get<"assume.turns">(), settings.get<"assume.stage_turns">(),
        settings.get<"assume.output_tokens">(), settings.get<"assume.tool_tokens">(),
        lower_limits(setup));
  if (estimate.loop)
    out += fmt::format(
        "iterations about {}, at most {}: {:.0f} % of the train tasks are taken to fail\n",
        count(estimate.iterations.expected), count(estimate.iterations.high),
        100 * estimate.failures);
  if (!estimate.limited_by.empty())
    out += "limits     " + join(estimate.limited_by, ", ") +
           (estimate.limited_by.size() == 1 ? " ends" : " end") +
           " the run before all that is planned; the last row says what it comes to\n";
  for (const auto& role : estimate.uncounted)
    out += role == "executor" && is_external(settings)
               ? "not counted: executor: what " + settings.get<"executor">() +
                     " asks of its model is not known beforehand; a first run says what it used\n"
               : "not counted: " + role + ", which is a program of yours\n";
  return out;
}

/// Rollouts without those of the test split.
Span search_rollouts(const Estimate& estimate) {
  Span out;
  for (const auto& part : estimate.stages)
    if (part.role == "executor" && !part.stage.starts_with("test ")) out += part.conversations;
  return out;
}

/// That execute each task.
std::size_t models_of(const RunSetup& setup) {
  return setup.across == nullptr ? 1 : setup.across->models().size();
}

std::string optimizer_line(const Estimate& estimate, const EstimateFacts& facts) {
  if (!facts.rollouts_allowed) return {};
  return fmt::format("optimizer  {}, about {} rollouts without the test split, {} allowed\n",
                     facts.optimizer, count(search_rollouts(estimate).expected),
                     *facts.rollouts_allowed);
}

std::string text(const RunSetup& setup, const Estimate& estimate, const FirstRequests& first,
                 const EstimateFacts& facts, const std::vector<RolePrice>& prices) {
  const auto& splits = setup.bench.splits;
  const std::size_t models = models_of(setup);
  std::string out =
      fmt::format("splits     {} train, {} val, {} test ({})\n", splits.train.size() / models,
                  splits.val.size() / models, splits.test.size() / models, splits.origin);
  if (models > 1)
    out += fmt::format("models     {}: each executes every task\n",
                       strip_control(join(setup.across->models(), ", ")));
  if (facts.compared > 0)
    out += fmt::format("difference below about {:.0f} points cannot be told from chance on {}\n",
                       100 * stats::detectable_difference(facts.compared),
                       counted(facts.compared, "task"));
  out += optimizer_line(estimate, facts) + assumed_text(setup, estimate, facts) + "\n" +
         table(estimate);
  out += "\nmost: every limit is reached (turns, output cap, one full tool result a turn";
  out +=
      estimate.bounded ? ", the context)" : "; --context-tokens or --prices would bound prompts)";
  out += "; calls that fail and are made again come on top, and --max-usd holds for all\n\n";
  std::string last;
  for (const auto& price : prices) {
    const std::string line = to_text(price);
    if (line != last) out += "price      " + strip_control(line) + "\n";
    if (!price.price.warning.empty() && line != last)
      out += "           " + strip_control(price.price.warning) + "\n";
    last = line;
  }
  const auto request = first.by_role.find("executor");
  if (request == first.by_role.end()) return out;
  out += fmt::format("\nfirst request (task {}), which is not sent:\nPOST {}\n",
                     strip_control(first.task), request->second.url);
  for (const auto& line : request->second.headers) out += strip_control(line) + "\n";
  return out + "\n" + strip_control(request->second.body) + "\n";
}

Json json(const RunSetup& setup, const Estimate& estimate, const FirstRequests& first,
          const EstimateFacts& facts, const std::vector<RolePrice>& prices) {
  const auto& splits = setup.bench.splits;
  const std::size_t models = models_of(setup);
  Json out = {{"schema", "skillgrad.estimate/1"},
              {"command", facts.command},
              {"skill", setup.skill_path.empty() ? Json() : Json(setup.skill_path)},
              {"benchmark", setup.bench.benchmark->name() + ":" + setup.bench.benchmark->source()},
              {"splits",
               {{"train", splits.train.size() / models},
                {"val", splits.val.size() / models},
                {"test", splits.test.size() / models},
                {"origin", splits.origin}}}};
  if (models > 1) out["models"] = setup.across->models();
  if (estimate.loop)
    out["iterations"] = {{"low", std::llround(estimate.iterations.low)},
                         {"expected", std::llround(estimate.iterations.expected)},
                         {"high", std::llround(estimate.iterations.high)}};
  if (estimate.loop) {
    const Span rollouts = search_rollouts(estimate);
    out["optimizer"] = facts.optimizer;
    out["rollouts"] = {
        {"low", std::llround(rollouts.low)},
        {"expected", std::llround(rollouts.expected)},
        {"high", std::llround(rollouts.high)},
        {"allowed", facts.rollouts_allowed ? Json(*facts.rollouts_allowed) : Json()}};
  }
  out.update(to_json(estimate));
  out["assumptions"] = assumptions(setup, estimate, facts);
  out["detectable_difference"] =
      facts.compared > 0 ? Json(stats::detectable_difference(facts.compared)) : Json();
  Json& by_role = out["prices"] = Json::object();
  for (const auto& price : prices) by_role[price.role] = to_json(price);
  const auto request = first.by_role.find("executor");
  out["notes"] = notes_json(notes().all());
  out["request"] = nullptr;
  if (request != first.by_role.end())
    out["request"] = {{"task_id", first.task},
                      {"url", request->second.url},
                      {"headers", request->second.headers},
                      {"body", request->second.body}};
  return out;
}

}  // namespace

void print_estimate(const RunSetup& setup, const Estimate& estimate, const FirstRequests& first,
                    const EstimateFacts& facts) {
  std::vector<RolePrice> prices;
  for (const auto& part : estimate.stages) {
    const bool known = std::any_of(prices.begin(), prices.end(),
                                   [&](const auto& price) { return price.role == part.endpoint; });
    if (known) continue;
    const auto& endpoint = setup.models->endpoint_of(part.endpoint);
    if (auto price = llm::effective_price(endpoint, setup.clock.wall_now()))
      prices.push_back({part.endpoint, endpoint.model, std::move(*price)});
  }
  if (setup.settings.get<"json">())
    print_out(dump_json(json(setup, estimate, first, facts, prices), 1) + "\n");
  else
    print_out(text(setup, estimate, first, facts, prices));
}

Result<std::optional<Measured>> measured_of(const Invocation& invocation) {
  const std::string run = invocation.value("from");
  if (run.empty()) return std::nullopt;
  auto measured = measure_run(run);
  if (!measured) {
    Error error = std::move(measured).error().with_context("--from");
    if (error.mend.empty()) error.mend = "give the folder of an earlier run, or leave --from out";
    return tl::unexpected(std::move(error));
  }
  return std::optional<Measured>(std::move(*measured));
}

Result<> refuse_estimate_flags(const Invocation& invocation) {
  std::string flag = invocation.has("from") ? "from" : "";
  for (const auto& [key, ignored] : invocation.given.flags)
    if (key.starts_with("assume.")) flag = find_option(key)->flag;
  if (flag.empty()) return {};
  return fail(ErrorCode::usage, "--" + flag + " belongs to an estimate", "--" + flag,
              "add --dry-run, or leave it out");
}

}  // namespace skillgrad::cli
