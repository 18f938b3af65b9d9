// SPDX-License-Identifier: MIT
#include "optim/stages/older_forms.hpp"

#include <string>
#include <utility>

namespace skillgrad::optim {
namespace {

/// An older version is used as such; any other text in its place is one that is not used.
void keep_version(Json& used, const Json& answer, const std::string& older) {
  if (answer.is_object() && answer.value("schema", Json()) == Json(older)) used["schema"] = older;
}

/// Moves the members of the only item of a list to where the list stands.
void lift_only(Json& used, const char* list) {
  const Json items = std::exchange(used[list], Json());
  used.erase(list);
  if (items.empty()) return;
  for (const auto& [key, value] : items.front().items()) used[key] = value;
}

const Json& member(const Json& object, const char* key) {
  static const Json none = Json::array();
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : none;
}

}  // namespace

Json used_of_gradient(Json used, const Json& answer) {
  keep_version(used, answer, "skillgrad.gradient/1");
  if (answer.contains("causes")) return used;
  used.erase("right");
  lift_only(used, "causes");
  for (const char* key : {"case", "rule", "open", "refutes"}) used.erase(key);
  used["gradient"] = std::exchange(used["analysis"], Json());
  used.erase("analysis");
  return used;
}

Json used_of_momentum(Json used, const Json& answer) {
  keep_version(used, answer, "skillgrad.momentum/1");
  const Json& entries = member(answer, "overlay");
  for (std::size_t i = 0; i < entries.size() && i < used["overlay"].size(); ++i)
    if (!entries[i].contains("patterns")) lift_only(used["overlay"][i], "patterns");
  const auto memory = answer.find("memory");
  if (memory == answer.end()) return used;
  keep_version(used["memory"], *memory, "skillgrad.memory/1");
  const Json& patterns = member(*memory, "patterns");
  for (std::size_t i = 0; i < patterns.size() && i < used["memory"]["patterns"].size(); ++i) {
    Json& pattern = used["memory"]["patterns"][i];
    if (patterns[i].contains("appeared_in") && !patterns[i].contains("failed_in"))
      pattern["appeared_in"] = pattern["failed_in"];
  }
  return used;
}

}  // namespace skillgrad::optim
