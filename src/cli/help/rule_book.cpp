// SPDX-License-Identifier: MIT
#include "cli/help/rule_book.hpp"

#include <string_view>
#include <vector>

#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::cli {
namespace {

constexpr std::string_view kRule = "### ";

/// The sections of a book that stand under a heading "### ID Title".
std::vector<RuleText> rules_of(const std::string& book, std::string_view text) {
  std::vector<RuleText> out;
  bool inside = false, fenced = false;
  for (const std::string& line : split_lines(text)) {
    if (line.starts_with("```")) fenced = !fenced;
    const bool heading = !fenced && line.starts_with('#');
    if (heading) inside = line.starts_with(kRule);
    if (heading && inside) {
      const std::string whole(trim(std::string_view(line).substr(kRule.size())));
      const std::size_t blank = whole.find(' ');
      const std::string title = blank == std::string::npos ? "" : whole.substr(blank + 1);
      out.push_back({whole.substr(0, blank), title, book, {}});
    } else if (inside) {
      out.back().text += line + "\n";
    }
  }
  for (RuleText& rule : out) rule.text = std::string(trim(rule.text)) + "\n";
  return out;
}

}  // namespace

std::vector<std::string> rule_ids() {
  std::vector<std::string> out;
  for (const auto& [book, text] : resources_below("docs/rules-"))
    for (const RuleText& rule : rules_of(book, text)) out.push_back(rule.id);
  return out;
}

Result<RuleText> find_rule(const std::string& id) {
  const std::string wanted = to_lower_ascii(trim(id));
  std::vector<std::string> known;
  for (const auto& [book, text] : resources_below("docs/rules-")) {
    for (RuleText& rule : rules_of(book, text)) {
      if (to_lower_ascii(rule.id) == wanted) return std::move(rule);
      known.push_back(rule.id);
    }
  }
  const auto near = nearest_match(id, known);
  return fail(ErrorCode::usage, "no rule \"" + id + "\"", "--explain",
              near ? "did you mean \"" + *near + "\"?"
                   : "use an id that `skillgrad validate SKILL` prints, such as L2-03");
}

}  // namespace skillgrad::cli
