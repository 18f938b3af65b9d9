// SPDX-License-Identifier: MIT
#include "llm/wire/tool_names.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

constexpr std::size_t kLongestName = 256;  ///< longer ones are no tool's and only shown

}  // namespace

std::string resolve_tool_name(std::string_view sent, const std::vector<ToolSpec>& offered) {
  std::string name = sanitize_utf8(trim(sent.substr(0, sent.find("<|"))));
  for (const std::string_view prefix : {"functions.", "default_api."}) {
    if (starts_with_icase(name, prefix)) name = name.substr(prefix.size());
  }
  name = std::string(trim(name));
  if (is_offered(name, offered)) return name;
  const std::string lower = to_lower_ascii(name);
  for (const ToolSpec& tool : offered) {
    if (to_lower_ascii(tool.name) == lower) return tool.name;
  }
  return name.size() > kLongestName ? truncate_middle(name, kLongestName) : name;
}

bool is_offered(std::string_view name, const std::vector<ToolSpec>& offered) {
  return std::any_of(offered.begin(), offered.end(),
                     [&](const ToolSpec& tool) { return tool.name == name; });
}

}  // namespace skillgrad::llm
