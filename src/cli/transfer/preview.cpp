// SPDX-License-Identifier: MIT
#include "cli/transfer/preview.hpp"

#include <cmath>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "cli/run/open_run.hpp"
#include "cli/screen/notes.hpp"
#include "cli/workbench/external_agent.hpp"
#include "cli/workbench/open_workbench.hpp"

namespace skillgrad::cli {
namespace {

std::string rounded(double value) { return std::to_string(std::llround(value)); }

std::string usd_text(const std::optional<Span>& usd, double Span::*part) {
  return usd ? fmt::format("{:.4f}", (*usd).*part) : "unknown";
}

std::string line_of(const std::string& name, std::size_t rollouts, const Estimate& estimate) {
  return fmt::format("{:<44} {:>8} {:>8} {:>12} {:>10} {:>11} {:>10}\n",
                     strip_control(truncate_middle(name, 44)), rollouts,
                     rounded(estimate.calls.expected),
                     rounded(estimate.input.expected + estimate.output.expected),
                     usd_text(estimate.usd, &Span::expected), rounded(estimate.calls.high),
                     usd_text(estimate.usd, &Span::high));
}

}  // namespace

Result<PreviewPart> preview_part(const Invocation& invocation, const PreviewRequest& request) {
  RunRequest run{RunCommand::eval, request.skill, Json::object()};
  run.extra = {{"split", request.split}, {"trials", request.trials}, {"baseline", ""}};
  SKILLGRAD_TRY(const auto measured, measured_of(invocation));
  SKILLGRAD_TRY(const auto setup, open_dry_run(invocation, run));
  SKILLGRAD_TRY(const auto agent, open_agent(setup->settings, setup->config_dir,
                                             *setup->bench.sandbox, invocation.stop));
  SKILLGRAD_TRY(const auto ids, split_ids(setup->bench.splits, request.split));
  if (ids.empty())
    return fail(ErrorCode::dataset, "split \"" + request.split + "\" has no tasks",
                setup->bench.splits.origin, "choose another --split, or widen --ids or --limit");
  SKILLGRAD_TRY(const auto first, first_requests(*setup, ids, false, invocation.stop));
  PreviewPart out;
  out.name = request.name;
  out.rollouts = ids.size() * static_cast<std::size_t>(request.trials);
  out.estimate = estimate(*setup, evaluation_plan(ids, request.trials, false), first, measured);
  return out;
}

Preview sum_up(std::string command, std::vector<PreviewPart> parts, const Settings& settings) {
  Preview out;
  out.command = std::move(command);
  for (const PreviewPart& part : parts) {
    out.all.calls += part.estimate.calls;
    out.all.input += part.estimate.input;
    out.all.output += part.estimate.output;
    if (out.all.usd && part.estimate.usd)
      *out.all.usd += *part.estimate.usd;
    else
      out.all.usd = std::nullopt;
    out.all.bounded = out.all.bounded && part.estimate.bounded;
  }
  out.parts = std::move(parts);
  limit(out.all, settings);
  return out;
}

std::string preview_text(const Preview& preview) {
  std::string out = fmt::format("{:<44} {:>8} {:>8} {:>12} {:>10} {:>11} {:>10}\n", "measurement",
                                "rollouts", "calls", "tokens", "USD", "most calls", "most USD");
  std::size_t rollouts = 0;
  for (const PreviewPart& part : preview.parts) {
    out += line_of(part.name, part.rollouts, part.estimate);
    rollouts += part.rollouts;
  }
  out += line_of("all", rollouts, preview.all);
  for (const std::string& limit : preview.all.limited_by)
    out += "limited by: " + strip_control(limit) + "\n";
  return out +
         "what an earlier command measured is kept and not paid for again; nothing was sent\n";
}

Json to_json(const Preview& preview) {
  const auto totals = [](const Estimate& estimate) {
    Json out = to_json(estimate);
    for (const char* key : {"stages", "limited_by", "not_counted"}) out.erase(key);
    return out;
  };
  Json parts = Json::array();
  std::size_t rollouts = 0;
  for (const PreviewPart& part : preview.parts) {
    rollouts += part.rollouts;
    Json& row = parts.emplace_back(Json{{"name", part.name}, {"rollouts", part.rollouts}});
    row.update(totals(part.estimate));
  }
  Json out = {{"schema", "skillgrad.preview/1"},
              {"command", preview.command},
              {"parts", std::move(parts)},
              {"rollouts", rollouts}};
  out.update(totals(preview.all));
  out["limited_by"] = preview.all.limited_by;
  out["notes"] = notes_json(notes().all());
  return out;
}

}  // namespace skillgrad::cli
