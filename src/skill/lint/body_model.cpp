// SPDX-License-Identifier: MIT
#include "skill/lint/body_model.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "skill/package/front_matter.hpp"
#include "skill/package/mentions.hpp"

namespace skillgrad::skill {

namespace {

/// A list of steps, with at most one paragraph before and one behind it, and no code.
[[nodiscard]] bool is_list_of_steps(const std::vector<const Block*>& blocks) {
  std::size_t lists = 0;
  std::size_t paragraphs = 0;
  for (const Block* block : blocks) {
    if (is_list(*block) && block->item_code.empty()) {
      ++lists;
    } else if (block->kind == BlockKind::paragraph) {
      ++paragraphs;
    } else {
      return false;
    }
  }
  return lists == 1 && paragraphs <= 2;
}

void add_pointers(const SkillPackage& package, const std::string& text, std::size_t offset,
                  const Block& block, std::vector<Pointer>& out) {
  std::vector<std::string> seen;
  for (const Mention& mention : find_mentions(text, package.files())) {
    if (std::find(seen.begin(), seen.end(), mention.path) != seen.end()) continue;
    seen.push_back(mention.path);
    out.push_back({mention.path, text, offset, &block});
  }
}

}  // namespace

bool is_list(const Block& block) {
  return block.kind == BlockKind::bullet_list || block.kind == BlockKind::ordered_list;
}

bool is_reference(std::string_view path) {
  return path.starts_with("references/") && path.ends_with(".md");
}

BodyModel::BodyModel(const SkillPackage& package)
    : text(package.body()),
      first_line(line_of(package.skill_md(), package.skill_md().size() - text.size())),
      blocks(markdown_blocks(text)) {
  for (const Section& section : sections_of(text, blocks)) {
    if (section.level != 2) continue;
    TopSection top;
    top.section = section;
    for (const Block& block : blocks) {
      if (block.begin >= section.content && block.begin < section.end) top.blocks.push_back(&block);
    }
    if (section.slug.find("pitfall") != std::string::npos) {
      top.kind = SectionKind::pitfalls;
    } else if (is_list_of_steps(top.blocks)) {
      top.kind = SectionKind::workflow;
    }
    sections.push_back(std::move(top));
  }
  for (const Block& block : blocks) {
    if (block.kind == BlockKind::code || block.kind == BlockKind::heading) continue;
    if (!is_list(block)) {
      add_pointers(package, text.substr(block.begin, block.end - block.begin), block.begin, block,
                   pointers);
      continue;
    }
    std::size_t at = block.begin;
    for (const std::string& item : block.items) {
      at = std::min(text.find(item, at), text.size());
      add_pointers(package, item, at, block, pointers);
    }
  }
}

int BodyModel::line(std::size_t offset) const { return line_of(text, offset) + first_line - 1; }

std::vector<const TopSection*> BodyModel::of_kind(SectionKind kind) const {
  std::vector<const TopSection*> out;
  for (const TopSection& section : sections) {
    if (section.kind == kind) out.push_back(&section);
  }
  return out;
}

std::vector<std::string> BodyModel::code() const {
  std::vector<std::string> out;
  for (const Block& block : blocks) {
    if (block.kind == BlockKind::code) out.push_back(block.code);
    out.insert(out.end(), block.item_code.begin(), block.item_code.end());
  }
  return out;
}

}  // namespace skillgrad::skill
