// SPDX-License-Identifier: MIT
#include "cli/run/saved_config.hpp"

#include <algorithm>

#include <skillgrad/core/json.hpp>

#include "cli/settings/environment.hpp"
#include "cli/settings/option_table.hpp"

namespace skillgrad::cli {

namespace {

bool are_places(const Json& list) {
  return list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& item) {
           const bool whole = item.is_object() && item.contains("key") && item.contains("at") &&
                              item["key"].is_string() && item["at"].is_string();
           return whole && (item["at"] == "" || item["at"].get<std::string>().front() == '/');
         });
}

}  // namespace

Result<SavedConfig> read_saved(const std::string& text, const std::string& where) {
  const auto read = [&]() -> Result<SavedConfig> {
    SKILLGRAD_TRY(const auto json, parse_json(text, where));
    StrictReader reader(json, where);
    SavedConfig out;
    out.command = read_named<RunCommand>(reader, "command");
    out.skill_path = reader.string("skill_path");
    out.skill_folder = reader.string("skill_folder");
    out.config_dir = reader.string("config_dir");
    const std::pair<const char*, Json*> objects[] = {
        {"settings", &out.settings.flat}, {"identity", &out.identity}, {"extra", &out.extra}};
    for (const auto& [key, value] : objects) {
      *value = reader.any(key, true);
      if (!value->is_object()) reader.reject(key, "is no object");
    }
    if (const std::string shard = reader.string("shard", ""); !shard.empty()) {
      SKILLGRAD_TRY(out.shard, parse_shard(shard, environment_value));
    }
    for (const auto& spec : option_table()) out.settings.chosen.push_back(spec.key);
    if (reader.has("chosen")) out.settings.chosen = reader.any("chosen");
    if (!out.settings.chosen.is_array()) reader.reject("chosen", "is no array");
    if (reader.has("not_kept")) out.settings.not_kept = reader.any("not_kept");
    if (!are_places(out.settings.not_kept)) reader.reject("not_kept", "is no list of places");
    SKILLGRAD_CHECK(reader.finish(true));
    return out;
  };
  auto saved = read();
  if (!saved)
    saved.error().mend =
        "it was changed by hand or is damaged; restore it, or start again with another --run "
        "directory";
  return saved;
}

}  // namespace skillgrad::cli
