// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

/// A rule of the books in docs/rules-*.md, which are compiled in.
struct RuleText {
  std::string id;     ///< "L2-03"
  std::string title;  ///< the rest of its heading
  std::string book;   ///< "docs/rules-skill.md"
  std::string text;   ///< Markdown: what it asks, an example, the mend
};

/// Of all rules, book by book.
[[nodiscard]] std::vector<std::string> rule_ids();
/// Letter case of `id` does not count. Errors: usage (no such rule; names the nearest one).
[[nodiscard]] Result<RuleText> find_rule(const std::string& id);

}  // namespace skillgrad::cli
