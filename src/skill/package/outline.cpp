// SPDX-License-Identifier: MIT
#include "skill/package/outline.hpp"

#include <algorithm>
#include <memory>

#include <cmark.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad::skill {

namespace {

/// Start offsets of all lines, and the end of the text.
[[nodiscard]] std::vector<std::size_t> line_starts(std::string_view text) {
  std::vector<std::size_t> out{0};
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool crlf = text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
    if (text[at] == '\n' || (text[at] == '\r' && !crlf)) out.push_back(at + 1);
  }
  if (out.back() != text.size()) out.push_back(text.size());
  return out;
}

class BlockReader {
 public:
  explicit BlockReader(std::string_view text) : text_(text), starts_(line_starts(text)) {}

  [[nodiscard]] Block read(cmark_node* node) const {
    Block block;
    block.first_line = cmark_node_get_start_line(node);
    block.last_line = std::max(cmark_node_get_end_line(node), block.first_line);
    block.begin = start_of(block.first_line);
    block.end = start_of(block.last_line + 1);
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_HEADING:
        heading(node, block);
        break;
      case CMARK_NODE_PARAGRAPH:
        block.kind = BlockKind::paragraph;
        break;
      case CMARK_NODE_CODE_BLOCK:
        block.kind = BlockKind::code;
        block.info = split(trim(text_or_empty(cmark_node_get_fence_info(node))), ' ').front();
        block.code = text_or_empty(cmark_node_get_literal(node));
        break;
      case CMARK_NODE_LIST:
        list(node, block);
        break;
      default:
        break;
    }
    return block;
  }

 private:
  [[nodiscard]] static std::string text_or_empty(const char* text) {
    return text == nullptr ? std::string{} : std::string(text);
  }

  [[nodiscard]] std::size_t start_of(int line) const {
    const auto index = static_cast<std::size_t>(std::max(line, 1) - 1);
    return index < starts_.size() ? starts_[index] : text_.size();
  }

  void heading(cmark_node* node, Block& block) const {
    std::string_view line = trim(text_.substr(block.begin, block.end - block.begin));
    // "#1" over a line of dashes is a heading, too, but none of these.
    const std::size_t marks = std::min(line.find_first_not_of('#'), line.size());
    if (marks == 0 || (marks < line.size() && line[marks] != ' ' && line[marks] != '\t')) return;
    block.kind = BlockKind::heading;
    block.level = cmark_node_get_heading_level(node);
    line = trim(line.substr(std::min(line.find_first_not_of('#'), line.size())));
    const std::size_t last = line.find_last_not_of('#');
    if (last == std::string_view::npos) {
      line = {};
    } else if (last + 1 < line.size() && (line[last] == ' ' || line[last] == '\t')) {
      line = trim(line.substr(0, last));
    }
    block.title = std::string(line);
  }

  void list(cmark_node* node, Block& block) const {
    block.kind = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST ? BlockKind::ordered_list
                                                                      : BlockKind::bullet_list;
    for (cmark_node* item = cmark_node_first_child(node); item != nullptr;
         item = cmark_node_next(item)) {
      const std::size_t begin = start_of(cmark_node_get_start_line(item));
      const std::size_t end = start_of(cmark_node_get_end_line(item) + 1);
      block.items.emplace_back(trim(text_.substr(begin, std::max(begin, end) - begin)));
      for (cmark_node* child = cmark_node_first_child(item); child != nullptr;
           child = cmark_node_next(child)) {
        if (cmark_node_get_type(child) == CMARK_NODE_CODE_BLOCK) {
          block.item_code.push_back(text_or_empty(cmark_node_get_literal(child)));
        }
      }
    }
  }

  std::string_view text_;
  std::vector<std::size_t> starts_;
};

}  // namespace

std::vector<Block> markdown_blocks(std::string_view text) {
  const std::unique_ptr<cmark_node, decltype(&cmark_node_free)> document(
      cmark_parse_document(text.data(), text.size(), CMARK_OPT_DEFAULT), &cmark_node_free);
  const BlockReader reader(text);
  std::vector<Block> out;
  for (cmark_node* node = cmark_node_first_child(document.get()); node != nullptr;
       node = cmark_node_next(node)) {
    Block block = reader.read(node);
    // Of a heading that is underlined cmark counts the line behind it, too, where that has text.
    if (!out.empty()) out.back().end = std::min(out.back().end, block.begin);
    out.push_back(std::move(block));
  }
  return out;
}

std::vector<Section> sections_of(std::string_view text, const std::vector<Block>& blocks) {
  std::vector<Section> out;
  for (const Block& block : blocks) {
    if (block.kind != BlockKind::heading) continue;
    for (Section& open : out) {
      if (open.end == text.size() && open.level >= block.level) open.end = block.begin;
    }
    Section section;
    section.level = block.level;
    section.title = block.title;
    section.slug = slugify(block.title);
    section.begin = block.begin;
    section.content = block.end;
    section.end = text.size();
    out.push_back(std::move(section));
  }
  return out;
}

}  // namespace skillgrad::skill
