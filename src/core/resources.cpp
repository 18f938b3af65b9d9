// SPDX-License-Identifier: MIT
#include <skillgrad/core/resources.hpp>

namespace skillgrad {

std::optional<std::string_view> resource(const std::string& path) {
  const auto found = resources().find(path);
  if (found == resources().end()) return std::nullopt;
  return found->second;
}

std::map<std::string, std::string_view> resources_below(const std::string& prefix) {
  std::map<std::string, std::string_view> out;
  for (auto it = resources().lower_bound(prefix);
       it != resources().end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
    out.insert(*it);
  }
  return out;
}

}  // namespace skillgrad
