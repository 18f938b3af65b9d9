// SPDX-License-Identifier: MIT
#include "cli/triggers/queries_file.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/make_queries.hpp>

#include "cli/run/given_skill.hpp"
#include "cli/screen/console.hpp"
#include "cli/workbench/neighbours.hpp"
#include "cli/workbench/open_workbench.hpp"
#include "cli/workbench/writing_model.hpp"

namespace skillgrad::cli {
namespace {

constexpr int kFewestQueries = 2, kMostMadeQueries = 200;

/// What has no part in making them.
Result<> check_making(const Invocation& invocation) {
  for (const char* flag : {"queries", "trials", "improve", "dry-run", "cache"})
    if (invocation.has(flag))
      return fail(ErrorCode::usage,
                  std::string("--") + flag +
                      " is about queries that are there, and --make-queries "
                      "makes some",
                  std::string("--") + flag, "leave it out");
  return {};
}

Result<fs::path> free_place(const Invocation& invocation, const std::string& skill) {
  const fs::path file =
      invocation.value("to", (fs::path(skill_folder(skill)) / "evals" / "triggers.json").string());
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(file, ignored))) return file;
  return fail(ErrorCode::input, "there is something already, which is never overwritten",
              file.string(), "name another file with --to");
}

struct Made {
  optim::MadeQueries queries;
  std::string model;
  std::optional<double> usd;
};

Result<Made> ask_for_queries(const Invocation& invocation, const Settings& settings,
                             const optim::QueriesInput& input) {
  SKILLGRAD_TRY(const auto writer,
                open_writing_model(invocation, settings,
                                   {"queries", "queries", "a model writes the requests"}));
  print_err("skillgrad triggers: " + strip_control(writer->models->model()) + " writes requests\n");
  Made out;
  SKILLGRAD_TRY(out.queries, optim::make_queries(writer->models->role("patcher"), writer->prompt,
                                                 input, writer->context));
  out.model = writer->models->model();
  out.usd = writer->models->accountant().totals().cost_usd;
  return out;
}

Json file_of(const Made& made, const skill::SkillPackage& skill) {
  Json queries = Json::array();
  for (const auto& query : made.queries.items)
    queries.push_back(
        {{"id", query.id}, {"query", query.query}, {"should_trigger", query.should_trigger}});
  return {{"checked", false},
          {"skill", skill.name()},
          {"made_by", made.model},
          {"queries", std::move(queries)}};
}

}  // namespace

Result<int> make_queries_file(const Invocation& invocation, const Settings& settings) {
  SKILLGRAD_CHECK(check_making(invocation));
  SKILLGRAD_TRY(const int count, count_of(invocation, {"make-queries", kFewestQueries, "20"}));
  if (count > kMostMadeQueries)
    return fail(ErrorCode::usage,
                fmt::format("got {}, expected at most {}", count, kMostMadeQueries),
                "--make-queries", "have fewer made, as in --make-queries 20");
  const std::string& path = invocation.arguments.at(0);
  SKILLGRAD_TRY(const auto skill, load_skill(path));
  SKILLGRAD_TRY(const fs::path file, free_place(invocation, path));
  SKILLGRAD_TRY(const auto neighbours, load_neighbours(settings, skill));
  optim::QueriesInput input;
  input.skill = &skill;
  input.count = static_cast<std::size_t>(count);
  for (const auto& neighbour : neighbours)
    input.catalogue += neighbour.package.name() + ": " + neighbour.package.description() + "\n";
  SKILLGRAD_TRY(const Made made, ask_for_queries(invocation, settings, input));
  SKILLGRAD_CHECK(write_file_atomic(file, dump_json(file_of(made, skill), 1) + "\n"));
  const auto should = static_cast<std::size_t>(
      std::count_if(made.queries.items.begin(), made.queries.items.end(),
                    [](const auto& query) { return query.should_trigger; }));
  if (settings.get<"json">())
    print_out(dump_json({{"schema", "skillgrad.queries/1"},
                         {"command", "triggers"},
                         {"file", file.string()},
                         {"model", made.model},
                         {"queries", made.queries.items.size()},
                         {"should_trigger", should},
                         {"refused", made.queries.refused.size()},
                         {"cost_usd", made.usd ? Json(*made.usd) : Json()}},
                        1) +
              "\n");
  else
    print_out(
        fmt::format("{} requests, {} of which should activate the skill: {}\nThey are not used "
                    "before somebody has checked them: read them, mend what is wrong, and set "
                    "\"checked\" to true.\n",
                    made.queries.items.size(), should, strip_control(file.string())));
  return 0;
}

}  // namespace skillgrad::cli
