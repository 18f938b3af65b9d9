// SPDX-License-Identifier: MIT
#include "cli/workbench/lint_ignore.hpp"

#include <algorithm>
#include <cctype>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::cli {
namespace {

/// Without it, a skill that holds the answers would be the best one.
constexpr const char* kLeaks = "UPD-05";

}  // namespace

Result<std::vector<std::string>> ignored_lint_rules(const Settings& settings) {
  std::vector<std::string> out;
  const auto& known = skill::lint_rules();
  for (const std::string& part : skillgrad::split(settings.get<"lint_ignore">(), ',')) {
    std::string rule(trim(part));
    if (rule.empty()) continue;
    std::transform(rule.begin(), rule.end(), rule.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (std::find(known.begin(), known.end(), rule) == known.end()) {
      const auto near = nearest_match(rule, known);
      return fail(ErrorCode::config, "no lint rule \"" + rule + "\"",
                  settings.origin<"lint_ignore">(),
                  near ? "did you mean \"" + *near + "\"?" : "use some of " + join(known, ", "));
    }
    if (rule == kLeaks)
      return fail(ErrorCode::config,
                  "UPD-05 keeps answers and secrets out of skills and cannot be ignored",
                  settings.origin<"lint_ignore">(), "leave it out");
    out.push_back(std::move(rule));
  }
  return out;
}

}  // namespace skillgrad::cli
