// SPDX-License-Identifier: MIT
#include "cli/selfcheck/selfcheck.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/run/ending.hpp"
#include "cli/run/open_run.hpp"
#include "cli/run/optimize_settings.hpp"
#include "cli/run/stage_set.hpp"
#include "cli/selfcheck/scripted_patcher.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

using optim::decisions::ReleaseVerdict;

/// One run of the loop.
struct Play {
  std::string name;  ///< of its folder
  std::string skill;
  std::map<std::string, std::string> flags;  ///< unless the user gives them
  optim::Patcher* patcher = nullptr;         ///< null: the run's own
  bool keep_all = false;                     ///< no gate, whatever the user chose
};

skill::EditOp edit(const char* op, std::string text, const char* heading = "") {
  skill::EditOp out;
  out.op = op;
  out.heading = heading;
  out.new_text = std::move(text);
  return out;
}

std::string decision_text(const optim::OptimizeResult& result) {
  if (result.iterations.empty()) return "no iteration was played: " + result.stop_reason;
  const auto& row = result.iterations.front();
  return fmt::format("{}: {}", name_of(row.decision), row.reason);
}

class Checks {
 public:
  Checks(const Invocation& invocation, const SelfcheckWorld& world,
         const std::function<void(const SelfcheckRow&)>& show)
      : invocation_(invocation), world_(world), show_(show) {}

  Result<SelfcheckResult> run() {
    SKILLGRAD_CHECK(mends_a_flaw());
    SKILLGRAD_CHECK(keeps_no_harm());
    SKILLGRAD_CHECK(keeps_nothing_neutral());
    SKILLGRAD_CHECK(claims_nothing());
    SKILLGRAD_CHECK(refuses_a_leak());
    SKILLGRAD_CHECK(notices_a_measurement("a grader that fails right answers is noticed",
                                          world_.broken_grader()));
    SKILLGRAD_CHECK(notices_a_measurement("tasks that an empty answer passes are noticed",
                                          world_.always_passes()));
    return std::move(out_);
  }

 private:
  void add(std::string name, std::optional<bool> ok, std::string found) {
    out_.rows.push_back({std::move(name), ok, strip_control(truncate_middle(found, 300))});
    show_(out_.rows.back());
  }

  [[nodiscard]] Invocation with(const Play& play) const {
    Invocation out = invocation_;
    out.command = "optimize";
    out.arguments = {play.skill};
    auto& flags = out.given.flags;
    flags.try_emplace("model", world_.model());
    flags["benchmark"] = world_.tasks();
    flags["run"] = (world_.dir / play.name).string();
    flags["quiet"] = "true";
    for (const auto& [key, value] : play.flags) flags.try_emplace(key, value);
    return out;
  }

  /// What the checks so far have left of a limit; the least that a limit can be where nothing is.
  Result<> narrow_limits(Invocation& invocation) const {
    SKILLGRAD_TRY(const auto settings, load_settings(invocation));
    const auto narrow = [&](const char* key, double limit, double spent) {
      if (limit > 0) invocation.given.flags[key] = format_double(std::max(1e-9, limit - spent));
    };
    narrow("max_usd", settings.get<"max_usd">(), out_.cost_usd.value_or(0));
    const auto count = [&](const char* key, std::int64_t limit, std::int64_t spent) {
      if (limit > 0)
        invocation.given.flags[key] = std::to_string(std::max<std::int64_t>(1, limit - spent));
    };
    count("max_calls", settings.get<"max_calls">(), out_.calls);
    count("max_tokens", settings.get<"max_tokens">(), out_.tokens);
    return {};
  }

  void count(const RunSetup& setup, const optim::OptimizeResult& result) {
    out_.model = setup.models->model();
    out_.simulated = setup.models->simulated();
    const auto& usage = result.totals.usage;
    out_.calls += usage.calls;
    out_.tokens += usage.input_tokens + usage.output_tokens;
    out_.cost_usd = out_.cost_usd && result.totals.cost_usd
                        ? std::optional(*out_.cost_usd + *result.totals.cost_usd)
                        : std::nullopt;
  }

  Result<optim::OptimizeResult> play(const Play& play) {
    Invocation invocation = with(play);
    SKILLGRAD_CHECK(narrow_limits(invocation));
    SKILLGRAD_TRY(const auto setup, open_run(invocation, {RunCommand::optimize, play.skill}));
    SKILLGRAD_TRY(const auto stages, make_stages(*setup, invocation.stop));
    SKILLGRAD_TRY(auto settings, optimize_settings(setup->settings));
    optim::OptimizeParts parts = stages->parts(*setup);
    std::unique_ptr<optim::Gate> gate;
    if (play.patcher != nullptr) parts.patcher = play.patcher;
    if (play.keep_all) {
      SKILLGRAD_TRY(gate, optim::gate_registry().make("none", Json::object(), {}));
      parts.gate = gate.get();
      settings.staged.reset();
    }
    SKILLGRAD_TRY(const auto call, call_context(*setup, invocation));
    SKILLGRAD_CHECK(start_run(*setup));
    SKILLGRAD_TRY(auto result, optim::optimize(settings, parts, call));
    count(*setup, result);
    close_run(*setup, optim::to_json(result, setup->store->dir().string()));
    if (result.error && !result.refused) return tl::unexpected(std::move(*result.error));
    return result;
  }

  Result<> mends_a_flaw() {
    const char* name = "a planted flaw is mended, kept and shown";
    SKILLGRAD_TRY(const auto result,
                  play({"mend", world_.flawed(), {{"updates", "4"}}, nullptr, false}));
    if (result.refused && result.base_train && result.base_train->score >= 1) {
      add(name, std::nullopt, "the model does all tasks right without the skill");
      return {};
    }
    const bool kept = result.best_iteration > 0;
    add(name, kept && result.release.verdict == ReleaseVerdict::improved,
        kept ? report::verdict_line(result) : decision_text(result));
    return {};
  }

  Result<> try_edits(const char* name, const char* folder, ScriptedPatcher::Edits edits) {
    ScriptedPatcher patcher(std::move(edits));
    SKILLGRAD_TRY(
        const auto result,
        play(
            {folder, world_.half(), {{"updates", "1"}, {"score_test", "false"}}, &patcher, false}));
    const bool rejected = !result.iterations.empty() && result.iterations.front().gate &&
                          result.iterations.front().decision == optim::Decision::rejected;
    add(name, rejected, decision_text(result));
    return {};
  }

  /// It mends a third of the tasks and breaks two thirds.
  Result<> keeps_no_harm() {
    return try_edits(
        "a patch that breaks more than it mends is not kept", "harmful",
        [](const optim::PatchInput&) {
          return std::vector{edit("replace_section", receipt_section(), kInvoiceHeading)};
        });
  }

  static std::vector<skill::EditOp> neutral() {
    return {edit("insert_section", "## Tone\n\nBe friendly to whoever reads the note.\n")};
  }

  Result<> keeps_nothing_neutral() {
    return try_edits("a patch that changes nothing is not kept", "neutral",
                     [](const optim::PatchInput&) { return neutral(); });
  }

  Result<> claims_nothing() {
    ScriptedPatcher patcher([](const optim::PatchInput&) { return neutral(); });
    SKILLGRAD_TRY(const auto result,
                  play({"unchanged", world_.half(), {{"updates", "1"}}, &patcher, true}));
    add("an improvement that is none is not claimed",
        result.release.verdict == ReleaseVerdict::not_shown && result.release.n > 0,
        report::verdict_line(result));
    return {};
  }

  Result<> refuses_a_leak() {
    std::string answers = "## Answers\n\n";
    for (int i = 0; i < 12; ++i) {
      const std::string id = fmt::format("train-{}{}", i / 6, i % 6);
      answers += fmt::format("- The note of {} is `{}`.\n", id, answer_of(id));
    }
    ScriptedPatcher patcher(
        [&](const optim::PatchInput&) { return std::vector{edit("insert_section", answers)}; });
    SKILLGRAD_TRY(
        const auto result,
        play(
            {"leak", world_.half(), {{"updates", "1"}, {"score_test", "false"}}, &patcher, false}));
    const bool refused = !result.iterations.empty() &&
                         result.iterations.front().decision == optim::Decision::rejected &&
                         result.iterations.front().reason.starts_with("breaks ");
    add("a patch that gives answers away is refused", refused, decision_text(result));
    return {};
  }

  Result<> notices_a_measurement(const char* name, const std::string& tasks) {
    Invocation invocation = with({"measurement", world_.half(), {}, nullptr, false});
    invocation.given.flags["benchmark"] = tasks;
    SKILLGRAD_TRY(const auto setup,
                  open_dry_run(invocation, {RunCommand::optimize, world_.half()}));
    SKILLGRAD_TRY(const auto ids, split_ids(setup->bench.splits, "all"));
    const auto checked = check_measurement(setup->settings, setup->bench, ids, invocation.stop);
    if (!checked && checked.error().code == ErrorCode::cancelled)
      return tl::unexpected(checked.error());
    add(name, !checked, checked ? "it was taken for a measurement" : checked.error().message);
    return {};
  }

  const Invocation& invocation_;
  const SelfcheckWorld& world_;
  const std::function<void(const SelfcheckRow&)>& show_;
  SelfcheckResult out_;
};

}  // namespace

bool SelfcheckResult::ok() const {
  return std::none_of(rows.begin(), rows.end(),
                      [](const SelfcheckRow& row) { return row.ok == false; });
}

Result<SelfcheckResult> selfcheck(const Invocation& invocation, const SelfcheckWorld& world,
                                  const std::function<void(const SelfcheckRow&)>& show) {
  return Checks(invocation, world, show).run();
}

}  // namespace skillgrad::cli
