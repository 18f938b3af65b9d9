// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/places.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "skill/edit/diff.hpp"
#include "skill/package/package_files.hpp"

namespace skillgrad::skill {

namespace {

[[nodiscard]] std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

[[nodiscard]] std::string stem(const std::string& path) {
  const std::string name = base_name(path);
  return name.substr(0, name.rfind('.'));
}

/// The name without the marks and quotes that a writer may put around it.
[[nodiscard]] std::string plain_name(const std::string& name) {
  std::string_view rest = trim(name);
  while (!rest.empty() && std::string_view("#`\"' ").find(rest.front()) != std::string_view::npos)
    rest.remove_prefix(1);
  while (!rest.empty() && std::string_view("`\"' ").find(rest.back()) != std::string_view::npos)
    rest.remove_suffix(1);
  return std::string(rest);
}

[[nodiscard]] std::optional<Place> section_named(const SkillPackage& package,
                                                 const std::string& slug) {
  if (slug.empty()) return std::nullopt;
  for (const Section& section : package.outline()) {
    if (section.slug == slug)
      return Place{slug, package.body().substr(section.begin, section.end - section.begin)};
  }
  return std::nullopt;
}

[[nodiscard]] std::optional<Place> file_named(const SkillPackage& package,
                                              const std::string& name) {
  for (const bool by_stem : {false, true}) {
    for (const std::string& path : package.files_for_agent()) {
      const bool same = by_stem ? stem(path) == name : path == name || base_name(path) == name;
      if (same) return Place{base_name(path), package.files().at(path).bytes};
    }
  }
  return std::nullopt;
}

/// "pdf/fill-a-column" and "pdf / Fill a column" are of the skill pdf. Without a skill the name
/// must be one of a single skill's places.
[[nodiscard]] std::optional<Place> find_in_set(const SkillPackage& set, const std::string& name) {
  const std::size_t slash = name.find('/');
  if (slash != std::string::npos) {
    if (const auto member = find_member(set, name.substr(0, slash))) {
      auto place = find_place(*member, name.substr(slash + 1));
      if (place) place->anchor = member->folder_name() + "/" + place->anchor;
      return place;
    }
  }
  std::optional<Place> out;
  for (const SkillPackage& member : members_of(set)) {
    auto place = find_place(member, name);
    if (!place) continue;
    if (out) return std::nullopt;
    place->anchor = member.folder_name() + "/" + place->anchor;
    out = std::move(place);
  }
  return out;
}

}  // namespace

std::optional<Place> find_place(const SkillPackage& package, const std::string& name) {
  const std::string plain = plain_name(name);
  if (is_set(package)) return find_in_set(package, plain);
  if (plain.empty()) return std::nullopt;
  if (auto file = file_named(package, plain); file && plain.find('.') != std::string::npos)
    return file;
  if (auto section = section_named(package, slugify(plain))) return section;
  const std::size_t parent = plain.rfind(" / ");
  if (parent != std::string::npos) {
    if (auto section = section_named(package, slugify(plain.substr(parent + 3)))) return section;
  }
  if (auto file = file_named(package, plain)) return file;
  if (to_lower_ascii(plain) == "skill.md") return Place{"SKILL.md", package.body()};
  if (to_lower_ascii(plain) == "description") return Place{"description", package.description()};
  return std::nullopt;
}

std::vector<std::string> anchors_of(const SkillPackage& package) {
  std::vector<std::string> out;
  for_each_member(package, [&](const SkillPackage& member) {
    const std::string prefix = member_prefix(package, member);
    for (const Section& section : member.outline()) {
      if (!section.slug.empty()) out.push_back(prefix + section.slug);
    }
    for (const std::string& path : member.files_for_agent())
      out.push_back(prefix + base_name(path));
  });
  return out;
}

TextChange text_change(const std::string& before, const std::string& after) {
  TextChange out;
  const LineChanges changes = line_changes(before, after);
  out.added = changes.added.size();
  out.removed = changes.removed;
  for (const std::string& line : changes.added) {
    const std::string text = plain_name(line);
    const bool says = std::any_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             static_cast<unsigned char>(c) >= 0x80;
    });
    // A heading is named by the anchor already.
    if (!says || trim(line).starts_with("#")) continue;
    out.first_added = text;
    break;
  }
  return out;
}

}  // namespace skillgrad::skill
