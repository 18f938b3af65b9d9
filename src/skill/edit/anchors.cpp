// SPDX-License-Identifier: MIT
#include "skill/edit/anchors.hpp"

#include <algorithm>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "skill/package/front_matter.hpp"

namespace skillgrad::skill {

namespace {

constexpr std::size_t kMaxNearLength = 400;

/// Outer #s and white space off, inner white space single, ASCII lower case.
[[nodiscard]] std::string normal(std::string_view title) {
  title = trim(title);
  while (!title.empty() && title.front() == '#') title.remove_prefix(1);
  while (!title.empty() && title.back() == '#') title.remove_suffix(1);
  std::vector<std::string> words;
  for (const std::string& word : split(replace_all(std::string(trim(title)), "\t", " "), ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  return to_lower_ascii(join(words, " "));
}

[[nodiscard]] int hash_level(std::string_view heading) {
  heading = trim(heading);
  const std::size_t level = std::min(heading.find_first_not_of('#'), heading.size());
  return static_cast<int>(level);
}

[[nodiscard]] std::vector<std::vector<std::size_t>> ancestors_of(
    const std::vector<Section>& outline) {
  std::vector<std::vector<std::size_t>> out;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < outline.size(); ++i) {
    while (!open.empty() && outline[open.back()].level >= outline[i].level) open.pop_back();
    out.push_back(open);
    open.push_back(i);
  }
  return out;
}

/// Parts of a path in order among the ancestors and the section itself, the last being its title.
[[nodiscard]] bool path_fits(const std::vector<Section>& outline,
                             const std::vector<std::size_t>& chain, std::size_t self,
                             const std::vector<std::string>& parts) {
  if (normal(outline[self].title) != parts.back()) return false;
  std::size_t wanted = 0;
  for (const std::size_t ancestor : chain) {
    if (wanted + 1 < parts.size() && normal(outline[ancestor].title) == parts[wanted]) ++wanted;
  }
  return wanted + 1 == parts.size();
}

[[nodiscard]] std::vector<std::size_t> matches(const std::vector<Section>& outline,
                                               std::string_view heading) {
  const std::string wanted = normal(heading);
  const int level = hash_level(heading);
  const auto ancestors = ancestors_of(outline);
  std::vector<std::size_t> by_title;
  std::vector<std::size_t> by_path;
  std::vector<std::size_t> by_slug;
  std::vector<std::string> parts;
  for (const std::string& part : split(replace_all(wanted, " / ", "\n"), '\n')) {
    parts.push_back(normal(part));
  }
  const std::string slug = slugify(wanted);
  for (std::size_t i = 0; i < outline.size(); ++i) {
    if (normal(outline[i].title) == wanted) by_title.push_back(i);
    if (parts.size() > 1 && path_fits(outline, ancestors[i], i, parts)) by_path.push_back(i);
    if (!slug.empty() && outline[i].slug == slug) by_slug.push_back(i);
  }
  auto found = !by_title.empty() ? by_title : !by_path.empty() ? by_path : by_slug;
  if (found.size() > 1 && level > 0) {
    std::vector<std::size_t> same_level;
    for (const std::size_t i : found) {
      if (outline[i].level == level) same_level.push_back(i);
    }
    if (!same_level.empty()) found = same_level;
  }
  return found;
}

[[nodiscard]] std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

/// The text with white space runs made single blanks, and where each of its bytes came from.
[[nodiscard]] std::pair<std::string, std::vector<std::size_t>> squeeze_with_origins(
    std::string_view text) {
  std::string out;
  std::vector<std::size_t> from;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool blank = std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos;
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : text[at];
    from.push_back(at);
  }
  from.push_back(text.size());
  return {std::move(out), std::move(from)};
}

[[nodiscard]] std::string near_text(std::string_view text, std::string_view needle) {
  const auto [flat, from] = squeeze_with_origins(text);
  std::string wanted = squeeze_with_origins(needle).first;
  while (!wanted.empty() && wanted.back() == ' ') wanted.pop_back();
  if (!wanted.empty() && wanted.front() == ' ') wanted.erase(0, 1);
  const std::size_t at = wanted.empty() ? std::string::npos : flat.find(wanted);
  if (at != std::string::npos) {
    const std::size_t begin = from[at];
    const std::size_t end = from[at + wanted.size()];
    const std::string exact(trim(text.substr(begin, end - begin)));
    return "white space differs; the file has exactly: " + truncate_middle(exact, kMaxNearLength);
  }
  std::string first;
  for (const std::string& line : split_lines(needle)) {
    if (first.empty()) first = std::string(trim(line));
  }
  std::vector<std::string> lines;
  for (const std::string& line : split_lines(text)) {
    const std::string_view trimmed = trim(line);
    if (!trimmed.empty() && trimmed.size() < 2 * first.size() + 8) lines.emplace_back(trimmed);
  }
  const auto near = first.size() < kMaxNearLength ? nearest_match(first, lines) : std::nullopt;
  return near ? "the nearest line is: " + *near
              : "read the file again and copy the text exactly, without line numbers";
}

}  // namespace

std::vector<std::string> section_paths(const std::vector<Section>& outline) {
  const auto ancestors = ancestors_of(outline);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < outline.size(); ++i) {
    std::string path;
    for (const std::size_t ancestor : ancestors[i]) path += outline[ancestor].title + " / ";
    out.push_back(path + outline[i].title);
  }
  return out;
}

Result<std::size_t> find_section(const SkillPackage& package, const std::vector<Section>& outline,
                                 std::string_view heading) {
  if (normal(heading).empty()) {
    return fail(ErrorCode::input, "no heading is given", "SKILL.md", "name the section's heading");
  }
  const auto found = matches(outline, heading);
  if (found.size() == 1) return found.front();
  const auto paths = section_paths(outline);
  if (found.empty()) {
    std::vector<std::string> titles;
    for (const Section& section : outline) titles.push_back(section.title);
    const auto near = nearest_match(trim(heading), titles);
    return fail(ErrorCode::input, "SKILL.md has no heading " + in_quotes(trim(heading)), "SKILL.md",
                (near ? "did you mean " + in_quotes(*near) + "? " : std::string()) +
                    "the headings are: " + list_some(titles, 30));
  }
  std::vector<std::string> candidates;
  const std::string& file = package.skill_md();
  const std::size_t shift = package.front_matter().size();
  for (const std::size_t i : found) {
    candidates.push_back(in_quotes(paths[i]) + " (line " +
                         std::to_string(line_of(file, shift + outline[i].begin)) + ")");
  }
  return fail(ErrorCode::input,
              "the heading " + in_quotes(trim(heading)) + " stands " +
                  std::to_string(found.size()) + " times: " + list_some(candidates),
              "SKILL.md", "name it by its path, or change the text with edit_text");
}

Result<std::size_t> find_once(std::string_view text, std::string_view needle,
                              const std::string& path, int first_line) {
  std::vector<std::size_t> places;
  for (std::size_t at = text.find(needle); at != std::string_view::npos && !needle.empty();
       at = text.find(needle, at + 1)) {
    places.push_back(at);
  }
  if (places.size() == 1) return places.front();
  if (places.empty()) {
    return fail(ErrorCode::input, "the old text does not occur in " + path, path,
                near_text(text, needle));
  }
  std::vector<std::string> lines;
  for (const std::size_t at : places) {
    lines.push_back(std::to_string(line_of(text, at) + first_line - 1));
  }
  return fail(ErrorCode::input,
              "the old text occurs " + std::to_string(places.size()) + " times in " + path +
                  ", on lines " + list_some(lines),
              path, "include more of the text around the one that is meant");
}

}  // namespace skillgrad::skill
