// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/commands/commands.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"
#include "cli/selfcheck/selfcheck.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

/// A file that says: this folder is selfcheck's; and whether what is in it can be gone on with.
constexpr const char* kSelfcheckMarker = ".skillgrad-selfcheck";
constexpr const char* kUnfinished = "unfinished: `skillgrad selfcheck` goes on here\n";
constexpr const char* kFinished = "finished: `skillgrad selfcheck` begins anew here\n";

/// What an earlier selfcheck has finished is removed, and nothing else; one that was stopped goes
/// on.
Result<> make_selfcheck_room(const fs::path& dir) {
  std::error_code ignored;
  if (fs::exists(dir, ignored) && !fs::is_empty(dir, ignored)) {
    const auto marker = read_file(dir / kSelfcheckMarker);
    if (!marker)
      return fail(ErrorCode::input, "the folder exists and was not made by selfcheck", dir.string(),
                  "name another folder with --dir");
    if (*marker == kUnfinished) return {};
    SKILLGRAD_CHECK(remove_tree(dir));
  }
  return write_file_atomic(dir / kSelfcheckMarker, kUnfinished);
}

/// It has runs of its own, each with its events.
Result<> refuse_places(const Settings& settings) {
  for (const OptionSpec* spec : options<"run", "events", "otlp">)
    if (settings.given(*spec))
      return fail(ErrorCode::usage, "selfcheck has runs of its own", settings.origin(*spec),
                  "leave it out; --dir says where they go, each with its events.jsonl");
  return {};
}

/// Its answers are known for the loop, and its runs are too small to be cut.
Result<> refuse_controls(const Settings& settings) {
  for (const OptionSpec* spec :
       options<"optimizer", "max_rollouts", "optimizer_command", "optimizer_timeout_s",
               "optimizer_env", "approve", "approve_port", "executor", "executor_command",
               "executor_env">)
    if (settings.given(*spec) && settings.raw(*spec) != Json("skillgrad") &&
        settings.raw(*spec) != Json("off") && settings.raw(*spec) != Json("tools"))
      return fail(ErrorCode::usage, "selfcheck checks the loop itself, with rollouts of its own",
                  settings.origin(*spec), "leave out --" + std::string(spec->flag));
  return {};
}

std::string line_of(const SelfcheckRow& row) {
  const char* state = !row.ok ? "skipped" : *row.ok ? "ok     " : "FAILED ";
  return fmt::format("{} {}\n        {}\n", state, row.name, row.found);
}

Json result_json(const SelfcheckResult& result, const fs::path& dir) {
  Json rows = Json::array();
  for (const auto& row : result.rows)
    rows.push_back(
        {{"name", row.name}, {"ok", row.ok ? Json(*row.ok) : Json()}, {"found", row.found}});
  return {{"schema", "skillgrad.selfcheck/1"},
          {"command", "selfcheck"},
          {"dir", dir.string()},
          {"model", result.model},
          {"simulation", result.simulated},
          {"ok", result.ok()},
          {"checks", rows},
          {"calls", result.calls},
          {"tokens", result.tokens},
          {"cost_usd", result.cost_usd ? Json(*result.cost_usd) : Json()},
          {"notes", notes_json(notes().all())}};
}

}  // namespace

Result<int> cmd_selfcheck(const Invocation& invocation) {
  const fs::path dir = fs::absolute(invocation.value("dir", "skillgrad-selfcheck"));
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  SKILLGRAD_CHECK(refuse_places(settings));
  SKILLGRAD_CHECK(refuse_controls(settings));
  SKILLGRAD_CHECK(make_selfcheck_room(dir));
  SKILLGRAD_TRY(const auto world, write_world(dir));
  const bool json = settings.get<"json">();
  const auto show = [&](const SelfcheckRow& row) { (json ? print_err : print_out)(line_of(row)); };
  SKILLGRAD_TRY(const auto result, selfcheck(invocation, world, show));
  SKILLGRAD_CHECK(write_file_atomic(dir / kSelfcheckMarker, kFinished));
  if (json)
    print_out(dump_json(result_json(result, dir), 1) + "\n");
  else
    print_out(fmt::format("\n{}{}: {}, {} tokens, {}\n",
                          result.simulated ? report::simulation_banner() + "\n" : std::string(),
                          result.model, counted(static_cast<std::size_t>(result.calls), "call"),
                          result.tokens, report::money(result.cost_usd)));
  return result.ok() ? 0 : 1;
}

}  // namespace skillgrad::cli
