// SPDX-License-Identifier: MIT
#include "agent/unknown_arguments.hpp"

#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::agent {

std::string note_on_arguments(const llm::ToolSpec& spec, const std::string& arguments) {
  const auto schema = parse_json(spec.parameters, "schema");
  const auto given = parse_json(arguments, "arguments");
  if (!schema || !given || !given->is_object()) return {};
  const auto properties = schema->find("properties");
  if (properties == schema->end() || !properties->is_object()) return {};
  std::vector<std::string> unknown, known;
  for (const auto& [name, unused] : properties->items()) known.push_back(name);
  for (const auto& [name, unused] : given->items())
    if (!properties->contains(name)) unknown.push_back(truncate_middle(name, 60));
  if (unknown.empty()) return {};
  return "\n[not used: " + list_some(unknown) + "; " + spec.name + " takes " + list_some(known) +
         "]";
}

}  // namespace skillgrad::agent
