// SPDX-License-Identifier: MIT
#include "cli/run/run_identity.hpp"

#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/settings/command_table.hpp"
#include "cli/workbench/external_agent.hpp"

namespace skillgrad::cli {

namespace {

Json identity_settings(const Settings& settings) {
  Json out = Json::object();
  for (const auto& spec : option_table())
    if (spec.identity) out[spec.key] = settings.deciding(spec);
  return out;
}

}  // namespace

Result<Json> identity_of(const RunSetup& setup, const RunRequest& request) {
  SKILLGRAD_TRY(const auto prompts, prompts_hash(setup.settings));
  Json tasks = Json::object();
  const auto& splits = setup.bench.splits;
  for (const auto& [name, ids] : {std::pair{"train", &splits.train}, std::pair{"val", &splits.val},
                                  std::pair{"test", &splits.test}}) {
    PartHasher hasher;
    for (const auto& id : *ids) hasher.add(id).add(setup.bench.benchmark->find(id)->hash);
    tasks[name] = hasher.finish();
  }
  // One by one, so that a resume names the sessions that have changed.
  Json sessions = Json::object();
  if (setup.bench.recorded != nullptr) {
    tasks.erase("train");
    for (const auto& id : splits.train)
      sessions[id] = setup.bench.benchmark->find(id)->hash.substr(0, 16);
  }
  Json out = {{"command", name_of(request.command)},
              {"settings", identity_settings(setup.settings)},
              {"model", model_identity(setup.settings)},
              {"skill", request.skill == "none" ? "none" : setup.skill.hash()},
              {"grading", setup.bench.graded_by},
              {"tasks", tasks},
              {"prompts", prompts},
              {"extra", request.extra}};
  for (const agent::Neighbour& neighbour : setup.neighbours)
    out["neighbours"][neighbour.package.name()] = neighbour.package.hash();
  if (!sessions.empty()) out["traces"] = std::move(sessions);
  if (setup.agent) out["executor"] = agent_json(*setup.agent);
  return out;
}

namespace {

/// One line; of a hash or a long value the beginning is enough to see that it changed.
std::string shown(const Json& value) {
  const std::string text = replace_all(truncate_middle(dump_json(value), 60), "\n", " ");
  const bool hash = value.is_string() && value.get_ref<const std::string&>().size() == 64;
  return hash ? text.substr(1, 12) : text;
}

void list_changes(const Json& before, const Json& after, const std::string& prefix,
                  std::vector<std::string>& out) {
  for (const auto& [key, value] : before.items())
    if (!after.contains(key))
      out.push_back(fmt::format("{} was {} and is gone", prefix.empty() ? key : prefix + "." + key,
                                shown(value)));
  for (const auto& [key, value] : after.items()) {
    const auto old = before.find(key);
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    if (old == before.end())
      out.push_back(name + " is new");
    else if (value.is_object() && old->is_object())
      list_changes(*old, value, name, out);
    else if (*old != value)
      out.push_back(fmt::format("{}: {} -> {}", name, shown(*old), shown(value)));
  }
}

}  // namespace

Result<> check_same_run(const Json& saved_identity, const Json& identity,
                        const std::string& where) {
  std::vector<std::string> changes;
  list_changes(saved_identity, identity, "", changes);
  if (changes.empty()) return {};
  return fail(
      ErrorCode::config,
      "the configuration differs from the one this run was started with: " + list_some(changes, 12),
      where, "use another --run directory, or give the earlier values");
}

}  // namespace skillgrad::cli
