// SPDX-License-Identifier: MIT
#include "agent/external/placeholders.hpp"

namespace skillgrad::agent {
namespace {

/// Calls `text` for what stands between placeholders and `name` for each of them.
template <class Text, class Name>
void walk(std::string_view whole, const Text& text, const Name& name) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = whole.find("${", at);
    text(whole.substr(at, open == std::string_view::npos ? open : open - at));
    if (open == std::string_view::npos) return;
    const std::size_t close = whole.find('}', open);
    if (close == std::string_view::npos) {
      name(std::string_view());
      return;
    }
    name(whole.substr(open + 2, close - open - 2));
    at = close + 1;
  }
}

}  // namespace

const std::vector<std::string>& placeholder_names() {
  static const std::vector<std::string> names = {"base_url",  "endpoint_root", "home",   "key",
                                                 "max_turns", "model",         "prompt", "skill",
                                                 "skill_dir", "work_dir"};
  return names;
}

std::vector<std::string> placeholders_in(std::string_view text) {
  std::vector<std::string> out;
  walk(
      text, [](std::string_view) {}, [&](std::string_view name) { out.emplace_back(name); });
  return out;
}

std::string fill(std::string_view text, const std::map<std::string, std::string>& values) {
  std::string out;
  walk(
      text, [&](std::string_view part) { out += part; },
      [&](std::string_view name) { out += values.at(std::string(name)); });
  return out;
}

}  // namespace skillgrad::agent
