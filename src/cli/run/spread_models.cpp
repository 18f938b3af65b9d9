// SPDX-License-Identifier: MIT
#include "cli/run/spread_models.hpp"

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "cli/models/executing_models.hpp"

namespace skillgrad::cli {

Result<> check_one_skill(const RunSetup& setup) {
  if (setup.settings.get<"models">().empty() || !skill::is_set(setup.skill)) return {};
  const fs::path one =
      fs::path(setup.skill_path) / skill::members_of(setup.skill).front().folder_name();
  return fail(ErrorCode::usage, "--models is for one skill, and this is a folder of several",
              setup.skill_path,
              "leave --models out, or give one of the skills, such as " + one.string());
}

Result<> spread_models(RunSetup& setup) {
  SKILLGRAD_TRY(const auto models, executing_models(setup.settings));
  if (models.empty() || setup.across != nullptr) return {};
  std::vector<std::string> names;
  for (const ExecutingModel& model : models) names.push_back(model.name);
  const auto rule = *named<optim::AcrossRule>(setup.settings.get<"across">());
  SKILLGRAD_TRY(auto spread,
                optim::spread_tasks(rule, std::move(names), std::move(setup.bench.benchmark),
                                    setup.bench.splits));
  setup.bench.benchmark = std::move(spread.benchmark);
  setup.bench.splits = std::move(spread.splits);
  setup.across = std::move(spread.across);
  return {};
}

std::string executing_names(const RunSetup& setup) {
  return setup.across == nullptr ? setup.models->model() : join(setup.across->models(), ", ");
}

}  // namespace skillgrad::cli
