// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

enum class BlockKind { heading, paragraph, bullet_list, ordered_list, code, other };

/// A top-level block of a Markdown text, as cmark sees it, with its source lines.
struct Block {
  BlockKind kind = BlockKind::other;
  int level = 0;                       ///< of an ATX heading; setext headings are `other`
  std::string title;                   ///< of a heading, as written between the #s
  std::string info;                    ///< of a fenced code block: its language word
  std::string code;                    ///< of a code block
  std::vector<std::string> items;      ///< of a list: source text of each item
  std::vector<std::string> item_code;  ///< of a list: code blocks inside its items
  std::size_t begin = 0, end = 0;      ///< bytes, whole lines
  int first_line = 0, last_line = 0;   ///< 1-based
};

[[nodiscard]] std::vector<Block> markdown_blocks(std::string_view text);
[[nodiscard]] std::vector<Section> sections_of(std::string_view text,
                                               const std::vector<Block>& blocks);

}  // namespace skillgrad::skill
