// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/skill/package.hpp>

#include "skill/package/outline.hpp"

namespace skillgrad::skill {

enum class SectionKind { workflow, pitfalls, operation };

/// An H2 section and the blocks between its heading and its end.
struct TopSection {
  Section section;
  SectionKind kind = SectionKind::operation;
  std::vector<const Block*> blocks;
};

/// A paragraph or list item that names a package path.
struct Pointer {
  std::string path;
  std::string text;        ///< the whole paragraph or item
  std::size_t offset = 0;  ///< of the paragraph or item in the body
  const Block* block = nullptr;
};

/// The body as the lint rules see it. Not copyable: sections and pointers refer to blocks.
struct BodyModel {
  explicit BodyModel(const SkillPackage& package);
  BodyModel(const BodyModel&) = delete;
  BodyModel& operator=(const BodyModel&) = delete;

  [[nodiscard]] int line(std::size_t offset) const;  ///< in SKILL.md
  [[nodiscard]] std::vector<const TopSection*> of_kind(SectionKind kind) const;
  /// Code blocks at the top level and inside list items.
  [[nodiscard]] std::vector<std::string> code() const;

  std::string text;
  int first_line = 1;
  std::vector<Block> blocks;
  std::vector<TopSection> sections;
  std::vector<Pointer> pointers;
};

[[nodiscard]] bool is_list(const Block& block);
/// Files that the reference rules of section 7 apply to: references/*.md.
[[nodiscard]] bool is_reference(std::string_view path);

}  // namespace skillgrad::skill
